#!/usr/bin/env python3
"""CenterNet with random weights: a small network with the three heads, as the official code exports it
(logits) and as MMDetection does (a sigmoid in the graph). The package is not on PyPI: the reference is
written from xingyizhou/CenterNet's published definitions (decode.py: _nms, _topk, ctdet_decode;
post_process.py and image.py: the affine map and back), with OpenCV's dilation as the 3x3 maximum pooling.
"""

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import common

SIDE, CLASSES, TOP = 160, 8, 100
# Statistics of dataset/coco.py, pixels 0..1 in BGR order.
MEAN, STD = np.float32([0.408, 0.447, 0.470]), np.float32([0.289, 0.274, 0.278])
HEADS = {"hm": (CLASSES, -6.0, 2.0), "wh": (2, 9.0, 1.2), "reg": (2, 0.5, 0.2)}
F32 = TensorProto.FLOAT


def gain_and_offset(frame):
    """Input pixels = frame pixels * gain + offset: the larger side fills the input, centred."""
    gain = SIDE / max(frame)
    return gain, [SIDE / 2 - side / 2 * gain for side in frame]


def tensor(picture):
    """The photo stretched to the whole input: with black borders the heads of random weights would have
    nothing but equal maxima there. How outputs are read does not depend on it."""
    pixels = cv2.resize(picture[:, :, ::-1], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return ((pixels.astype(np.float32) / 255 - MEAN) / STD).transpose(2, 0, 1)[None]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def decode(heat, sizes, offsets, frame):
    """`heat` from 0 to 1; boxes in the frame, best first."""
    tops = np.stack([cv2.dilate(plane, np.ones((3, 3), np.uint8)) for plane in heat])
    kept = np.where(tops == heat, heat, 0)
    gain, place = gain_and_offset(frame)
    stride = SIDE / heat.shape[2]
    found = []
    for flat in np.argsort(-kept, axis=None, kind="stable")[:TOP]:
        index, row, column = np.unravel_index(flat, kept.shape)
        centre = np.array([column, row]) + offsets[:, row, column]
        half = sizes[:, row, column] / 2
        corners = np.array([centre - half, centre + half]) * stride
        found.append((((corners - place) / gain).ravel(), index, kept[index, row, column]))
    return found


def network(heads, names, squashed):
    """Two strided convolutions and a head each; `heads` are (weights, bias) by key."""
    generator = np.random.default_rng(7)
    weight = lambda *shape: (generator.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
    weights = {"w1": weight(8, 3, 3, 3), "w2": weight(16, 8, 5, 5)}
    nodes = [
        helper.make_node("Conv", ["input", "w1"], ["c1"], strides=[2, 2], pads=[1] * 4),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], strides=[2, 2], pads=[2] * 4),
        helper.make_node("Relu", ["c2"], ["r2"]),
    ]
    outputs = []
    for key, name in names.items():
        channels = HEADS[key][0]
        fresh = weight(channels, 16, 1, 1), np.zeros(channels, np.float32)
        weights[f"{key}_w"], weights[f"{key}_b"] = heads.get(key, fresh)
        last = f"{name}_raw" if squashed and key == "hm" else name
        nodes.append(helper.make_node("Conv", ["r2", f"{key}_w", f"{key}_b"], [last]))
        if last != name:
            nodes.append(helper.make_node("Sigmoid", [last], [name]))
        outputs.append(helper.make_tensor_value_info(name, F32, [1, channels, SIDE // 4, SIDE // 4]))
    inputs = [helper.make_tensor_value_info("input", F32, [1, 3, SIDE, SIDE])]
    constants = [numpy_helper.from_array(value, key) for key, value in weights.items()]
    graph = helper.make_graph(nodes, "centernet", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model, {key: (weights[f"{key}_w"], weights[f"{key}_b"]) for key in names}


def spread(heads, raw):
    """Heads whose outputs have the mean and deviation of HEADS, for scores and boxes worth comparing."""
    scaled = {}
    for key, (weight, bias) in heads.items():
        _, mean, deviation = HEADS[key]
        values = raw[key][0].reshape(len(bias), -1)
        gain = (deviation / values.std(axis=1)).astype(np.float32)
        scaled[key] = (weight * gain[:, None, None, None], (mean - values.mean(axis=1) * gain).astype(np.float32))
    return scaled


def case(name, names, squashed, photo, conf):
    picture = common.photo(photo)
    frame = [picture.shape[1], picture.shape[0]]
    tensors = {"input": tensor(picture)}
    plain = {key: key for key in names}
    model, heads = network({}, plain, False)
    raw = common.run(common.session(common.scratch("centernet-plain", model.SerializeToString())), tensors)
    model, _ = network(spread(heads, raw), names, squashed)
    onnx.checker.check_model(model)
    path = common.scratch(f"centernet-{name}", model.SerializeToString())
    outputs = common.halved(common.run(common.session(path), tensors))
    given = {key: common.as_given(outputs)[output][0] for key, output in names.items()}
    assert given["wh"].min() > 0, "sizes below 0 are no boxes, and each reader has its own for them"
    heat = given["hm"] if squashed else sigmoid(given["hm"])
    found = [row for row in decode(heat, given["wh"], given["reg"], frame) if row[2] >= conf]
    facts = {
        "model": "two convolutions and CenterNet's heads, made with onnx.helper", "weights": "random",
        "reference": "numpy and OpenCV from the definition, ctdet_decode of xingyizhou/CenterNet",
        "made_by": "scripts/parity/centernet_cases.py", "photo": f"samples/photos/{photo}", "frame": frame,
        "size": [SIDE, SIDE], "header": common.header(path), "conf": conf, "iou": 0.6,
        "detections": common.clipped(found, frame),
    }
    common.write("centernet", name, facts, outputs)


if __name__ == "__main__":
    case("official-random", {"hm": "hm", "wh": "wh", "reg": "reg"}, False, "cows.jpg", 0.3)
    mmdet = {"wh": "wh_pred", "hm": "center_heatmap_pred", "reg": "offset_pred"}
    case("mmdet-random", mmdet, True, "giraffe.jpg", 0.3)
