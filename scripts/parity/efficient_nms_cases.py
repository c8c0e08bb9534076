#!/usr/bin/env python3
"""Exports that end in EfficientNMS: outputs drawn at random as the plugin's contract says (num_dets [1,1],
det_boxes [1,n,4] as corners in pixels of the input, det_scores, det_classes), read with the package
yolov5's scale_boxes; letterbox by the same package."""

import numpy as np
import torch

import common
import trained
from yolov5_cases import Yolov5, scale_boxes

ROWS, COUNT, SIZE, PHOTO = 100, 40, [640, 640], "opera.jpg"


def drawn(random):
    centre, half = random.uniform(20, 620, (ROWS, 2)), random.uniform(5, 120, (ROWS, 2))
    scores = np.where(np.arange(ROWS) < COUNT, np.sort(random.uniform(0.05, 1, ROWS))[::-1], 0.99)
    return {
        "num_dets": np.array([[COUNT]], np.int32),
        "det_boxes": np.concatenate([centre - half, centre + half], 1)[None].astype(np.float32),
        "det_scores": scores[None].astype(np.float32),
        "det_classes": random.integers(0, 80, (1, ROWS)).astype(np.int32),
    }


def main():
    picture, conf, reference = common.photo(PHOTO), 0.5, Yolov5()
    frame = [picture.shape[1], picture.shape[0]]
    outputs = common.halved(drawn(np.random.default_rng(0)))
    given = common.as_given(outputs)
    count = int(given["num_dets"][0, 0])
    boxes = scale_boxes(SIZE[::-1], torch.from_numpy(given["det_boxes"][0, :count]), frame[::-1]).numpy()
    rows = zip(boxes, given["det_classes"][0].tolist(), given["det_scores"][0].tolist())
    elements = {"i": "i32", "f": "f32"}
    header = {
        "producer": "pytorch 1.12.1",
        "inputs": [{"name": "images", "element": "f32", "shape": [1, 3, *SIZE[::-1]]}],
        "outputs": [{"name": n, "element": elements[v.dtype.kind], "shape": list(v.shape)} for n, v in outputs.items()],
        "probabilities": [], "metadata": {},
    }
    facts = {
        "model": "none: outputs drawn at random as the contract says", "weights": "random",
        "reference": f"numpy from the contract of TensorRT's EfficientNMS_TRT; {reference.text.split(',')[0]}, scale_boxes",
        "made_by": "scripts/parity/efficient_nms_cases.py", "photo": f"samples/photos/{PHOTO}", "frame": frame,
        "size": SIZE, "header": header, "conf": conf, "iou": 0.6,
        "detections": common.clipped([row for row in rows if row[2] >= conf], frame),
        "prepared": {"size": trained.PREPARED, "mean": reference.mean, "std": reference.std},
    }
    common.write("efficient-nms", "contract-random", facts, outputs, reference.pixels(picture, trained.PREPARED))


if __name__ == "__main__":
    main()
