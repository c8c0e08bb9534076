"""The same with OpenCV's own network module instead of ONNX Runtime; one process on all cores.

    python opencv_dnn.py MODEL FAMILY SIZE FOLDER --repeat R

Prints one JSON object as cv2_ort.py does, or {"failed": why} for a model that OpenCV cannot load.
"""

import argparse
import json
import pathlib
import sys
import time

import cv2

from boxes import FAMILIES


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("family", choices=FAMILIES)
    parser.add_argument("size", type=int)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--repeat", type=int, default=1)
    arguments = parser.parse_args()
    files = sorted(p for p in arguments.folder.iterdir() if p.suffix == ".jpg") * arguments.repeat
    family = FAMILIES[arguments.family](arguments.size)
    try:
        network = cv2.dnn.readNetFromONNX(arguments.model)
        names = network.getUnconnectedOutLayersNames()

        def one(file):
            tensors, back = family.prepare(cv2.imread(str(file), cv2.IMREAD_COLOR))
            for name, tensor in tensors.items():
                network.setInput(tensor, name or "")
            return family.decode(network.forward(names), back)

        one(files[0])
    except Exception as error:
        # cv2.error and whatever the outputs' shapes lead to: either way OpenCV does not run this model.
        lines = [line.strip("> ") for line in str(error).splitlines()]
        json.dump({"failed": [line for line in lines if line][-1][:200]}, sys.stdout)
        return
    begun = time.perf_counter()
    found = {}
    for file in files:
        found[file.name] = one(file)
        json.dumps(found[file.name])
    seconds = time.perf_counter() - begun
    json.dump({"pictures": len(files), "seconds": seconds, "boxes": found}, sys.stdout)


if __name__ == "__main__":
    main()
