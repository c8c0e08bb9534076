"""Wraps PneumoniaMNIST's test pictures as DICOM studies, with their labels and a plain onnxruntime run beside them.

    pneumonia_dicom.py PNEUMONIA.npz MODEL.onnx FOLDER [COUNT]

Writes FOLDER/studies/NNNN.dcm with made-up people, FOLDER/labels.csv, FOLDER/model.onnx with its description, and
FOLDER/reference.json: the AUC of the same model in plain Python.
"""

import csv
import json
import pathlib
import shutil
import sys

import numpy as np
import onnxruntime
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

DESCRIPTION = """\
name = "pneumonia-28"
about = "pneumonia in chest radiographs of 28 x 28 pixels; plumbing, not for clinical use"
task = "triage"
family = "triage"
labels = ["pneumonia"]
[input]
size = [28, 28]
colour = "grey"
resize = "stretch"
[triage]
scores = "probabilities"
output = "prob"
[triage.accepts]
modality = ["CR", "DX"]
body-part = ["CHEST"]
view = ["PA", "AP"]
min-size = [28, 28]
[triage.values]
source = "display"
from = [0.0, 1.0]
to = [-1.0, 1.0]
[triage.findings.pneumonia]
weight = 1.0
operating-point = 0.5
"""


def auc(scores, truth):
    """Share of pairs in order, ties counted half."""
    positive, negative = scores[truth == 1], scores[truth == 0]
    pairs = positive[:, None] - negative[None, :]
    return float(((pairs > 0) + 0.5 * (pairs == 0)).mean())


def study(pixels, n):
    """A radiograph of a person who does not exist; every other one is MONOCHROME1."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["instance", str(n)])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
    ds.SOPClassUID = meta.MediaStorageSOPClassUID
    ds.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID = generate_uid(entropy_srcs=["study", str(n)])
    ds.SeriesInstanceUID = generate_uid(entropy_srcs=["series", str(n)])
    ds.PatientName = f"Mustermann{n:04}^Erika"
    ds.PatientID = f"PAT-{n:06}"
    ds.AccessionNumber = f"ACC{n:07}"
    ds.PatientBirthDate, ds.StudyDate, ds.StudyTime = "19700102", "20240304", "101500"
    ds.Modality, ds.BodyPartExamined, ds.ViewPosition = "CR", "CHEST", "PA"
    ds.SamplesPerPixel, ds.Rows, ds.Columns = 1, *pixels.shape
    ds.PhotometricInterpretation = "MONOCHROME1" if n % 2 else "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = (255 - pixels if n % 2 else pixels).tobytes()
    return ds


def main():
    data, model, folder = np.load(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    count = int(sys.argv[4]) if len(sys.argv) > 4 else None
    images, truth = data["test_images"][:count], data["test_labels"][:count, 0]
    (folder / "studies").mkdir(parents=True, exist_ok=True)
    with open(folder / "labels.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "pneumonia"])
        for n, pixels in enumerate(images):
            study(pixels, n).save_as(folder / "studies" / f"{n:04}.dcm", enforce_file_format=True)
            table.writerow([f"{n:04}.dcm", int(truth[n])])
    shutil.copyfile(model, folder / "model.onnx")
    (folder / "model.toml").write_text(DESCRIPTION)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    tensor = ((images[:, None].astype(np.float32) / 255) - 0.5) / 0.5
    scores = session.run(["prob"], {"input": tensor})[0][:, 0]
    said = scores >= 0.5
    reference = {
        "pydicom": pydicom.__version__,
        "auc": auc(scores, truth),
        "sensitivity": float(said[truth == 1].mean()),
        "specificity": float((~said)[truth == 0].mean()),
        "scores": [float(score) for score in scores],
    }
    (folder / "reference.json").write_text(json.dumps(reference))


main()
