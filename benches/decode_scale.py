"""What decoding JPEG at a half, a quarter or an eighth does to average precision: the table of docs/benchmarks.md.

    python3 benches/decode_scale.py --vision target/release/vision --shared ../shared/data --work target/bench

Runs the models over large versions of labelled photos (benches/peers/large.py) with `--decode` full and with several
numbers, and compares AP with that of `full`; once smooth, once with a sensor's noise. The difference between the two sets
says how much AP scatters by itself: their photos are the same to any eye.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys

import document

HERE = pathlib.Path(__file__).resolve().parent
MODELS = ["nanodet-g-416", "yolox-nano-416", "deimv2-femto-416", "nanodet-plus-m-416", "picodet-s-416",
          "fastestdet-352", "agpl-yolov8n-640-int8"]
NOISES = [0, 2]
DECODES = ["3", "2", "1.5", "1"]


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def average_precision(arguments, model, noise, decode):
    photos, out = arguments.work / f"large-{noise}", arguments.work / "scale"
    file = arguments.shared / "models" / f"{model}.onnx"
    run(arguments.vision, "detect", photos, "--model", file, "--no-images", "--conf", 0.001, "--max-det", 300,
        "--decode", decode, "--out", out, "--force", "-q", "--format", "coco")
    text = run(arguments.vision, "eval", f"{photos}.json", out)
    return float(re.search(r"^AP +IoU 0.50:0.95 +([0-9.]+)", text, re.M)[1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vision", type=pathlib.Path, required=True)
    parser.add_argument("--shared", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    python, source = arguments.work / "python/bin/python", arguments.shared / "photos/coco64"
    for noise in NOISES:
        out = arguments.work / f"large-{noise}"
        if not pathlib.Path(f"{out}.json").exists():
            run(python, HERE / "peers/large.py", source / "images", out, source / "instances.json", noise)
    kept = arguments.work / "scale.json"
    found = json.loads(kept.read_text()) if kept.exists() else {}
    for model in MODELS:
        for noise in NOISES:
            for decode in ["full", *DECODES]:
                key = f"{model} {noise} {decode}"
                if key not in found:
                    found[key] = average_precision(arguments, model, noise, decode)
                    kept.write_text(json.dumps(found, indent=1))
                    print(key, found[key], file=sys.stderr)
    document.write("scale", "\n".join(table(found)))


def table(found):
    titles = [f"at least {d}" for d in DECODES]
    yield "| model | AP, full | " + " | ".join(titles) + " | with noise |"
    yield "|---|--:|" + "--:|" * (len(titles) + 1)
    changes = {column: [] for column in [*DECODES, "noise"]}
    for model in MODELS:
        ap = lambda decode, noise: found[f"{model} {noise} {decode}"]
        row = []
        for decode in DECODES:
            pair = [ap(decode, noise) - ap("full", noise) for noise in NOISES]
            changes[decode] += pair
            row.append(" ".join(f"{change:+.4f}" for change in pair))
        scatter = ap("full", NOISES[1]) - ap("full", NOISES[0])
        changes["noise"].append(scatter)
        yield f"| {model} | {ap('full', 0):.4f} | " + " | ".join(row) + f" | {scatter:+.4f} |"
    mean = [f"{statistics.mean(c):+.4f} ± {statistics.stdev(c) / len(c) ** 0.5:.4f}" for c in changes.values()]
    yield "| **mean ± its standard error** | | " + " | ".join(mean) + " |"


if __name__ == "__main__":
    main()
