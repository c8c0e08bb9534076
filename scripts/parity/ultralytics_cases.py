#!/usr/bin/env python3
"""Ultralytics' architectures with random weights, exported by the package and read by the package:
YOLOv5u and YOLO11 (family yolov8), YOLOv10, YOLO26 and exports with suppression inside
(yolo-end2end), oriented boxes (yolo-obb)."""

import pathlib
import tempfile

import numpy as np
import torch
import ultralytics
from ultralytics import YOLO
from ultralytics.engine.results import Results
from ultralytics.utils import nms, ops
from ultralytics.utils.torch_utils import init_seeds

import common
import trained
from spread import calibrate, spread
from yolov8_cases import Ultralytics

SIZE = [160, 128]
NAMES = ["ant", "bee", "cat", "dog", "eel", "fox"]


def spread_head(model, tensor):
    """Scores over all of 0..1 and boxes of all sizes: fresh weights give the same for every cell."""
    run = lambda: model(tensor)
    calibrate(model, run)
    head = model.model[-1]
    # A distance, or the weights of distances 0, 1, …: mostly two or three cells.
    near = (3.0, 0.7) if head.reg_max == 1 else (-0.5 * torch.arange(head.reg_max).repeat(4), 2.0)
    wanted = {"cv2": near, "cv3": (-3.5, 1.6), "cv4": (0.5, 1.5)}
    for name, branch in head.named_children():
        for level in branch if name[-3:] in wanted else ():
            spread(level[-1], run, *wanted[name[-3:]])


def export(architecture, task, picture, end_to_end, suppression):
    """Path of an ONNX file in a scratch folder, and how it was made."""
    init_seeds(0)
    model = YOLO(f"{architecture}.yaml", task=task)
    fresh = type(model.model)(f"{architecture}.yaml", nc=len(NAMES), verbose=False)
    fresh.args, fresh.task = model.model.args, model.model.task
    model.model = fresh
    model.model.names = dict(enumerate(NAMES))
    model.model.eval()
    if end_to_end:
        model.model.end2end = True
    spread_head(model.model, torch.from_numpy(Ultralytics().prepare(picture, SIZE)))
    model.ckpt_path = model.model.pt_path = str(pathlib.Path(tempfile.mkdtemp()) / f"{architecture}.pt")
    options = {"nms": False} if end_to_end else {"nms": True, "conf": 0.3, "iou": 0.6} if suppression else {}
    path = model.export(format="onnx", imgsz=SIZE[::-1], simplify=False, device="cpu", verbose=False, **options)
    made = f"{architecture}.yaml, {len(NAMES)} classes, export(format='onnx', imgsz={SIZE[::-1]}, {options})"
    return path, made


def detections(rows, frame, conf, iou, final):
    found = nms.non_max_suppression(torch.from_numpy(rows), conf, iou, max_det=1000, end2end=final)[0]
    boxes = ops.scale_boxes(SIZE[::-1], found[:, :4], frame[::-1]).numpy()
    return common.clipped([(box, *row) for box, row in zip(boxes, found[:, [5, 4]].tolist())], frame)


def oriented(rows, frame, conf, iou, final):
    """As OBBPredictor.construct_result; corners by Results.obb."""
    found = nms.non_max_suppression(
        torch.from_numpy(rows), conf, iou, nc=len(NAMES), max_det=1000, rotated=True, end2end=final)[0]
    boxes = torch.cat([found[:, :4], found[:, -1:]], dim=-1)
    boxes[:, :4] = ops.scale_boxes(SIZE[::-1], boxes[:, :4], frame[::-1], xywh=True)
    blank = np.zeros((frame[1], frame[0], 3), np.uint8)
    result = Results(blank, path="", names=dict(enumerate(NAMES)), obb=torch.cat([boxes, found[:, 4:6]], -1)).obb
    found = common.clipped(list(zip(result.xyxy.numpy(), result.cls.tolist(), result.conf.tolist())), frame)
    for item, corners in zip(found, result.xyxyxyxy.numpy()):
        item["corners"] = [[round(float(v), 3) for v in corner] for corner in corners]
    return found


def case(family, name, architecture, photo, task="detect", end_to_end=False, suppression=False, iou=0.6):
    picture = common.photo(photo)
    frame = [picture.shape[1], picture.shape[0]]
    path, made = export(architecture, task, picture, end_to_end, suppression)
    reference, conf = Ultralytics(), 0.5
    outputs = common.halved(common.run(common.session(path), {"images": reference.prepare(picture, SIZE)}))
    (rows,) = common.as_given(outputs).values()
    read = oriented if task == "obb" else detections
    found = read(rows.copy(), frame, conf, iou, end_to_end or suppression)
    functions = "nms.non_max_suppression, ops.scale_boxes" + (", Results.obb" if task == "obb" else ", LetterBox")
    facts = {
        "model": made, "weights": "random", "reference": f"ultralytics {ultralytics.__version__}: {functions}",
        "made_by": "scripts/parity/ultralytics_cases.py", "photo": f"samples/photos/{photo}", "frame": frame,
        "size": SIZE, "header": common.header(path), "conf": conf, "iou": iou, "detections": found,
    }
    if task == "detect":
        facts["prepared"] = {"size": trained.PREPARED, "mean": reference.mean, "std": reference.std}
    pixels = reference.pixels(picture, trained.PREPARED) if task == "detect" else None
    common.write(family, name, facts, outputs, pixels)


if __name__ == "__main__":
    torch.set_num_threads(1)
    case("yolov8", "v11-random", "yolo11n", "cows.jpg")
    case("yolov8", "v5u-random", "yolov5n", "cars.jpg")
    case("yolo-end2end", "v10-random", "yolov10n", "cows.jpg", end_to_end=True)
    case("yolo-end2end", "v26-random", "yolo26n", "cars.jpg", end_to_end=True)
    case("yolo-end2end", "v8-nms-random", "yolov8n", "cows.jpg", suppression=True)
    case("yolo-obb", "v8-random", "yolov8n-obb", "cows.jpg", task="obb", iou=0.4)
    case("yolo-obb", "v26-random", "yolo26n-obb", "cows.jpg", task="obb", end_to_end=True)
