"""Whether time grows with the number of inputs and nothing else does: the bundled model, two workers, JSON only.

    python3 benches/scale.py --vision target/release/vision --shared ../shared/data --work target/bench

Runs over 1,000 and 10,000 different files: photos of coco64 with a few bytes behind their end, so that none is
known from another. Writes a table into docs/benchmarks.md: seconds, seconds for a thousand, peak of resident memory, and the memory at
a tenth of the way and at the end.
"""

import argparse
import pathlib
import shutil
import subprocess
import time

import document


def resident(pid, field):
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    line = next((line for line in text.splitlines() if line.startswith(field)), None)
    return int(line.split()[1]) // 1024 if line else None


def lines(file):
    return file.read_bytes().count(b"\n") if file.exists() else 0


def make(photos, folder, count):
    folder.mkdir(parents=True)
    for number in range(count):
        data = photos[number % len(photos)] + number.to_bytes(4, "little")
        (folder / f"{number:05}.jpg").write_bytes(data)


def measure(vision, folder, out, count):
    shutil.rmtree(out, ignore_errors=True)
    begun = time.perf_counter()
    run = subprocess.Popen([vision, "detect", folder, "--no-images", "-j", "2", "--out", out, "-q"])
    journal, early, peak, last = out / ".vision/journal.jsonl", None, 0, 0
    while run.poll() is None:
        time.sleep(0.2)
        peak = max(peak, resident(run.pid, "VmHWM") or 0)
        last = resident(run.pid, "VmRSS") or last
        # Two lines a picture.
        if early is None and lines(journal) > count / 5:
            early = last
    seconds = time.perf_counter() - begun
    assert run.returncode == 0, run.returncode
    return seconds, peak, early, last


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vision", type=pathlib.Path, required=True)
    parser.add_argument("--shared", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    photos = [file.read_bytes() for file in sorted((arguments.shared / "photos/coco64/images").glob("*.jpg"))]
    rows = ["| inputs | s | s for 1,000 | peak MB | MB at a tenth | MB at the end |", "|--:|--:|--:|--:|--:|--:|"]
    for count in (1000, 10000):
        folder = arguments.work / "many"
        shutil.rmtree(folder, ignore_errors=True)
        make(photos, folder, count)
        seconds, peak, early, last = measure(arguments.vision.resolve(), folder, arguments.work / "many-out", count)
        rows.append(f"| {count:,} | {seconds:.1f} | {seconds / count * 1000:.2f} | {peak} | {early} | {last} |")
        shutil.rmtree(folder)
    document.write("length", "\n".join(rows))


if __name__ == "__main__":
    main()
