#!/usr/bin/env python3
"""FastestDet, trained. Not on PyPI: written from dog-qiuqiu/FastestDet's `utils/tool.py:handle_preds`
with torchvision's NMS."""

import cv2
import numpy as np
import torch
import torchvision

import trained


class FastestDet(trained.Reference):
    text = ("numpy and torch from the definition, handle_preds; ops.batched_nms of torchvision "
            f"{torchvision.__version__.split('+')[0]}")
    order = "bgr"
    std = [255.0] * 3

    def prepare(self, picture, size):
        fitted = cv2.resize(picture[:, :, ::-1], size)
        return fitted.transpose(2, 0, 1)[None].astype(np.float32) / 255

    def thin(self, outputs):
        (name, maps), = outputs.items()
        maps = maps.copy()
        score = maps[:, :1] ** 0.6 * maps[:, 5:].max(axis=1, keepdims=True) ** 0.4
        return {name: np.where(score < self.weak, 0, maps)}

    def detections(self, outputs, frame, size, conf, iou):
        maps = torch.from_numpy(next(iter(outputs.values())))[0]
        _, rows, columns = maps.shape
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        best, classes = maps[5:].max(0)
        scores = (maps[0] ** 0.6 * best ** 0.4).flatten()
        centre = torch.stack([(maps[1].tanh() + x) / columns, (maps[2].tanh() + y) / rows], -1)
        half = torch.stack([maps[3].sigmoid(), maps[4].sigmoid()], -1) / 2
        boxes = torch.cat([centre - half, centre + half], -1).reshape(-1, 4) * torch.tensor(frame * 2)
        above = scores > conf
        boxes, scores, classes = boxes[above], scores[above], classes.flatten()[above]
        kept = torchvision.ops.batched_nms(boxes, scores, classes, iou)
        return [(boxes[i].numpy(), classes[i], scores[i]) for i in kept]


if __name__ == "__main__":
    torch.set_num_threads(1)
    trained.case(FastestDet(), "fastestdet", "352", "fastestdet-352.onnx", "opera.jpg", [352, 352], 0.3, 0.6,
                 (0.228, 0.001))
