#!/usr/bin/env python3
"""NanoDet-g, NanoDet-m, NanoDet-Plus and PicoDet, trained. Their packages are not on PyPI: the reference
is written from the published definitions (RangiLyu/nanodet: gfl_head.py, nanodet_plus_head.py,
Integral; PaddleDetection: pico_head.py) with torch's softmax and torchvision's NMS.
"""

import cv2
import numpy as np
import torch
import torchvision

import trained

MEAN, STD = [103.53, 116.28, 123.675], [57.375, 57.12, 58.395]
VERSIONS = f"torch {torch.__version__.split('+')[0]}, torchvision {torchvision.__version__.split('+')[0]}"


class Gfl(trained.Reference):
    """Scores and distances as distributions (Generalized Focal Loss, Li et al. 2020)."""

    weak, order, mean, std = 0.25, "bgr", MEAN, STD

    def __init__(self, definition, strides, offset, letterbox=False, order="bgr"):
        self.text = f"numpy and torch from the definition, {definition}; ops.batched_nms of {VERSIONS}"
        self.strides, self.offset, self.letterbox, self.order = strides, offset, letterbox, order
        if order == "rgb":
            self.mean, self.std = MEAN[::-1], STD[::-1]

    def prepare(self, picture, size):
        pixels = picture[:, :, ::-1] if self.order == "bgr" else picture
        fitted = black_box(pixels, size) if self.letterbox else cv2.resize(pixels, size)
        normal = (fitted.astype(np.float32) - np.float32(self.mean)) / np.float32(self.std)
        return normal.transpose(2, 0, 1)[None]

    def levels(self, outputs):
        """(scores [cells, 80], distances [cells, 4 * bins]) of each stride, from outputs in any order."""
        flat = [v[0] for v in outputs.values()]
        counts = sorted({v.shape[0] for v in flat}, reverse=True)
        pick = lambda n, classes: next(v for v in flat if len(v) == n and (v.shape[1] == 80) == classes)
        return [(pick(n, True), pick(n, False)) for n in counts]

    def thin(self, outputs):
        kept = {n: v.copy() for n, v in outputs.items()}
        for scores, distances in self.levels(kept):
            distances[scores.max(axis=1) < self.weak] = 0
            scores[scores.max(axis=1) < self.weak] = 0
            scores[scores < 0.1] = 0
        return kept

    def boxes(self, size, stride, distances):
        columns, rows = -(-size[0] // stride), -(-size[1] // stride)
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        centre = (torch.stack([x, y], -1).reshape(-1, 2) + self.offset) * stride
        bins = torch.from_numpy(distances).reshape(len(centre), 4, -1).softmax(-1)
        edges = bins @ torch.arange(bins.shape[-1], dtype=torch.float32) * stride
        return torch.cat([centre - edges[:, :2], centre + edges[:, 2:]], 1)

    def detections(self, outputs, frame, size, conf, iou):
        levels = self.levels(outputs)
        boxes = torch.cat([self.boxes(size, s, d) for s, (_, d) in zip(self.strides, levels)])
        scores, classes = torch.from_numpy(np.concatenate([s for s, _ in levels])).max(1)
        boxes = self.to_frame(boxes, frame, size)
        above = scores > conf
        boxes, scores, classes = boxes[above], scores[above], classes[above]
        kept = torchvision.ops.batched_nms(boxes, scores, classes, iou)
        return [(boxes[i].numpy(), classes[i], scores[i]) for i in kept]

    def to_frame(self, boxes, frame, size):
        (width, height), (left, top) = placed(frame, size) if self.letterbox else (size, (0, 0))
        gain = torch.tensor([frame[0] / width, frame[1] / height] * 2)
        return (boxes - torch.tensor([left, top, left, top])) * gain


class Plus(Gfl):
    """One output of all cells, scores before distances."""

    def levels(self, outputs):
        (rows,) = outputs.values()
        counts = np.cumsum([(-(-416 // s)) ** 2 for s in self.strides])[:-1]
        return [(part[:, :80], part[:, 80:]) for part in np.split(rows[0], counts)]


def placed(frame, size):
    """Size and place of the picture, centred with its aspect ratio kept."""
    gain = min(size[0] / frame[0], size[1] / frame[1])
    width, height = round(frame[0] * gain), round(frame[1] * gain)
    return (width, height), ((size[0] - width) // 2, (size[1] - height) // 2)


def black_box(pixels, size):
    (width, height), (left, top) = placed([pixels.shape[1], pixels.shape[0]], size)
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    canvas[top:top + height, left:left + width] = cv2.resize(pixels, (width, height))
    return canvas


if __name__ == "__main__":
    torch.set_num_threads(1)
    size, conf, iou, photo = [416, 416], 0.3, 0.6, "opera.jpg"
    trained.case(Gfl("gfl_head.py and integral()", [8, 16, 32], 0.5), "nanodet", "g", "nanodet-g-416.onnx",
                 photo, size, conf, iou, (0.293, 0.001))
    trained.case(Plus("nanodet_plus_head.py", [8, 16, 32, 64], 0.0), "nanodet-plus", "m",
                 "nanodet-plus-m-416.onnx", photo, size, conf, iou, (0.397, 0.001))
    trained.case(Gfl("pico_head.py", [8, 16, 32, 64], 0.5, order="rgb"), "nanodet", "picodet-s",
                 "picodet-s-416.onnx", photo, size, conf, iou, (0.391, 0.001))
    trained.case(Gfl("gfl_head.py, resize_uniform of demo_ncnn", [8, 16, 32], 0.5, letterbox=True),
                 "nanodet", "m", "nanodet-m-416.onnx", photo, size, conf, iou, (0.297, 0.001))
