"""The usual script: cv2 reads and resizes, ONNX Runtime runs, NumPy decodes, a line of JSON a picture.

    python cv2_ort.py MODEL FAMILY SIZE FOLDER --processes N --repeat R

With one process the runtime uses all cores, as it does by default; with several, each has a session of one
thread. Prints one JSON object: pictures, seconds (first picture to last line written, sessions being ready), and
the boxes of each file.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import sys
import tempfile
import time

import cv2
import onnxruntime

from boxes import FAMILIES


def session(model, threads):
    options = onnxruntime.SessionOptions()
    if threads:
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def work(arguments, files, threads, start, out):
    if threads:
        cv2.setNumThreads(1)
    run = session(arguments.model, threads)
    family = FAMILIES[arguments.family](arguments.size)
    first = run.get_inputs()[0].name

    def one(file):
        picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
        tensors, back = family.prepare(picture)
        feeds = {name or first: tensor for name, tensor in tensors.items()}
        return family.decode(run.run(None, feeds), back)

    one(files[0])
    start.wait()
    with open(out, "w") as lines:
        for file in files:
            lines.write(json.dumps({"file": file.name, "boxes": one(file)}) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("family", choices=FAMILIES)
    parser.add_argument("size", type=int)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--repeat", type=int, default=1)
    arguments = parser.parse_args()
    files = sorted(p for p in arguments.folder.iterdir() if p.suffix == ".jpg") * arguments.repeat
    processes = arguments.processes
    start = multiprocessing.Barrier(processes + 1)
    with tempfile.TemporaryDirectory() as folder:
        outs = [f"{folder}/{n}.jsonl" for n in range(processes)]
        threads = 1 if processes > 1 else 0
        workers = [
            multiprocessing.Process(target=work, args=(arguments, files[n::processes], threads, start, outs[n]))
            for n in range(processes)
        ]
        for worker in workers:
            worker.start()
        start.wait()
        begun = time.perf_counter()
        for worker in workers:
            worker.join()
        seconds = time.perf_counter() - begun
        if any(worker.exitcode for worker in workers):
            sys.exit("a process failed")
        found = {}
        for out in outs:
            for line in open(out):
                line = json.loads(line)
                found[line["file"]] = line["boxes"]
    json.dump({"pictures": len(files), "seconds": seconds, "boxes": found}, sys.stdout)


if __name__ == "__main__":
    main()
