"""`vision redact` beside deface 1.5: which faces are covered, how much of the picture is, how long it takes, the sound.

    python3 -m venv VENV && VENV/bin/pip install deface==1.5.0 onnx onnxruntime
    VENV/bin/python scripts/redact/compare.py --vision target/release/vision --deface VENV/bin/deface \
        --yunet SHARED/data/models/yunet-n-dynamic.onnx --photos SHARED/data/photos/coco64/images \
        --videos SHARED/data/video/friday.mp4 samples/video/street.mp4

What is a face is told by neither of them: YuNet by OpenCV, from a score of 0.7 on; in videos also where it finds one in
frames before and after that are at most six apart. Both cover with the same colour, in boxes that are 0.3 of their side
larger on each side (deface's --mask-scale 1.3), so that a pixel that is covered can be told from the result. A face is
covered where 0.8 of the ellipse within YuNet's box is. For equal areas `vision` gets a smaller margin until it covers no
more than deface. Times are processor seconds, which other work on the machine changes least.
"""

import argparse
import json
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

SCORE, COVERED, GAP = 0.7, 0.8, 6


def faces(yunet, image):
    """Boxes x, y, width, height."""
    yunet.setInputSize(image.shape[1::-1])
    found = yunet.detect(image)[1]
    return [] if found is None else [row[:4] for row in found]


def overlap(a, b):
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = max(w, 0) * max(h, 0)
    return both / (a[2] * a[3] + b[2] * b[3] - both)


def with_gaps(frames):
    """A face that is there before and after is there in between."""
    filled = [list(boxes) for boxes in frames]
    for n, boxes in enumerate(frames):
        for box in boxes:
            for span in range(1, GAP + 1):
                later = frames[n + span] if n + span < len(frames) else []
                same = [other for other in later if overlap(box, other) > 0.3]
                if same:
                    for k in range(1, span):
                        filled[n + k].append(box + (same[0] - box) * k / span)
                    break
    return filled


def is_cover(image):
    b, g, r = (image[..., channel].astype(int) for channel in range(3))
    return (r > 170) & (b > 170) & (g < 90)


def share(mask, box):
    x, y, w, h = (float(v) for v in box)
    ys, xs = np.mgrid[0 : mask.shape[0], 0 : mask.shape[1]]
    inside = ((xs + 0.5 - x - w / 2) / (w / 2)) ** 2 + ((ys + 0.5 - y - h / 2) / (h / 2)) ** 2 <= 1
    return mask[inside].mean() if inside.any() else 1.0


def stills(file):
    if file.suffix in (".mp4", ".webm"):
        video = cv2.VideoCapture(str(file))
        while (read := video.read())[0]:
            yield read[1]
    else:
        yield cv2.imread(str(file))


def measured(pairs, truths):
    """Faces covered, faces, share of all pixels covered."""
    hit = total = pixels = hidden = 0
    for (before, after), truth in zip(pairs, truths):
        for original, result, boxes in zip(stills(before), stills(after), truth):
            mask = is_cover(result) & ~is_cover(original)
            pixels, hidden = pixels + mask.size, hidden + int(mask.sum())
            total += len(boxes)
            hit += sum(share(mask, box) >= COVERED for box in boxes)
    return hit, total, hidden / max(pixels, 1)


def ran(command):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode in (0, 3), done.stderr.decode()[-2000:]
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.time() - start


def has_sound(file):
    ask = ["ffprobe", "-v", "error", "-select_streams", "a", "-show_entries", "stream=index", "-of", "csv=p=0", str(file)]
    return bool(subprocess.run(ask, capture_output=True).stdout.strip())


def by_deface(arguments, files, work, cover):
    folder = work / "deface"
    folder.mkdir()
    copies = [shutil.copy(file, folder / file.name) for file in files]
    spent = ran([arguments.deface, *map(str, copies), "--replacewith", "img", "--replaceimg", str(cover)])
    return [folder / f"{file.stem}_anonymized{file.suffix}" for file in files], spent


def by_vision(arguments, files, work, cover, name, *options):
    out = work / name
    run = [arguments.vision, "redact", *map(str, files), "--out", str(out), "--effect", f"picture:{cover}", "--quiet"]
    spent = ran([*run, "--shape", "box", "--no-audit", "--format", "jsonl", *options])
    records = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    output = {r["item"]["path"]: r["ext"]["redact"]["output"] for r in records if r["schema"] == "vision.item/1"}
    return [out / next(o for path, o in output.items() if Path(path).name == file.name) for file in files], spent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("--vision", "--deface", "--yunet"):
        parser.add_argument(option, required=True)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--videos", type=Path, nargs="*", default=[])
    arguments = parser.parse_args()
    yunet = cv2.FaceDetectorYN.create(arguments.yunet, "", (320, 320), SCORE, 0.3, 5000)
    sets = [(file.name, [file]) for file in arguments.videos]
    if arguments.photos:
        sets.insert(0, (f"{arguments.photos.parent.name} photos", sorted(arguments.photos.iterdir())))
    print("| | what | faces covered | of | recall | area | CPU s a frame | sound |\n|---|---|---|---|---|---|---|---|")
    for name, files in sets:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            cover = work / "cover.png"
            cv2.imwrite(str(cover), np.full((8, 8, 3), (255, 0, 255), np.uint8))
            truths = [with_gaps([faces(yunet, still) for still in stills(file)]) for file in files]
            frames = sum(len(truth) for truth in truths)

            def row(what, result):
                outputs, (cpu, _) = result
                hit, total, area = measured(list(zip(files, outputs)), truths)
                sound = "yes" if any(has_sound(f) for f in outputs if f.suffix == ".mp4") else "no"
                sound = sound if any(has_sound(f) for f in files if f.suffix == ".mp4") else "–"
                print(f"| {name} | {what} | {hit} | {total} | {hit / max(total, 1):.3f} | {area:.2%} | {cpu / frames:.3f} | {sound} |", flush=True)
                return area

            most = row("deface", by_deface(arguments, files, work, cover))
            for n, margin in enumerate((0.3, 0.25, 0.2, 0.15, 0.1)):
                result = by_vision(arguments, files, work, cover, f"v{n}", "--margin", str(margin), "--conf", "0.2")
                if row(f"vision, margin {margin}", result) <= most * 1.001:
                    break


main()
