#!/usr/bin/env python3
"""DETR and RT-DETR of Hugging Face transformers with random weights, read by the package's own image
processors."""

import io

import numpy as np
import onnx
import torch
import transformers
from transformers import (DetrConfig, DetrForObjectDetection, DetrImageProcessor, ResNetConfig, RTDetrConfig,
                          RTDetrForObjectDetection, RTDetrImageProcessor, RTDetrResNetConfig)

import common
import trained
from spread import calibrate, spread

# Boxes as (x, y, width, height) before the sigmoid: anywhere, mostly smaller than the picture.
BOXES = torch.tensor([0.0, 0.0, -1.5, -1.5]), torch.tensor([1.0, 1.0, 0.8, 0.8])
IMAGENET = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]


class Wrapped(torch.nn.Module):
    """Outputs by position, as an export has them."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        found = self.model(pixel_values=pixel_values)
        return found.logits, found.pred_boxes


def detr():
    """One stage of a ResNet, two layers of each transformer; 91 classes, as COCO's ids."""
    backbone = ResNetConfig(embedding_size=16, hidden_sizes=[16, 32], depths=[1, 1], layer_type="basic",
                            out_features=["stage2"])
    config = DetrConfig(use_timm_backbone=False, use_pretrained_backbone=False, backbone=None,
                        backbone_config=backbone, num_queries=60, d_model=64, encoder_layers=1,
                        decoder_layers=2, encoder_ffn_dim=64, decoder_ffn_dim=64, num_labels=91)
    return DetrForObjectDetection(config).eval()


def rtdetr():
    backbone = RTDetrResNetConfig(embedding_size=16, hidden_sizes=[16, 32, 32, 32], depths=[1, 1, 1, 1],
                                  layer_type="basic", out_features=["stage2", "stage3", "stage4"])
    config = RTDetrConfig(backbone_config=backbone, encoder_hidden_dim=32, encoder_in_channels=[32, 32, 32],
                          encoder_ffn_dim=64, d_model=32, num_queries=60, decoder_layers=2, decoder_ffn_dim=64,
                          decoder_in_channels=[32, 32, 32], decoder_attention_heads=4, num_labels=80,
                          encoder_attention_heads=4, anchor_image_size=None)
    return RTDetrForObjectDetection(config).eval()


def prepared(processor, picture, statistics):
    """The processor's tensor, and the pixels of it."""
    tensor = processor(images=picture, return_tensors="pt")["pixel_values"]
    mean, std = (np.array(v) for v in statistics)
    pixels = tensor[0].permute(1, 2, 0).numpy() * std + mean
    assert np.abs(np.rint(pixels) - pixels).max() < 0.01
    return tensor, np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def case(family, name, model, processor, small, size, dynamic, statistics, last, photo, conf, logits):
    """`processor` as the model is used, `small` the same for the stored picture; `last` are the layers
    that give classes and boxes, `logits` mean and deviation of the former."""
    picture = common.photo(photo)
    frame = [picture.shape[1], picture.shape[0]]
    tensor, _ = prepared(processor, picture, statistics)
    run = lambda: model(pixel_values=tensor)
    calibrate(model, run)
    classes, boxes = last(model)
    spread(classes, run, *logits)
    spread(boxes, run, *BOXES)
    file = io.BytesIO()
    axes = {0: "batch_size", 2: "height", 3: "width"} if dynamic else {0: "batch_size"}
    torch.onnx.export(Wrapped(model), (tensor,), file, input_names=["pixel_values"],
                      output_names=["logits", "pred_boxes"], dynamo=False, opset_version=17,
                      dynamic_axes={"pixel_values": axes, "logits": {0: "batch_size"}, "pred_boxes": {0: "batch_size"}})
    path = common.scratch(name, file.getvalue())
    outputs = common.halved(common.run(common.session(path), {"pixel_values": tensor.numpy()}))
    given = transformers.models.detr.modeling_detr.DetrObjectDetectionOutput(
        **{k: torch.from_numpy(v) for k, v in common.as_given(outputs).items()})
    found = processor.post_process_object_detection(given, threshold=conf, target_sizes=[frame[::-1]])[0]
    rows = sorted(zip(found["boxes"].numpy(), found["labels"].tolist(), found["scores"].tolist()), key=lambda r: -r[2])
    facts = {
        "model": f"{type(model).__name__}, {sum(p.numel() for p in model.parameters())} weights, torch.onnx.export",
        "weights": "random",
        "reference": f"transformers {transformers.__version__}: {type(processor).__name__}, "
                     "post_process_object_detection",
        "made_by": "scripts/parity/transformers_cases.py", "photo": f"samples/photos/{photo}", "frame": frame,
        "size": size, "header": common.header(path), "conf": conf, "iou": 0.6,
        "detections": common.clipped(rows, frame),
        "prepared": {"size": [80, 128] if dynamic else trained.PREPARED, "mean": statistics[0], "std": statistics[1]},
    }
    common.write(family, name, facts, outputs, prepared(small, picture, statistics)[1])


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.manual_seed(0)
    shortest = lambda short, long: DetrImageProcessor(size={"shortest_edge": short, "longest_edge": long})
    fixed = lambda width, height: RTDetrImageProcessor(size={"width": width, "height": height})
    case("detr", "detr-random", detr(), shortest(160, 266), shortest(80, 128), [160, 266], True, IMAGENET,
         lambda m: (m.class_labels_classifier, m.bbox_predictor.layers[-1]), "cows.jpg",
         0.3, (0.0, 3.0))
    case("detr", "rtdetr-random", rtdetr(), fixed(192, 160), fixed(*trained.PREPARED), [192, 160], False,
         ([0.0] * 3, [255.0] * 3), lambda m: (m.model.decoder.class_embed[-1], m.model.decoder.bbox_embed[-1].layers[-1]),
         "opera.jpg", 0.4, (-4.0, 1.5))
