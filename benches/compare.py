"""The comparison of docs/benchmarks.md: `vision bench` and the peers, side by side, one after another.

    make bench            (all of it; about half an hour on two cores)
    python3 benches/compare.py --vision target/release/vision --shared ../shared/data --work target/bench

Writes the tables between the markers of docs/benchmarks.md, and everything measured to <work>/results.json. The
environment of the peers is made with pip from benches/peers/requirements.txt. A Rust program is measured as well
where RIVAL names it: `ultralytics-inference` (AGPL-3.0, so it is neither part of this project nor installed by it).
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

import document

HERE = pathlib.Path(__file__).resolve().parent
# File, family of the peers, side of the input.
MODELS = [
    ("nanodet-g-416", "nanodet", 416),
    ("yolox-nano-416", "yolox", 416),
    ("deimv2-femto-416", "deim", 416),
    ("agpl-yolov8n-640-int8", "yolov8", 640),
]
SETS = [("coco64", 640, "photos/coco64/images"), ("12 megapixels", 4000, None)]


def run(command, **more):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


class Comparison:
    def __init__(self, arguments):
        self.arguments = arguments
        self.work = arguments.work
        self.work.mkdir(parents=True, exist_ok=True)
        self.python = self.environment()
        self.results = {}

    def environment(self):
        folder, wanted = self.work / "python", HERE / "peers/requirements.txt"
        stamp = folder / "requirements.txt"
        if not stamp.exists() or stamp.read_text() != wanted.read_text():
            run([sys.executable, "-m", "venv", "--clear", folder])
            run([folder / "bin/python", "-m", "pip", "install", "-q", "--only-binary", ":all:", "-r", wanted])
            stamp.write_text(wanted.read_text())
        return folder / "bin/python"

    def photos(self, path):
        source = self.arguments.shared / SETS[0][2]
        if path:
            return self.arguments.shared / path
        large = self.work / "large"
        if len(list(large.glob("*.jpg"))) < len(list(source.glob("*.jpg"))):
            run([self.python, HERE / "peers/large.py", source, large])
        return large

    def model(self, name):
        return self.arguments.shared / "models" / f"{name}.onnx"

    def bench(self, name, photos, repeat, *more):
        command = [self.arguments.vision, "bench", photos, "--model", self.model(name), "--repeat", repeat, "--json"]
        return json.loads(run([*command, *more]))

    def peer(self, script, name, family, size, photos, *more):
        command = [self.python, HERE / "peers" / script, self.model(name), family, size, photos, *more]
        return json.loads(run(command))

    def ours(self, name, photos, *more):
        """The boxes of each file, as `vision detect` finds them."""
        out = self.work / "boxes"
        command = [self.arguments.vision, "detect", photos, "--model", self.model(name), "--no-images", "--force", "-q"]
        run([*command, "--conf", 0.25, "--iou", 0.6, "--out", out, *more])
        found = {}
        for line in (out / "results.jsonl").read_text().splitlines():
            record = json.loads(line)
            if record.get("prediction"):
                instances = record["prediction"]["instances"]
                found[pathlib.Path(record["item"]["path"]).name] = [box_of(i) for i in instances]
        return found

    def rival(self, photos):
        """Pictures a second of the whole program, its start taken off by a second run over fewer pictures."""
        files = sorted(photos.glob("*.jpg"))
        # It looks for a model by its name, and writes to the current folder.
        folder = (self.work / "rival").resolve()
        (folder / "few").mkdir(parents=True, exist_ok=True)
        for file in files[:8]:
            link = folder / "few" / file.name
            link.unlink(missing_ok=True)
            link.symlink_to(file.resolve())
        command = [os.environ["RIVAL"], "predict", "--model", self.model("agpl-yolov8n-640-int8").resolve()]
        seconds = []
        for source in (folder / "few", photos.resolve()):
            begun = time.perf_counter()
            run([*command, "--source", source, "--save=false"], cwd=folder)
            seconds.append(time.perf_counter() - begun)
        return (len(files) - 8) / (seconds[1] - seconds[0])

    def measure(self):
        for label, _, path in SETS:
            photos = self.photos(path)
            large = path is None
            for name, family, size in MODELS:
                title = f"{name}, {label}"
                if title in self.results:
                    continue
                row = {}
                repeat = 3 if large else 10
                row["vision"] = self.bench(name, photos, repeat)
                row["vision, every pixel"] = self.bench(name, photos, 2, "--decode", "full") if large else None
                row["vision, annotated"] = self.bench(name, photos, 2 if large else 4, "--annotated")
                cores = os.cpu_count()
                peer = [name, family, size, photos, "--repeat", 1 if large else 4]
                row["one process"] = self.peer("cv2_ort.py", *peer, "--processes", 1)
                row["a process a core"] = self.peer("cv2_ort.py", *peer, "--processes", cores)
                row["OpenCV DNN"] = self.peer("opencv_dnn.py", *peer[:4], "--repeat", 1)
                row["same boxes"] = {
                    "a process a core": share(self.ours(name, photos, "--decode", "full"), row["a process a core"]["boxes"]),
                }
                if "failed" not in row["OpenCV DNN"]:
                    row["same boxes"]["OpenCV DNN"] = share(row["OpenCV DNN"]["boxes"], row["a process a core"]["boxes"])
                for result in row.values():
                    if isinstance(result, dict):
                        result.pop("boxes", None)
                if "yolov8n" in name and os.environ.get("RIVAL"):
                    row["rival"] = self.rival(photos)
                self.results[title] = row
                print(f"{title}: done", file=sys.stderr)
                (self.work / "results.json").write_text(json.dumps(self.results, indent=1))


def box_of(instance):
    return [*instance["box"], instance["score"], instance["class"]]


def overlap(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return width * height / (areas - width * height)


def share(ours, theirs):
    """Share of boxes of 0.3 and more on either side that the other has too: class, IoU 0.9, score within 0.05."""
    found = total = 0
    for one, other in ((ours, theirs), (theirs, ours)):
        for file, boxes in one.items():
            for box in (box for box in boxes if box[4] >= 0.3):
                total += 1
                same = (b for b in other.get(file, []) if b[5] == box[5] and abs(b[4] - box[4]) < 0.05)
                found += any(overlap(box, b) >= 0.9 for b in same)
    return found / max(total, 1)


def rate(result):
    if not result:
        return ""
    if "failed" in result:
        return "not run"
    return f"{result['pictures'] / result['seconds']:.1f}"


def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*: (.*)", info)
    return f"{os.cpu_count()} cores of {name[1] if name else platform.processor()}"


def tables(results, versions):
    today = datetime.date.today().isoformat()
    lines = [f"Measured on {today}: {machine()}, {versions}.", ""]
    lines += ["| model, photos | core-ms | model only | bound | walk | of bound | annotated, of its bound | one process | a process a core | OpenCV DNN | same boxes |"]
    lines += ["|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for title, row in results.items():
        v, drawn = row["vision"], row["vision, annotated"]
        same = ", ".join(f"{share:.3f}" for share in row["same boxes"].values())
        lines.append(
            f"| {title} | {v['core_ms']:.1f} | {v['model_only_per_s']:.1f} | {v['bound_per_s']:.1f} | **{v['walk_per_s']:.1f}** |"
            f" {v['walk_of_bound']:.2f} | {drawn['walk_per_s']:.1f}, {drawn['walk_of_bound']:.2f} | {rate(row['one process'])} |"
            f" {rate(row['a process a core'])} | {rate(row['OpenCV DNN'])} | {same} |"
        )
    lines += ["", "Where a picture's time goes, milliseconds of one core:", ""]
    lines += ["| model, photos | decode | prepare | model | finish | draw | encode |", "|---|--:|--:|--:|--:|--:|--:|"]
    for title, row in results.items():
        times = {s["stage"]: s["mean_ms"] for s in row["vision, annotated"]["stages"]}
        times |= {s["stage"]: s["mean_ms"] for s in row["vision"]["stages"]}
        order = ("decode", "prepare", "model", "finish", "draw", "encode")
        lines.append(f"| {title} | " + " | ".join(f"{times[s]:.2f}" for s in order) + " |")
    full = {title: row["vision, every pixel"] for title, row in results.items() if row.get("vision, every pixel")}
    if full:
        lines += ["", "Large photos with every pixel decoded (`--decode full`):", ""]
        lines += ["| model, photos | decode ms | bound | walk | of bound |", "|---|--:|--:|--:|--:|"]
        for title, v in full.items():
            decode = v["stages"][0]["mean_ms"]
            lines.append(f"| {title} | {decode:.1f} | {v['bound_per_s']:.1f} | {v['walk_per_s']:.1f} | {v['walk_of_bound']:.2f} |")
    rivals = {title: row["rival"] for title, row in results.items() if row.get("rival")}
    if rivals:
        lines += ["", "Against `ultralytics-inference` 0.0.55 on its own model:", ""]
        lines += ["| photos | it | vision | times |", "|---|--:|--:|--:|"]
        for title, speed in rivals.items():
            own = results[title]["vision"]["walk_per_s"]
            lines.append(f"| {title} | {speed:.1f} | {own:.1f} | {own / speed:.1f} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vision", type=pathlib.Path, required=True)
    parser.add_argument("--shared", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--resume", action="store_true", help="keep what was measured before")
    arguments = parser.parse_args()
    comparison = Comparison(arguments)
    if arguments.resume:
        comparison.results = json.loads((arguments.work / "results.json").read_text())
    comparison.measure()
    versions = run([arguments.vision, "--version"]).strip()
    runtime = next(iter(comparison.results.values()))["vision"]["runtime"]
    peers = " ".join(line for line in (HERE / "peers/requirements.txt").read_text().split("\n") if line and line[0] != "#")
    text = tables(comparison.results, f"{versions}, ONNX Runtime {runtime}, peers: {peers}")
    document.write("measured", text)


if __name__ == "__main__":
    main()
