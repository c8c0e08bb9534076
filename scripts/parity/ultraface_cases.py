#!/usr/bin/env python3
"""UltraFace, not on PyPI: written from `detect_imgs_onnx.py` of
Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB, whose NMS is the usual one."""

import cv2
import numpy as np

import common
import faces

FILE = "ultraface-rfb-320.onnx"
SIZE = [320, 240]
WEAK = 0.1
# Half its own threshold, so that opera.jpg has enough faces.
CONF, IOU = 0.35, 0.3


class UltraFace(faces.Reference):
    text = "numpy and cv2 from the definition, detect_imgs_onnx.py"
    mean, std = [127.0] * 3, [128.0] * 3

    def __init__(self):
        self.session = common.session(common.shared(f"models/{FILE}"))

    def prepare(self, picture, size):
        fitted = cv2.resize(picture, tuple(size))
        return ((fitted.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None]

    def outputs(self, picture, size):
        outputs = common.run(self.session, {"input": self.prepare(picture, size)})
        seen = outputs["scores"][:, :, 1:] >= WEAK
        return {name: np.where(seen, values, 0) for name, values in outputs.items()}

    def faces(self, picture, conf):
        return self.read(self.outputs(picture, SIZE), picture, conf)

    def read(self, outputs, picture, conf):
        scores, boxes = outputs["scores"][0, :, 1], outputs["boxes"][0]
        over = scores > conf
        boxes = boxes[over] * np.tile([picture.shape[1], picture.shape[0]], 2)
        kept = common.suppress(boxes, scores[over], IOU)
        return [[*boxes[i], scores[over][i], None] for i in kept]


if __name__ == "__main__":
    faces.case(UltraFace(), "ultraface", "rfb-320", FILE, common.shared(f"models/{FILE}"), "opera.jpg", SIZE, CONF, IOU)
