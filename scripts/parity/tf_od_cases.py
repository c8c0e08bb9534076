#!/usr/bin/env python3
"""TensorFlow's Object Detection API without TensorFlow: outputs drawn at random as the tensor contract
of `exporter_lib_v2.py` says, read by plain numpy.

A picture u8 [1, height, width, 3]; `detection_boxes` [1, 100, 4] as (top, left, bottom, right) from 0 to 1,
`detection_classes` from 1 as floats, `detection_scores`, and `num_detections` rows that count.
"""

import cv2
import numpy as np

import common

ROWS, COUNT, PHOTO = 100, 40, "giraffe.jpg"


def drawn(random):
    centre, half = random.uniform(0.05, 0.95, (ROWS, 2)), random.uniform(0.02, 0.3, (ROWS, 2))
    scores = np.sort(random.uniform(0.05, 1, ROWS))[::-1]
    boxes = np.concatenate([centre - half, centre + half], 1).clip(0, 1)
    # Rows that do not count hold what a reader must not show.
    scores = np.where(np.arange(ROWS) < COUNT, scores, 0.99)
    classes = random.integers(1, 91, ROWS)
    many = random.uniform(0, 1, (1, ROWS, 91))
    return {
        "detection_anchor_indices": random.integers(0, 1917, (1, ROWS)),
        "detection_boxes": boxes[None], "detection_classes": classes[None],
        "detection_multiclass_scores": many, "detection_scores": scores[None],
        "num_detections": np.array([COUNT]), "raw_detection_boxes": boxes[None, :10],
        "raw_detection_scores": many[:, :10],
    }


def read(outputs, frame, conf):
    found = []
    for row in range(int(outputs["num_detections"][0])):
        score = outputs["detection_scores"][0, row]
        top, left, bottom, right = outputs["detection_boxes"][0, row]
        if score >= conf:
            box = [left * frame[0], top * frame[1], right * frame[0], bottom * frame[1]]
            # Labels are COCO's category ids, as in mscoco_label_map.pbtxt.
            found.append((box, outputs["detection_classes"][0, row], score))
    return found


def main():
    picture, conf = common.photo(PHOTO), 0.7
    frame = [picture.shape[1], picture.shape[0]]
    outputs = common.halved({n: v.astype(np.float32) for n, v in drawn(np.random.default_rng(0)).items()})
    shapes = {n: [1, *v.shape[1:]] for n, v in outputs.items()}
    shapes["raw_detection_boxes"], shapes["raw_detection_scores"] = [1, 1917, 4], [1, 1917, 91]
    header = {
        "producer": "tf2onnx 1.17.0",
        "inputs": [{"name": "input_tensor", "element": "u8", "shape": [1, None, None, 3]}],
        "outputs": [{"name": n, "element": "f32", "shape": s} for n, s in shapes.items()],
        "probabilities": [], "metadata": {},
    }
    facts = {
        "model": "none: outputs drawn at random as the contract says", "weights": "random",
        "reference": "numpy from the tensor contract of exporter_lib_v2.py (tensorflow/models); cv2.resize",
        "made_by": "scripts/parity/tf_od_cases.py", "photo": f"samples/photos/{PHOTO}", "frame": frame,
        "size": [320, 180], "header": header, "conf": conf, "iou": 0.6,
        "detections": common.clipped(read(common.as_given(outputs), frame, conf), frame),
        "prepared": {"size": [128, 72], "mean": [0.0] * 3, "std": [1.0] * 3},
    }
    common.write("tf-od", "ssd-random", facts, outputs, cv2.resize(picture, (128, 72)))


if __name__ == "__main__":
    main()
