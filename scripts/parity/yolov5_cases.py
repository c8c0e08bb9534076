#!/usr/bin/env python3
"""YOLOv5 rows, trained: the package yolov5's own letterbox, non_max_suppression and scale_boxes."""

import importlib.metadata

import numpy as np
import torch
from yolov5.utils.augmentations import letterbox
from yolov5.utils.general import non_max_suppression, scale_boxes

import trained


class Yolov5(trained.Reference):
    text = (f"yolov5 {importlib.metadata.version('yolov5')}: utils.augmentations.letterbox, "
            "utils.general.non_max_suppression, scale_boxes")
    std = [255.0] * 3

    def prepare(self, picture, size):
        boxed = letterbox(picture, size[::-1], auto=False)[0]
        return (boxed.transpose(2, 0, 1)[None] / 255).astype(np.float32)

    def thin(self, outputs):
        (name, rows), = outputs.items()
        best = rows[..., 4:5] * rows[..., 5:].max(axis=2, keepdims=True)
        kept = np.where(best < self.weak, 0, rows)
        kept[..., 5:][kept[..., 5:] < 0.01] = 0
        return {name: kept}

    def detections(self, outputs, frame, size, conf, iou):
        (rows,) = outputs.values()
        found = non_max_suppression(torch.from_numpy(rows), conf, iou, max_det=1000)[0]
        boxes = scale_boxes(size[::-1], found[:, :4], frame[::-1]).numpy()
        return [(box, *row) for box, row in zip(boxes, found[:, [5, 4]].tolist())]


if __name__ == "__main__":
    torch.set_num_threads(1)
    trained.case(Yolov5(), "yolov5", "v5n-fp16", "agpl-yolov5n-fp16.onnx", "opera.jpg", [640, 640], 0.3, 0.6,
                 (0.331, 0.01), labels="coco-80")
