#!/usr/bin/env python3
"""Fits the confidence of `vision ocr` on rendered lines, and says how good it is on lines that it was not fitted on.

    pages.py lines --set lines --seed 7
    vision ocr lines --region 0,0,100%,100% --out run --no-images --conf 0
    calibrate.py run/results.jsonl lines/truth.json

A line is right when all of it is (white space aside). The confidence is a logistic function (Platt 1999) of the
logarithm of the product of its characters' scores and of the least score. The numbers that it prints belong in
src/ocr/confidence.rs; the table in docs/ocr.md. Needs numpy.
"""

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from compare import best  # noqa: E402


def samples(results, truth):
    found = {}
    for text in open(results):
        record = json.loads(text)
        if record["schema"] == "vision.item/1":
            found[record["item"]["path"]] = record["prediction"]["lines"]
    for picture in json.load(open(truth))["pictures"]:
        for line in picture["lines"]:
            own = best(line, found[picture["file"]], 0)
            if own is None:
                continue
            scores = np.array([character["score"] for character in own["characters"]])
            yield features(scores), own["text"].split() == line["text"].split(), own.get("confidence")


def features(scores):
    scores = np.clip(scores, 1e-6, 1 - 1e-6)
    least = scores.min()
    return [1.0, np.log(scores).sum(), np.log(least / (1 - least))]


def fit(x, y):
    weights = np.zeros(x.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (p - y) + 1e-3 * weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(len(weights))
        weights -= np.linalg.solve(hessian, gradient)
    return weights


def table(p, y, bins=10):
    print("| confidence | lines | mean confidence | right |\n|---|---|---|---|")
    gap = 0
    for n in range(bins):
        within = (p > n / bins if n else p >= 0) & (p <= (n + 1) / bins)
        if within.any():
            print(f"| {n / bins:.1f} to {(n + 1) / bins:.1f} | {within.sum()} | {p[within].mean():.3f} | {y[within].mean():.3f} |")
            gap += within.sum() * abs(p[within].mean() - y[within].mean())
    print(f"expected calibration error {gap / len(y):.4f}, Brier score {((p - y) ** 2).mean():.4f}, {len(y)} lines, {y.mean():.1%} right")


def main():
    rows = list(samples(*sys.argv[1:3]))
    x, y = np.array([row[0] for row in rows]), np.array([float(row[1]) for row in rows])
    half = np.arange(len(y)) % 2 == 0
    weights = fit(x[half], y[half])
    print(f"fitted on {half.sum()} lines: {', '.join(f'{w:.4f}' for w in weights)}; on the others:")
    table(1 / (1 + np.exp(-x[~half] @ weights)), y[~half])
    print(f"fitted on all {len(y)}: {', '.join(f'{w:.4f}' for w in fit(x, y))}")
    print("the product of the scores itself, on the others:")
    table(np.exp(x[~half, 1]), y[~half])
    print("as the results say it, on all:")
    table(np.array([row[2] for row in rows]), y)


if __name__ == "__main__":
    main()
