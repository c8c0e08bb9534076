#!/usr/bin/env python3
"""Reads a folder of pictures with rapidocr and with `vision ocr`, in turns, and prints pictures a second.

    scripts/ocr/pages.py pages --set figures
    benches/peers/ocr.py target/release/vision pages [--rounds 3]

Both get the whole machine in their turn and their own defaults: rapidocr one picture after the other with ONNX
Runtime's threads on all cores, vision one worker a core. Files are read and decoded, text is kept, nothing is drawn.
rapidocr's models are loaded before its clock starts; vision's start and models are within its time. Needs the
packages of scripts/ocr/reference.py, `vision models pull pp-ocrv6`, and ORT_DYLIB_PATH where vision finds no runtime.
"""

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

from rapidocr import RapidOCR


def theirs(engine, pictures):
    begun = time.perf_counter()
    lines = 0
    for picture in pictures:
        found = engine(str(picture))
        lines += len(found.txts or [])
    return time.perf_counter() - begun, lines


def ours(vision, folder):
    with tempfile.TemporaryDirectory() as out:
        begun = time.perf_counter()
        command = [vision, "ocr", folder, "--out", f"{out}/run", "--no-images", "--quiet", "--text"]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        spent = time.perf_counter() - begun
    return spent, sum(1 for line in text.splitlines() if line and not line.startswith("==> "))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("vision")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    pictures = sorted(args.folder.glob("*.png"))
    engine = RapidOCR(params={"Global.log_level": "error"})
    engine(str(pictures[0]))
    best = {"rapidocr": float("inf"), "vision": float("inf")}
    for number in range(args.rounds):
        for name, run in [("rapidocr", lambda: theirs(engine, pictures)), ("vision", lambda: ours(args.vision, args.folder))]:
            spent, lines = run()
            best[name] = min(best[name], spent)
            load = os.getloadavg()[0]
            print(f"round {number + 1} {name:9} {spent:6.1f} s  {len(pictures) / spent:5.2f} pictures/s  {lines} lines  load {load:.1f}", flush=True)
    print(f"best: rapidocr {best['rapidocr']:.1f} s, vision {best['vision']:.1f} s, {best['rapidocr'] / best['vision']:.2f} times as fast")


if __name__ == "__main__":
    main()
