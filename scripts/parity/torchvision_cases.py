#!/usr/bin/env python3
"""torchvision's detectors with random weights: the exported graph against the package run eagerly on
the same picture, whose boxes are those of the picture it was given."""

import io

import numpy as np
import torch
import torchvision
from torchvision.models import detection
from torchvision.models.detection.transform import _resize_image_and_masks

import common
from spread import calibrate, spread

CLASSES = 7  # the background included


class Wrapped(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, picture):
        found = self.model([picture])
        found = found[1] if isinstance(found, tuple) else found
        return tuple(found[0].values())


def resized(picture, short, long):
    """float32 [3, height, width], 0..1, as GeneralizedRCNNTransform makes it but for the normalisation,
    which is in the graph: the shorter side `short` unless the longer would exceed `long`."""
    pixels = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1).float() / 255
    return _resize_image_and_masks(pixels, short, long)[0]


def spread_faster_rcnn(model, run):
    spread(model.roi_heads.box_predictor.cls_score, run, torch.tensor([0.5] + [0.0] * (CLASSES - 1)), 2.0)
    spread(model.roi_heads.box_predictor.bbox_pred, run, 0.0, 1.0)


def spread_ssd(model, run):
    for level in model.head.classification_head.module_list:
        spread(level[-1], run, 0.0, 1.8)
    for level in model.head.regression_head.module_list:
        spread(level[-1], run, 0.0, 1.5)


def case(name, build, spread_heads, photo, conf):
    torch.manual_seed(0)
    picture = common.photo(photo)
    frame, size = [picture.shape[1], picture.shape[0]], [160, 266]
    model = build(weights=None, weights_backbone=None, num_classes=CLASSES).eval()
    tensor = resized(picture, *size)
    run = lambda: model([tensor])
    calibrate(model, lambda: model([tensor, tensor.flip(2)]))
    spread_heads(model, run)
    with torch.no_grad():
        found = run()[0]
    file = io.BytesIO()
    names = list(found)
    torch.onnx.export(Wrapped(model), (tensor,), file, input_names=["image"], output_names=names, dynamo=False,
                      opset_version=17, dynamic_axes={"image": {1: "height", 2: "width"}, **{n: {0: "n"} for n in names}})
    path = common.scratch(name, file.getvalue())
    outputs = common.halved(common.run(common.session(path), {"image": tensor.numpy()}))
    gain = np.tile([frame[0] / tensor.shape[2], frame[1] / tensor.shape[1]], 2)
    rows = zip(found["boxes"].numpy() * gain, found["labels"].tolist(), found["scores"].tolist())
    rows = [row for row in rows if row[2] > conf]
    small = resized(picture, 80, 128).permute(1, 2, 0).numpy() * 255
    facts = {
        "model": f"{build.__name__}(num_classes={CLASSES}), torch.onnx.export of one [3,H,W] picture",
        "weights": "random",
        "reference": f"torchvision {torchvision.__version__.split('+')[0]}: the model run eagerly; resize of GeneralizedRCNNTransform",
        "made_by": "scripts/parity/torchvision_cases.py", "photo": f"samples/photos/{photo}", "frame": frame,
        "size": size, "header": common.header(path), "conf": conf, "iou": 0.6,
        "detections": common.clipped(sorted(rows, key=lambda row: -row[2]), frame),
        "prepared": {"size": [80, 128], "mean": [0.0] * 3, "std": [255.0] * 3},
    }
    common.write("torchvision", name, facts, outputs, np.rint(small).astype(np.uint8))


if __name__ == "__main__":
    torch.set_num_threads(1)
    case("faster-rcnn-random", detection.fasterrcnn_mobilenet_v3_large_320_fpn, spread_faster_rcnn, "cows.jpg", 0.4)
    case("ssdlite-random", detection.ssdlite320_mobilenet_v3_large, spread_ssd, "cows.jpg", 0.75)
