#!/usr/bin/env python3
"""Weighted boxes fusion by the code of the paper's authors, for the test of src/looks/wbf.rs.

    pip install ensemble-boxes==1.0.9 numpy
    python3 scripts/reference_wbf.py

Writes tests/golden/wbf.json: lists of [x1, y1, x2, y2, score, class] in pixels of a frame of 1000 x 1000,
and the boxes that `weighted_boxes_fusion` makes of them with its defaults.
"""

import json
import pathlib

import numpy as np
from ensemble_boxes import weighted_boxes_fusion

TARGET = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "wbf.json"
SIDE = 1000


def lists(random, models, things):
    """`things` objects, each seen by most of `models`, a few pixels off; some false alarms."""
    centres = random.uniform(100, 900, (things, 2))
    sizes = random.uniform(20, 150, (things, 2))
    classes = random.integers(0, 3, things)
    found = []
    for _ in range(models):
        boxes = []
        for centre, size, kind in zip(centres, sizes, classes):
            if random.random() < 0.8:
                x, y = centre + random.normal(0, 4, 2)
                w, h = size * random.uniform(0.85, 1.15, 2)
                boxes.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2, random.uniform(0.05, 1), int(kind)])
        found.append([[round(float(max(0, min(SIDE, v))), 3) for v in b[:4]] + [round(float(b[4]), 4), b[5]]
                      for b in boxes])
    return found


def fused(found):
    boxes = [[[v / SIDE for v in b[:4]] for b in one] for one in found]
    scores = [[b[4] for b in one] for one in found]
    labels = [[b[5] for b in one] for one in found]
    boxes, scores, labels = weighted_boxes_fusion(boxes, scores, labels)
    return [[*(round(float(v) * SIDE, 4) for v in b), round(float(s), 6), int(k)]
            for b, s, k in zip(boxes, scores, labels)]


def main():
    random = np.random.default_rng(7)
    cases = []
    for models, things in ((2, 12), (3, 20), (4, 30)):
        found = lists(random, models, things)
        cases.append({"lists": found, "fused": fused(found)})
    TARGET.write_text(json.dumps(cases) + "\n")
    print(TARGET, [len(case["fused"]) for case in cases])


if __name__ == "__main__":
    main()
