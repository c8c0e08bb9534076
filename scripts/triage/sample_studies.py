#!/usr/bin/env python3
"""Makes samples/studies, four DICOM studies of nobody, and samples/disc, a model that finds a disc in them. A demonstration, no medicine.

    python3 -m venv /tmp/studies && /tmp/studies/bin/pip install numpy==2.4.6 pydicom==3.0.2 onnx==1.19.1
    /tmp/studies/bin/python scripts/triage/sample_studies.py

The pictures are drawn here: a soft background with noise, on some of them a bright disc or a bright square. The model is a
convolution with a disc less its surroundings, then the greatest value and a logistic curve, whose two numbers are fitted to
1000 drawn pictures by Newton's method. It knows discs of about one size and nothing else.
"""

import pathlib

import numpy as np
import onnx
import pydicom
from onnx import TensorProto, helper, numpy_helper
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

SAMPLES = pathlib.Path(__file__).parents[2] / "samples"
SIDE, RADIUS = 64, 6
DESCRIPTION = """\
name = "disc-64"
about = "a bright disc of about 12 pixels in pictures of 64 x 64, for demonstrations; it knows nothing of medicine"
task = "triage"
family = "triage"
labels = ["disc"]
[input]
size = [64, 64]
colour = "grey"
resize = "stretch"
[triage]
scores = "probabilities"
output = "prob"
[triage.accepts]
modality = ["DX"]
photometric = ["MONOCHROME1", "MONOCHROME2"]
min-size = [64, 64]
[triage.values]
source = "display"
from = [0.0, 1.0]
to = [0.0, 1.0]
[triage.findings.disc]
weight = 1.0
operating-point = 0.5
"""


def picture(random, shape):
    """64 x 64 values of 0 to 1; `shape` is "disc", "square" or None."""
    y, x = np.mgrid[:SIDE, :SIDE]
    values = 0.35 + 0.15 * np.sin(x / 17 + random.uniform(0, 6)) * np.cos(y / 23 + random.uniform(0, 6))
    cx, cy = random.uniform(12, SIDE - 12, 2)
    if shape == "disc":
        values += 0.3 * ((x - cx) ** 2 + (y - cy) ** 2 <= RADIUS**2)
    if shape == "square":
        values += 0.3 * (np.maximum(abs(x - cx), abs(y - cy)) <= 2)
    return np.clip(values + random.normal(0, 0.05, values.shape), 0, 1).astype(np.float32)


def kernel():
    """A disc less the ring around it; its sum is zero."""
    y, x = np.mgrid[-9:10, -9:10]
    distance = np.hypot(x, y)
    inner, ring = distance <= RADIUS, (distance > RADIUS + 1) & (distance <= 9)
    return (inner / inner.sum() - ring / ring.sum()).astype(np.float32)


def responses(pictures):
    """The greatest response of the kernel on each picture: what the model's convolution and maximum give."""
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (19, 19), axis=(1, 2))
    return np.einsum("nyxab,ab->nyx", windows, kernel()).max(axis=(1, 2))


def fitted(values, truth):
    """Slope and intercept of a logistic curve, with a little ridge so that they stay finite."""
    design, weights = np.stack([values, np.ones_like(values)], 1), np.zeros(2)
    ridge = np.diag([1e-3, 1e-6])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ weights))
        hessian = design.T @ (design * (p * (1 - p))[:, None]) + ridge
        weights -= np.linalg.solve(hessian, design.T @ (p - truth) + ridge @ weights)
    return weights


def model(slope, intercept):
    nodes = [
        helper.make_node("Conv", ["input", "kernel"], ["response"]),
        helper.make_node("GlobalMaxPool", ["response"], ["greatest"]),
        helper.make_node("Flatten", ["greatest"], ["flat"]),
        helper.make_node("Mul", ["flat", "slope"], ["scaled"]),
        helper.make_node("Add", ["scaled", "intercept"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["prob"]),
    ]
    numbers = {"kernel": kernel()[None, None], "slope": np.float32([slope]), "intercept": np.float32([intercept])}
    graph = helper.make_graph(
        nodes,
        "disc",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 1, SIDE, SIDE])],
        [helper.make_tensor_value_info("prob", TensorProto.FLOAT, ["n", 1])],
        [numpy_helper.from_array(value, name) for name, value in numbers.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def study(values, n, modality="DX"):
    """A file of 256 x 256 pixels of 12 bits, of a person who does not exist."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["sample instance", str(n)])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID = generate_uid(entropy_srcs=["sample study", str(n)])
    ds.SeriesInstanceUID = generate_uid(entropy_srcs=["sample series", str(n)])
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.PatientName, ds.PatientID = f"Sample{n}^Nobody", f"SAMPLE-{n:04}"
    ds.PatientBirthDate, ds.PatientSex, ds.AccessionNumber = "19000101", "O", f"SAMPLE{n:04}"
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = "20240101", "120000", str(n), "1", "1"
    ds.Modality, ds.BodyPartExamined, ds.ReferringPhysicianName = modality, "PHANTOM", ""
    ds.SamplesPerPixel, ds.Rows, ds.Columns = 1, 4 * SIDE, 4 * SIDE
    inverted = n % 2 == 0
    ds.PhotometricInterpretation = "MONOCHROME1" if inverted else "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth = "2048", "4096"
    ds.BurnedInAnnotation = "NO"
    stored = np.kron(np.rint(values * 4095), np.ones((4, 4)))
    ds.PixelData = (4095 - stored if inverted else stored).astype("<u2").tobytes()
    return ds


def main():
    random = np.random.default_rng(7)
    truth = np.arange(1000) % 2
    drawn = np.stack([picture(random, "disc" if disc else (None, "square")[n % 4 == 0]) for n, disc in enumerate(truth)])
    slope, intercept = fitted(responses(drawn), truth)
    fresh = np.stack([picture(random, "disc" if disc else (None, "square")[n % 4 == 0]) for n, disc in enumerate(truth)])
    right = ((slope * responses(fresh) + intercept > 0) == truth).mean()
    print(f"{right:.3f} of 1000 other pictures are told right")
    (SAMPLES / "disc").mkdir(exist_ok=True)
    onnx.save(model(slope, intercept), SAMPLES / "disc/disc.onnx")
    (SAMPLES / "disc/disc.toml").write_text(DESCRIPTION)
    kinds = [("1-disc", "disc", "DX"), ("2-plain", None, "DX"), ("3-square", "square", "DX"), ("4-refused", "disc", "MR")]
    for n, (name, shape, modality) in enumerate(kinds, 1):
        folder = SAMPLES / "studies" / name
        folder.mkdir(parents=True, exist_ok=True)
        study(picture(random, shape), n, modality).save_as(folder / "image.dcm", enforce_file_format=True)


main()
