#!/usr/bin/env python3
"""RF-DETR with random weights, exported by the package and read by its own PostProcess."""

import pathlib
import tempfile

import numpy as np
import rfdetr
import torch
import torchvision.transforms.functional as F
from importlib.metadata import version

import common
import trained
from spread import spread

CLASSES = 5


def tensor_of(model, picture, size):
    """As `predict`: to_tensor, resize without antialiasing, normalise."""
    resized = F.resize(F.to_tensor(picture), size[::-1], antialias=False)
    return F.normalize(resized, model.means, model.stds)[None]


def main():
    torch.manual_seed(0)
    size, conf = [128, 128], 0.4
    model = rfdetr.RFDETRNano(pretrain_weights=None, resolution=size[0], positional_encoding_size=8,
                              num_queries=60, num_classes=CLASSES, num_select=60, device="cpu")
    picture = common.photo("opera.jpg")
    frame = [picture.shape[1], picture.shape[0]]
    tensor = tensor_of(model, picture, size)
    network = model.model.model.eval()
    run = lambda: network(tensor)
    background = torch.tensor([0.0] * CLASSES + [-6.0])
    spread(network.class_embed, run, background - 2.5, 1.5)
    spread(network.bbox_embed.layers[-1], run, 0.0, 0.6)
    folder = pathlib.Path(tempfile.mkdtemp())
    model.export(output_dir=str(folder), shape=tuple(size[::-1]), verbose=False)
    (path,) = folder.glob("*.onnx")
    outputs = common.halved(common.run(common.session(path), {"input": tensor.numpy()}))
    given = {k: torch.from_numpy(v) for k, v in common.as_given(outputs).items()}
    raw = {"pred_boxes": given["dets"], "pred_logits": given["labels"]}
    found = model.model.postprocess(raw, target_sizes=torch.tensor([frame[::-1]]))[0]
    rows = zip(found["boxes"].numpy(), found["labels"].tolist(), found["scores"].tolist())
    # The last slot is the background, as `predict` names it.
    rows = [row for row in rows if row[2] > conf and row[1] != CLASSES]
    mean, std = np.array(model.means) * 255, np.array(model.stds) * 255
    small = tensor_of(model, picture, trained.PREPARED)[0].permute(1, 2, 0).numpy() * std + mean
    facts = {
        "model": f"RFDETRNano(resolution={size[0]}, num_classes={CLASSES}, num_queries=60).export()", "weights": "random",
        "reference": f"rfdetr {version('rfdetr')}: PostProcess, the transforms of predict",
        "made_by": "scripts/parity/rfdetr_cases.py", "photo": "samples/photos/opera.jpg", "frame": frame,
        "size": size, "header": common.header(path), "conf": conf, "iou": 0.6,
        "detections": common.clipped(rows, frame),
        "prepared": {"size": trained.PREPARED, "mean": mean.round(4).tolist(), "std": std.round(4).tolist()},
    }
    common.write("rfdetr", "nano-random", facts, outputs, np.clip(np.rint(small), 0, 255).astype(np.uint8))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
