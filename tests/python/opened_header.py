"""Compares a model whose header was opened by `vision` with one that Python's `onnx` makes of the original.

`python opened_header.py ORIGINAL OPENED INPUT`: both run on the same random pictures of several sizes; exits with
1 when outputs differ by more than 1e-6.
"""

import sys

import numpy as np
import onnx
import onnxruntime

original, opened, name = sys.argv[1:]
model = onnx.load(original)
for value in [*model.graph.input, *model.graph.output]:
    if value.name == name or value in model.graph.output:
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            if axis != 1:
                dim.dim_param = f"{value.name}_{axis}"
model.graph.ClearField("value_info")
onnx.checker.check_model(onnx.load(opened))

options = onnxruntime.SessionOptions()
options.log_severity_level = 3
providers = ["CPUExecutionProvider"]
ours = onnxruntime.InferenceSession(opened, options, providers)
theirs = onnxruntime.InferenceSession(model.SerializeToString(), options, providers)
for number, (batch, height, width) in enumerate([(1, 64, 96), (1, 32, 32), (2, 96, 160)]):
    picture = np.random.default_rng(number).uniform(0, 255, (batch, 3, height, width)).astype(np.float32)
    found, expected = ours.run(None, {name: picture}), theirs.run(None, {name: picture})
    for ours_is, theirs_is, output in zip(found, expected, ours.get_outputs(), strict=True):
        assert ours_is.shape == theirs_is.shape, (output.name, ours_is.shape, theirs_is.shape)
        worst = float(np.abs(ours_is - theirs_is).max())
        print(output.name, ours_is.shape, worst)
        assert ours_is.size > 0 and np.abs(theirs_is).max() > 0 and worst <= 1e-6, (output.name, worst)
