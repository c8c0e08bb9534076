"""Makes the tiny models of the fault tests: `python tests/models/make.py` (onnx 1.23), beside this file.

All are of the family nanodet with inputs of 32 x 32: per cell three scores and four distances of two bins.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
F32 = TensorProto.FLOAT


def save(name, nodes, inputs, outputs, constants=(), opsets=(("", 17),), notes=None):
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        name,
        [info(n, t, s) for n, t, s in inputs],
        [info(n, t, s) for n, t, s in outputs],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in constants],
    )
    opsets = [helper.make_opsetid(d, v) for d, v in opsets]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="make.py", ir_version=8)
    helper.set_model_props(model, notes or {})
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())
    return model


def i64(*values):
    return np.array(values, np.int64)


PICTURE = ("x", F32, [1, 3, 32, 32])
OUTPUTS = [("scores", F32, [1, 4, 3]), ("distances", F32, [1, 4, 8])]

# Four cells of 16 x 16: the first three score one class each with the mean of one channel (a cell
# gives its best class only), so what is found depends on the picture in a way that a test can compute.
MEANS = [
    helper.make_node("GlobalAveragePool", ["x"], ["pooled"]),
    helper.make_node("Reshape", ["pooled", "shape"], ["means"]),
    helper.make_node("Mul", ["means", "own"], ["scores"]),
    helper.make_node("Identity", ["zeros"], ["distances"]),
]
CONSTANTS = [
    ("shape", i64(1, 1, 3)),
    ("own", np.eye(4, 3, dtype=np.float32)[None]),
    ("zeros", np.zeros((1, 4, 8), np.float32)),
]
save("means", MEANS, [PICTURE], OUTPUTS, CONSTANTS)

# Four cells: scores that are NaN, infinite, fine with a NaN distance, fine.
fixed = np.zeros((1, 4, 3), np.float32)
fixed[0, 0, 0], fixed[0, 1, 1], fixed[0, 2, 2], fixed[0, 3, 2] = np.nan, np.inf, 0.9, 0.8
distances = np.zeros((1, 4, 8), np.float32)
distances[0, 2, 0] = np.nan
save(
    "not-finite",
    [
        helper.make_node("GlobalAveragePool", ["x"], ["pooled"]),
        helper.make_node("Reshape", ["pooled", "shape"], ["means"]),
        helper.make_node("Mul", ["means", "nothing"], ["zero"]),
        helper.make_node("Add", ["zero", "fixed"], ["scores"]),
        helper.make_node("Identity", ["edges"], ["distances"]),
    ],
    [PICTURE],
    [("scores", F32, [1, 4, 3]), ("distances", F32, [1, 4, 8])],
    [
        ("shape", i64(1, 1, 3)),
        ("nothing", np.zeros(1, np.float32)),
        ("fixed", fixed),
        ("edges", distances),
    ],
)

# Inputs and outputs that are not what a description of `means` says.
save("rank", MEANS, [("x", F32, [1, 1, 3, 32, 32])], OUTPUTS, CONSTANTS)
save("element", MEANS, [("x", TensorProto.DOUBLE, [1, 3, 32, 32])], OUTPUTS, CONSTANTS)
save("side", MEANS, [("x", F32, [1, 3, 48, 64])], OUTPUTS, CONSTANTS)
save(
    "outputs",
    [
        helper.make_node("GlobalAveragePool", ["x"], ["pooled"]),
        helper.make_node("Reshape", ["pooled", "shape"], ["scores"]),
        helper.make_node("Identity", ["zeros"], ["distances"]),
    ],
    [PICTURE],
    [("scores", F32, [1, 3]), ("distances", F32, [1, 5, 8])],
    [("shape", i64(1, 3)), ("zeros", np.zeros((1, 5, 8), np.float32))],
)

# Sizes left open: the cells follow the picture's size.
FOLLOWING = (
    [
        helper.make_node("AveragePool", ["x"], ["pooled"], kernel_shape=[32, 32], strides=[32, 32]),
        helper.make_node("Reshape", ["pooled", "shape"], ["rows"]),
        helper.make_node("Transpose", ["rows"], ["scores"], perm=[0, 2, 1]),
        helper.make_node("Concat", ["scores", "scores", "scores"], ["nine"], axis=2),
        helper.make_node("Slice", ["nine", "from", "to", "axis"], ["eight"]),
        helper.make_node("Mul", ["eight", "nothing"], ["distances"]),
    ],
    [("scores", F32, ["batch", "cells", 3]), ("distances", F32, ["batch", "cells", 8])],
    [
        ("shape", i64(1, 3, -1)),
        ("from", i64(0)),
        ("to", i64(8)),
        ("axis", i64(2)),
        ("nothing", np.zeros(1, np.float32)),
    ],
)
save("dynamic", FOLLOWING[0], [("x", F32, ["batch", 3, "height", "width"])], *FOLLOWING[1:])
# The same network under a header that fixes ten pictures of 32 x 32.
save("fixed-header", FOLLOWING[0], [("x", F32, [10, 3, 32, 32])], *FOLLOWING[1:])

# A good file that the runtime has no kernel for.
save(
    "no-such-operator",
    [helper.make_node("NoSuchOperator", ["x"], ["scores"]), MEANS[3]],
    [PICTURE],
    OUTPUTS,
    CONSTANTS[2:],
)

# Files that would load other files or native code.
model = save("external-data", MEANS, [PICTURE], OUTPUTS, CONSTANTS)
tensor = model.graph.initializer[2]
tensor.ClearField("raw_data")
tensor.data_location = TensorProto.EXTERNAL
for key, value in [("location", "../../etc/passwd"), ("length", "128")]:
    tensor.external_data.add(key=key, value=value)
(HERE / "external-data.onnx").write_bytes(model.SerializeToString())
save(
    "custom-operator",
    [helper.make_node("Own", ["x"], ["scores"], domain="com.example"), MEANS[3]],
    [PICTURE],
    OUTPUTS,
    CONSTANTS[2:],
    [("", 17), ("com.example", 1)],
)
save(
    "compiled",
    [
        helper.make_node(
            "EPContext", ["x"], ["scores", "distances"], domain="com.microsoft", ep_cache_context=b"\x7fELF"
        )
    ],
    [PICTURE],
    OUTPUTS,
    (),
    [("", 17), ("com.microsoft", 1)],
)

# Oriented boxes as Ultralytics exports them, with its notes: a ship, the same ship a little worse, which
# ProbIoU suppresses, a plane over the ship, which is of another class, and a ship at the edge.
boxes = np.zeros((1, 7, 84), np.float32)
for box, values in enumerate(
    [
        (24, 32, 28, 10, 0.0, 0.9, 0.5),
        (25, 32, 28, 10, 0.0, 0.8, 0.55),
        (24, 32, 16, 16, 0.7, 0.0, 0.0),
        (60, 48, 20, 6, 0.0, 0.6, 2.2),
    ]
):
    boxes[0, :, box] = values
save(
    "oriented",
    [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
        helper.make_node("Add", ["zero", "boxes"], ["output0"]),
    ],
    [("images", F32, [1, 3, 64, 64])],
    [("output0", F32, [1, 7, 84])],
    [("nothing", np.zeros((), np.float32)), ("boxes", boxes)],
    notes={"task": "obb", "stride": "32", "imgsz": "[64, 64]", "names": "{0: 'plane', 1: 'ship'}"},
)

# Faces as YuNet gives them, for 64 x 64: one, the same a little worse, and one across the right edge.
FACES = {(kind, stride): np.zeros((1, (64 // stride) ** 2, columns), np.float32)
         for kind, columns in [("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)] for stride in (8, 16, 32)}
for stride, cell, score, box, points in [
    (16, 5, 0.9, (24, 24, 24, 32), (16, 16, 32, 16, 24, 24, 18, 32, 30, 32)),
    (16, 6, 0.8, (25.6, 24, 24, 32), (17, 16, 33, 16, 25, 24, 19, 32, 31, 32)),
    (32, 1, 0.7, (57.6, 16, 16, 24), (54, 12, 66, 12, 60, 18, 55, 24, 65, 24)),
]:
    corner = np.array([cell % (64 // stride), cell // (64 // stride)])
    box, points = np.array(box) / stride, np.array(points).reshape(5, 2) / stride
    FACES["cls", stride][0, cell], FACES["obj", stride][0, cell] = score**2, 1
    FACES["bbox", stride][0, cell] = [*(box[:2] - corner), *np.log(box[2:])]
    FACES["kps", stride][0, cell] = (points - corner).flatten()
save(
    "faces",
    [
        helper.make_node("ReduceMean", ["input"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
        *[helper.make_node("Add", ["zero", f"{k}s_{s}"], [f"{k}_{s}"]) for k, s in FACES],
    ],
    [("input", F32, [1, 3, 64, 64])],
    [(f"{k}_{s}", F32, list(v.shape)) for (k, s), v in FACES.items()],
    [("nothing", np.zeros((), np.float32)), *[(f"{k}s_{s}", v) for (k, s), v in FACES.items()]],
)

# A classifier whose answers are known by hand: means of blocks of 8 x 8 are its features, their means over the picture
# times weights are its scores. Class 0 is the mean of red, class 1 the mean of green and blue, class 2 knows nothing.
WEIGHTS = np.array([[1, 0, 0], [0, 0.5, 0.5], [0, 0, 0]], np.float32)
save(
    "explained",
    [
        helper.make_node("AveragePool", ["x"], ["features"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("GlobalAveragePool", ["features"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["means"]),
        helper.make_node("Gemm", ["means", "weights", "bias"], ["scores"], transB=1),
    ],
    [("x", F32, ["n", 3, 32, 32])],
    [("scores", F32, ["n", 3]), ("features", F32, ["n", 3, 4, 4])],
    [("weights", WEIGHTS), ("bias", np.array([0, 0, 0.01], np.float32))],
)
