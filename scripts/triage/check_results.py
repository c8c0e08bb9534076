#!/usr/bin/env python3
"""Reads the DICOM results of a triage run with pydicom and highdicom.

    check_results.py RUN_FOLDER STUDIES

Prints a JSON line a file of RUN_FOLDER/private/dicom: what it says of patient, study, source and findings, and whether that is
what the originals below STUDIES say.
"""

import json
import pathlib
import sys

import highdicom
import pydicom


def codes(items):
    return {item.ConceptNameCodeSequence[0].CodeMeaning: item for item in items}


def of_report(path, dataset):
    report = highdicom.sr.srread(path)
    groups = report.content.get_image_measurement_groups()
    found = []
    for group in groups:
        items = codes(group[0].ContentSequence)
        numbers = {
            m.name.meaning: float(m.value) for m in group.get_measurements()
        }
        detected = {e.name.meaning: e.value.meaning for e in group.get_qualitative_evaluations()}
        found.append({
            "algorithm": [items["Algorithm Name"].TextValue, items["Algorithm Version"].TextValue],
            "comment": items["Comment"].TextValue,
            "numbers": numbers,
            "detected": detected,
            "source": items["Source of Measurement"].ReferencedSOPSequence[0].ReferencedSOPInstanceUID,
        })
    evidence = dataset.CurrentRequestedProcedureEvidenceSequence[0]
    return {"groups": found, "evidence": evidence.StudyInstanceUID}


def of_capture(dataset):
    source = dataset.SourceImageSequence[0].ReferencedSOPInstanceUID
    return {"source": source, "size": [dataset.Columns, dataset.Rows], "mean": float(dataset.pixel_array.mean())}


def main():
    originals = {}
    for path in pathlib.Path(sys.argv[2]).rglob("*.dcm"):
        original = pydicom.dcmread(path, stop_before_pixels=True)
        originals[original.SOPInstanceUID] = original
    for path in sorted((pathlib.Path(sys.argv[1]) / "private/dicom").rglob("*.dcm")):
        dataset = pydicom.dcmread(path)
        is_report = dataset.Modality == "SR"
        said = of_report(path, dataset) if is_report else of_capture(dataset)
        source = said["groups"][0]["source"] if is_report else said["source"]
        original = originals[source]
        same = [
            dataset.get(keyword) == original.get(keyword)
            for keyword in ("PatientName", "PatientID", "PatientBirthDate", "StudyInstanceUID", "StudyDate", "AccessionNumber")
        ]
        new = dataset.SOPInstanceUID != original.SOPInstanceUID and dataset.SeriesInstanceUID != original.SeriesInstanceUID
        print(json.dumps({
            "file": path.name, "modality": dataset.Modality, "same": all(same), "new": new,
            "title": dataset.SeriesDescription, "uid": dataset.SOPInstanceUID, **said,
        }))


main()
