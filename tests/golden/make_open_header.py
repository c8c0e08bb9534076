"""Makes onnx_header/{fixed,open}.onnx: `python tests/golden/make_open_header.py` (onnx 1.23), beside this file.

A convolution whose header fixes 10x3x32x32, and the same file with what the header says about sizes changed by
Python's `onnx`: what src/onnx/rewrite.rs is compared with, byte for byte.
"""

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent / "onnx_header"
F32 = TensorProto.FLOAT

weights = np.random.default_rng(7).normal(size=(2, 3, 4, 4)).astype(np.float32)
info = helper.make_tensor_value_info
graph = helper.make_graph(
    [
        helper.make_node("Conv", ["x", "w"], ["c"], strides=[4, 4]),
        helper.make_node("Relu", ["c"], ["map"]),
        helper.make_node("GlobalAveragePool", ["map"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["row"]),
    ],
    "fixed",
    # Old exporters list weights among the inputs.
    [info("x", F32, [10, 3, 32, 32]), info("w", F32, [2, 3, 4, 4])],
    [info("map", F32, [10, 2, 8, 8]), info("row", F32, [10, 2])],
    [numpy_helper.from_array(weights, "w")],
    value_info=[info("c", F32, [10, 2, 8, 8]), info("pooled", F32, [10, 2, 1, 1])],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
HERE.mkdir(exist_ok=True)
(HERE / "fixed.onnx").write_bytes(model.SerializeToString())

shape = model.graph.input[0].type.tensor_type.shape
for axis in (0, 2, 3):
    shape.dim[axis].Clear()
shape.dim[3].dim_param = "width"
for output, kept in zip(model.graph.output, ({1}, set())):
    for axis, dim in enumerate(output.type.tensor_type.shape.dim):
        if axis not in kept:
            dim.Clear()
model.graph.ClearField("value_info")
(HERE / "open.onnx").write_bytes(model.SerializeToString())
