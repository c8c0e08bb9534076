#!/usr/bin/env python3
"""YOLOv8, trained: Ultralytics' own LetterBox, non_max_suppression and scale_boxes."""

import numpy as np
import torch
import ultralytics
from ultralytics.data.augment import LetterBox
from ultralytics.utils import nms, ops

import trained


class Ultralytics(trained.Reference):
    text = f"ultralytics {ultralytics.__version__}: LetterBox, nms.non_max_suppression, ops.scale_boxes"
    std = [255.0] * 3

    def prepare(self, picture, size):
        boxed = LetterBox(size[::-1], auto=False)(image=picture)
        return (boxed.transpose(2, 0, 1)[None] / 255).astype(np.float32)

    def thin(self, outputs):
        (name, rows), = outputs.items()
        best = rows[:, 4:].max(axis=1, keepdims=True)
        kept = np.where(best < self.weak, 0, rows)
        kept[:, 4:][kept[:, 4:] < 0.01] = 0
        return {name: kept}

    def detections(self, outputs, frame, size, conf, iou):
        (rows,) = outputs.values()
        found = nms.non_max_suppression(torch.from_numpy(rows), conf, iou, max_det=1000)[0]
        boxes = ops.scale_boxes(size[::-1], found[:, :4], frame[::-1]).numpy()
        return [(box, *row) for box, row in zip(boxes, found[:, [5, 4]].tolist())]


if __name__ == "__main__":
    torch.set_num_threads(1)
    trained.case(Ultralytics(), "yolov8", "v8n-int8", "agpl-yolov8n-640-int8.onnx", "opera.jpg", [640, 640],
                 0.3, 0.6, (0.415, 0.01))
