#!/usr/bin/env python3
"""What the package rapidocr reads on pictures, as JSON: the reference of tests/ocr and docs/ocr.md.

    reference.py PICTURE… > reference.json

Needs rapidocr 3.10.0, onnxruntime 1.32.0, numpy 2.4.6, opencv-python-headless 5.0.0.93, pillow 13.0.0.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from rapidocr import RapidOCR


def main():
    engine = RapidOCR(params={"Global.log_level": "error"})
    pictures = {}
    for path in map(Path, sys.argv[1:]):
        # Pixels as every decoder gives them, in cv2's order of channels.
        pixels = np.asarray(Image.open(path).convert("RGB"))[:, :, ::-1]
        found = engine(np.ascontiguousarray(pixels))
        lines = []
        if found.boxes is not None and found.txts is not None:
            for corners, text, score in zip(found.boxes, found.txts, found.scores):
                corners = [[round(float(v), 1) for v in corner] for corner in corners]
                lines.append({"text": text, "score": round(float(score), 4), "corners": corners})
        pictures[path.name] = lines
    json.dump(pictures, sys.stdout, ensure_ascii=False, indent=1)
    print()


if __name__ == "__main__":
    main()
