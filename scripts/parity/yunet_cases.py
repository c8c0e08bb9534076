#!/usr/bin/env python3
"""YuNet as OpenCV's FaceDetectorYN runs it. It cannot be given tensors: the outputs are ONNX Runtime's for the
picture as FaceDetectorYN prepares it, the faces are what OpenCV finds by its own inference."""

import cv2
import numpy as np

import common
import faces

FILE = "yunet-n-dynamic.onnx"
WEAK = 0.1
CONF, IOU = 0.5, 0.3


class YuNet(faces.Reference):
    text = f"opencv-python-headless {cv2.__version__}: FaceDetectorYN"
    order = "bgr"

    def __init__(self):
        self.path = common.shared(f"models/{FILE}")
        self.session = common.session(self.path)

    def prepare(self, picture, size):
        (width, height), (across, down) = faces.within(picture, size)
        fitted = cv2.resize(picture, (width, height))
        # `padWithDivisor` of face_detect.cpp.
        padded = cv2.copyMakeBorder(fitted, 0, down - height, 0, across - width, cv2.BORDER_CONSTANT, value=0)
        return padded[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32)

    def outputs(self, picture, size):
        outputs = common.run(self.session, {"input": self.prepare(picture, size)})
        seen = {s: outputs[f"cls_{s}"] * outputs[f"obj_{s}"] >= WEAK**2 for s in (8, 16, 32)}
        return {n: np.where(seen[int(n.split("_")[1])], values, 0) for n, values in outputs.items()}

    def faces(self, picture, conf):
        height, width = picture.shape[:2]
        net = cv2.FaceDetectorYN.create(str(self.path), "", (width, height), conf, IOU, 5000)
        found = net.detect(np.ascontiguousarray(picture[:, :, ::-1]))[1]
        rows = [] if found is None else found
        return [[x, y, x + w, y + h, score, points] for *points, score in rows for x, y, w, h in [points[:4]]
                for points in [points[4:]]]


if __name__ == "__main__":
    faces.case(YuNet(), "yunet", "n", FILE, common.shared(f"models/{FILE}"), "opera.jpg", faces.LIMIT, CONF, IOU)
