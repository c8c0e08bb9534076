#!/usr/bin/env python3
"""Writes eval/text-*: truth and results of texts made at random, and what jiwer 4.0.0 and shapely 2.1.2 or newer say.

    python -m venv env && env/bin/pip install jiwer shapely && env/bin/python tests/golden/make_eval_text.py
"""

import json
import random
from pathlib import Path

import jiwer
from shapely.geometry import Polygon

HERE = Path(__file__).parent / "eval"
rng = random.Random(5)
WORDS = "river bridge straße Öl 12,50 über ein x A-17 notes 北京 Größe".split()
LETTERS = "abcxyzß0 "


def damaged(text):
    out = ""
    for letter in text:
        out += rng.choice([letter] * 14 + ["", rng.choice(LETTERS), letter + rng.choice(LETTERS)])
    return out


def corners(x, y, width, tilt):
    return [[x, y], [x + width, y + tilt], [x + width, y + tilt + 20], [x, y + 20]]


def moved(shape, by):
    return [[x + by, y + rng.uniform(-3, 3)] for x, y in shape]


pictures, records = [], []
wanted, read, boxes = [], [], []
for n in range(6):
    lines, found = [], []
    for row in range(rng.randint(2, 8)):
        text = "  ".join(rng.choice(WORDS) for _ in range(rng.randint(1, 6)))
        shape = corners(rng.randint(0, 50), 40 * row, rng.randint(60, 300), rng.randint(-4, 4))
        lines.append({"text": text, "corners": shape})
        if rng.random() < 0.9:
            found.append({"text": damaged(text).strip(), "corners": moved(shape, rng.choice([0, 2, 5, 80])), "confidence": rng.random()})
        if rng.random() < 0.1:
            found.append({"text": "more", "corners": corners(700, 40 * row, 60, 0), "confidence": 0.5})
    pictures.append({"file": f"p{n}.png", "lines": lines})
    item = {"path": f"p{n}.png", "part": None}
    records.append({"schema": "vision.item/1", "item": item, "size": [900, 400], "prediction": {"task": "ocr", "lines": found}})
    flat = lambda all: " ".join(" ".join(line["text"] for line in all).split())
    wanted.append(flat(lines))
    read.append(flat(found))
    boxes.append((lines, found))

truth = results = matched = 0
for lines, found in boxes:
    truth += len(lines)
    results += len(found)
    overlaps = []
    for i, line in enumerate(lines):
        for j, other in enumerate(found):
            a, b = Polygon(line["corners"]), Polygon(other["corners"])
            overlaps.append((a.intersection(b).area / a.union(b).area, i, j))
    left, right = set(), set()
    for overlap, i, j in sorted(overlaps, reverse=True):
        if overlap >= 0.5 and i not in left and j not in right:
            left.add(i)
            right.add(j)
            matched += 1

expected = {
    "cer": jiwer.cer(wanted, read),
    "wer": jiwer.wer(wanted, read),
    "truth": truth,
    "results": results,
    "found": matched,
}
HERE.joinpath("text-truth.json").write_text(json.dumps({"schema": "vision.text-truth/1", "pictures": pictures}, ensure_ascii=False, indent=1) + "\n")
HERE.joinpath("text-results.jsonl").write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))
HERE.joinpath("text-expected.json").write_text(json.dumps(expected, indent=1) + "\n")
print(expected)
