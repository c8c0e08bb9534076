#!/usr/bin/env python3
"""Compares results of `vision ocr` with those of reference.py, and both with the truth.

    compare.py results.jsonl reference.json [truth.json]

Prints how many of the reference's lines are among ours (IoU of the boxes 0.7 and more), the agreement of
characters on the lines where the reference is right (all of them, without a truth), and the character error rate
of both over the lines of the truth. Needs nothing but Python; plays no part in the program.
"""

import json
import sys


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def area(shape):
    return abs(sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(shape, shape[1:] + shape[:1]))) / 2


def common(a, b):
    """Area of the intersection of convex polygons."""
    twice = sum(p[0] * q[1] - p[1] * q[0] for p, q in zip(b, b[1:] + b[:1]))
    shape = a
    for p, q in zip(b, b[1:] + b[:1]):
        side = lambda v: (1 if twice > 0 else -1) * ((q[0] - p[0]) * (v[1] - p[1]) - (q[1] - p[1]) * (v[0] - p[0]))
        cut = []
        for u, v in zip(shape, shape[1:] + shape[:1]):
            if side(u) >= 0:
                cut.append(u)
            if side(u) * side(v) < 0:
                t = side(u) / (side(u) - side(v))
                cut.append([u[0] + t * (v[0] - u[0]), u[1] + t * (v[1] - u[1])])
        shape = cut
        if not shape:
            return 0.0
    return area(shape)


def iou(a, b):
    both = common(a, b)
    return both / (area(a) + area(b) - both or 1)


def best(line, lines, least):
    scored = [(iou(line["corners"], other["corners"]), other) for other in lines]
    value, other = max(scored, key=lambda pair: pair[0], default=(0, None))
    return other if value >= least else None


def main():
    ours = {}
    for text in open(sys.argv[1]):
        record = json.loads(text)
        if record["schema"] == "vision.item/1":
            ours[record["item"]["path"].rsplit("/", 1)[-1]] = record["prediction"]["lines"]
    reference = json.load(open(sys.argv[2]))
    truth = {}
    if len(sys.argv) > 3:
        truth = {picture["file"]: picture["lines"] for picture in json.load(open(sys.argv[3]))["pictures"]}
    lines = matched = characters = wrong = right = 0
    for name, expected in reference.items():
        for line in expected:
            lines += 1
            own = best(line, ours[name], 0.7)
            matched += own is not None
            known = best(line, truth.get(name, []), 0.3)
            is_right = not truth or (known is not None and known["text"] == line["text"])
            if own is None:
                print(f"  no line of ours: {name}: {line['text']!r} {line['score']}")
            if own is None or not is_right:
                continue
            right += 1
            characters += len(line["text"])
            wrong += distance(own["text"], line["text"])
            if own["text"] != line["text"]:
                print(f"  {name}: {own['text']!r}, reference {line['text']!r}")
    print(f"lines of the reference {lines}, among ours {matched} ({matched / max(lines, 1):.2%})")
    print(f"characters on {right} lines {characters}, agreement {1 - wrong / max(characters, 1):.3%}")
    for who, found in [("ours", ours), ("reference", reference)] if truth else []:
        total = errors = missed = 0
        for name, expected in truth.items():
            for line in expected:
                own = best(line, found[name], 0.3)
                total += len(line["text"])
                errors += distance(own["text"] if own else "", line["text"])
                missed += own is None
        print(f"{who}: CER {errors / total:.3%} of {total} characters, {missed} lines not found")


if __name__ == "__main__":
    main()
