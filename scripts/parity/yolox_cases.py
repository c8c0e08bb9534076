#!/usr/bin/env python3
"""YOLOX, trained: preproc, demo_postprocess and multiclass_nms of the package's source archive.

    YOLOX_SOURCE=<unpacked yolox-0.3.0.tar.gz> scripts/parity/yolox_cases.py
(The archive's set-up needs torch at build time and compiles code that is not used here.)
"""

import importlib.util
import os
import pathlib

import numpy as np

import trained


def module(relative):
    path = pathlib.Path(os.environ["YOLOX_SOURCE"]) / relative
    spec = importlib.util.spec_from_file_location(path.stem, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def preproc():
    """`preproc` alone: its file imports the whole package."""
    text = (pathlib.Path(os.environ["YOLOX_SOURCE"]) / "yolox/data/data_augment.py").read_text()
    import ast

    import cv2

    wanted = [n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef) and n.name == "preproc"]
    names = {"cv2": cv2, "np": np}
    exec(compile(ast.Module(wanted, []), "data_augment.py", "exec"), names)
    return names["preproc"]


DEMO = module("yolox/utils/demo_utils.py")
PREPROC = preproc()


class Yolox(trained.Reference):
    text = "yolox 0.3.0: data_augment.preproc, demo_utils.demo_postprocess, multiclass_nms (of the best class)"
    order = "bgr"
    weak = 0.05

    def prepare(self, picture, size):
        return PREPROC(picture[:, :, ::-1], size[::-1])[0][None]

    def thin(self, outputs):
        (name, rows), = outputs.items()
        best = rows[..., 4:5] * rows[..., 5:].max(axis=2, keepdims=True)
        kept = np.where(best < self.weak, 0, rows)
        kept[..., 5:][kept[..., 5:] < 0.01] = 0
        return {name: kept}

    def detections(self, outputs, frame, size, conf, iou):
        (rows,) = outputs.values()
        rows = DEMO.demo_postprocess(rows.copy(), size[::-1])[0]
        centre, half = rows[:, :2], rows[:, 2:4] / 2
        ratio = min(size[0] / frame[0], size[1] / frame[1])
        boxes = np.concatenate([centre - half, centre + half], axis=1) / ratio
        scores = rows[:, 4:5] * rows[:, 5:]
        best = np.where(scores == scores.max(axis=1, keepdims=True), scores, 0)
        found = DEMO.multiclass_nms(boxes, best, iou, conf, class_agnostic=False)
        found = np.zeros((0, 6)) if found is None else found[np.argsort(-found[:, 4], kind="stable")]
        return [(row[:4], row[5], row[4]) for row in found]


if __name__ == "__main__":
    # The package divides boxes by the ratio before the resized sides were cut to whole pixels; on a photo
    # where little is cut, that is nearly the ratio of the pixels. Its IoU counts a pixel more a side, which
    # decides over none of these boxes.
    trained.case(Yolox(), "yolox", "nano", "yolox-nano-416.onnx", "cars.jpg", [416, 416], 0.15, 0.6, (0.339, 0.001))
