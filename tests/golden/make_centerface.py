"""Makes centerface-64x96.f32: `python tests/golden/make_centerface.py CENTERFACE [OPENED]` (onnx 1.23,
onnxruntime 1.32), beside this file.

CENTERFACE is the published file, whose header fixes 10x3x32x32. Its sizes are opened with Python's `onnx` and it
is run on a picture that the test makes again; all outputs are written one after another. With OPENED, the file as
`vision` opens it (tests/pull/published.rs leaves it in target/tmp), the two are also compared on random pictures of several sizes: to 1e-6.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

NAME = "input.1"
model = onnx.load(sys.argv[1])
for value in [*model.graph.input, *model.graph.output]:
    if value.name == NAME or value in model.graph.output:
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            if axis != 1:
                dim.dim_param = f"{value.name}_{axis}"


def session(content):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])


reference = session(model.SerializeToString())
channel, row, column = np.indices((3, 64, 96))
picture = ((channel * 31 + row * 5 + column * 7) % 256).astype(np.float32)[None]
outputs = reference.run(None, {NAME: picture})
content = b"".join(output.astype("<f4").tobytes() for output in outputs)
(Path(__file__).parent / "centerface-64x96.f32").write_bytes(content)

for opened in sys.argv[2:]:
    onnx.checker.check_model(onnx.load(opened))
    ours = session(opened)
    for seed, (batch, height, width) in enumerate([(1, 64, 96), (10, 32, 32), (2, 96, 160), (1, 480, 640)]):
        picture = np.random.default_rng(seed).uniform(0, 255, (batch, 3, height, width)).astype(np.float32)
        found, expected = ours.run(None, {NAME: picture}), reference.run(None, {NAME: picture})
        worst = [float(np.abs(a - b).max()) for a, b in zip(found, expected, strict=True)]
        print(picture.shape, [a.shape for a in found], worst)
        assert max(worst) <= 1e-6 and all(np.abs(b).max() > 0 for b in expected)
