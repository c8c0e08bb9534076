#!/usr/bin/env python3
"""Writes others.json beside this file: what plain Python finds with classifiers of other people.

    python3 tests/classify/make.py [folder of models]      (numpy, pillow, onnxruntime)

The preparation of each is the one in shared/data/README.md, with Pillow; also draws the digits.
"""

import json
import pathlib
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageDraw

HERE = pathlib.Path(__file__).resolve().parent
PHOTOS = HERE.parents[1] / "samples" / "photos"


def cropped(image, side, fraction):
    shorter = int(side / fraction)
    width, height = image.size
    size = (shorter, int(shorter * height / width)) if width <= height else (int(shorter * width / height), shorter)
    image = image.resize(size, Image.Resampling.BILINEAR)
    left, top = (int(round((s - side) / 2)) for s in image.size)
    return np.asarray(image.crop((left, top, left + side, top + side)))


def mobilenet(image):
    return cropped(image.convert("RGB"), 224, 0.875)[None]


def squeezenet(image):
    bgr = cropped(image.convert("RGB"), 227, 0.875)[:, :, ::-1].astype(np.float32)
    return (bgr - np.float32([104, 117, 123])).transpose(2, 0, 1)[None].copy()


def mnist(image):
    return np.asarray(image.convert("L"), np.float32)[None, None]


def softmax(row):
    weights = np.exp(row - row.max())
    return weights / weights.sum()


MODELS = {
    "mobilenet-v2-224-u8": (PHOTOS, mobilenet, lambda row: row / 255),
    "squeezenet-1.1": (PHOTOS, squeezenet, lambda row: row),
    "mnist-8": (HERE / "digits", mnist, softmax),
}


def digits():
    """A one and a zero, white on black, as the digits the model was trained on."""
    (HERE / "digits").mkdir(exist_ok=True)
    for name, draw in {"one": lambda d: d.line((15, 4, 13, 23), 255, 3),
                       "zero": lambda d: d.ellipse((8, 5, 19, 23), outline=255, width=3)}.items():
        image = Image.new("L", (28, 28))
        draw(ImageDraw.Draw(image))
        image.save(HERE / "digits" / f"{name}.png")


def main():
    models = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[2] / "shared/data/models"
    digits()
    found = {}
    for model, (folder, prepare, probabilities) in MODELS.items():
        session = onnxruntime.InferenceSession(models / f"{model}.onnx")
        name = session.get_inputs()[0].name
        found[model] = {}
        for path in sorted(folder.iterdir()):
            row = session.run(None, {name: prepare(Image.open(path))})[0].astype(np.float32).ravel()
            row = probabilities(row)
            found[model][path.name] = [int(row.argmax()), round(float(row.max()), 4)]
    (HERE / "others.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
