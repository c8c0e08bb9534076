#!/usr/bin/env python3
"""DEIMv2-femto, trained. The post-processing is inside the model: the reference gives it the frame's size
as `orig_target_sizes`, as the repository's own inference script does, and takes its boxes as they are.
The stored outputs are those for the input's own size, which is what the program gives."""

import cv2
import numpy as np

import common
import trained


class Deim(trained.Reference):
    text = "the model's own post-processing, given the frame as orig_target_sizes (Intellindust-AI-Lab/DEIMv2)"
    std = [255.0] * 3

    def prepare(self, picture, size):
        fitted = cv2.resize(picture, size)
        return fitted.transpose(2, 0, 1)[None].astype(np.float32) / 255

    def tensors(self, model, picture, size, target=None):
        target = target or [picture.shape[1], picture.shape[0]]
        return {"images": self.prepare(picture, size), "orig_target_sizes": np.array([target], np.int64)}

    def detections(self, outputs, frame, size, conf, iou):
        rows = zip(outputs["boxes"][0], outputs["labels"][0], outputs["scores"][0])
        found = [(box, label, score) for box, label, score in rows if score > conf]
        return sorted(found, key=lambda row: -row[2])


class Stored(Deim):
    """The outputs that are stored, for the input's own size; the detections, for the frame's."""

    def tensors(self, model, picture, size):
        self.framed = common.run(model, super().tensors(model, picture, size))
        return super().tensors(model, picture, size, target=size)

    def detections(self, outputs, frame, size, conf, iou):
        return super().detections(common.as_given(common.halved(self.framed)), frame, size, conf, iou)


if __name__ == "__main__":
    trained.case(Stored(), "deim", "v2-femto", "deimv2-femto-416.onnx", "opera.jpg", [416, 416], 0.3, 0.6,
                 (0.401, 0.001))
