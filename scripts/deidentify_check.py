#!/usr/bin/env python3
"""Compares what `vision dicom deidentify` wrote with pydicom and two de-identifiers of others.

    deidentify_check.py RUN_FOLDER FILE...

FILE are the originals, all with names of their own. Prints a JSON line a written file: `left` are elements that dicom-anonymizer (edition
2026c) or dicognito changes and that still have their value; `wrong` is anything else that is not as PS3.15 asks or not
as it was. A last line tells about UIDs over all files.
"""

import copy
import csv
import json
import pathlib
import sys
import warnings

import dicognito.anonymizer
import numpy
import pydicom
import pydicom.config
from dicomanonymizer import anonymize_dataset
from dicomanonymizer.simpledicomanonymizer import initialize_actions
from pydicom.pixels import pixel_array

warnings.simplefilter("ignore")


def elements(dataset, path=()):
    """Every element that is no sequence: its place and its value in words."""
    for element in dataset:
        here = (*path, f"{element.tag.group:04X}{element.tag.element:04X}")
        if element.VR == "SQ":
            for number, item in enumerate(element.value):
                yield from elements(item, (*here, number))
        elif element.tag != 0x7FE00010:
            yield here, str(element.value)


def is_of_reference(place):
    """Whether it names a class or a purpose within the two sequences of references that X/Z/U* lets stay."""
    kept = ("00080016", "00081150", "00080100", "00080102", "00080104")
    return place[0] in ("00081140", "00082112") and place[-1] in kept


def flat(dataset):
    found = dict(elements(dataset))
    found.update({("meta", *place): value for place, value in elements(getattr(dataset, "file_meta", {}))})
    return found


def changed(original, by):
    """Places whose value another de-identifier takes away, with that value."""
    before, other = flat(original), copy.deepcopy(original)
    by(other)
    after = flat(other)
    return {place: value for place, value in before.items() if value.strip("'[] ") and after.get(place) != value}


def anonymizer(dataset):
    anonymize_dataset(dataset, base_rules_gen=lambda: initialize_actions("dicomfields_2026c"))


def cognito(dataset):
    dicognito.anonymizer.Anonymizer(seed="x").anonymize(dataset)


def pixels(path):
    try:
        return pixel_array(path, raw=True)
    except Exception as error:
        return type(error).__name__


def wrong(path, original, dataset):
    """What is not as it has to be."""
    if path.read_bytes()[:128] != bytes(128):
        yield "the preamble holds something"
    if dataset.file_meta.MediaStorageSOPInstanceUID != dataset.SOPInstanceUID:
        yield "the UID of the file meta information is another"
    if dataset.get("PatientIdentityRemoved") != "YES" or dataset.get("LongitudinalTemporalInformationModified") != "REMOVED":
        yield "it does not say that it is de-identified"
    codes = dataset.get("DeidentificationMethodCodeSequence", [])
    if [code.CodeValue for code in codes][:1] != ["113100"] or not dataset.get("DeidentificationMethod"):
        yield "it does not say how"
    for place, _ in elements(dataset):
        groups = [int(tag[:4], 16) for tag in place if isinstance(tag, str)]
        if any(group % 2 or 0x5000 <= group <= 0x50FF or 0x6000 <= group <= 0x60FF for group in groups):
            yield f"{place} is private, a curve or an overlay"
    if dataset.file_meta.TransferSyntaxUID != original.file_meta.get("TransferSyntaxUID", dataset.file_meta.TransferSyntaxUID):
        yield "its transfer syntax is another"


def same_pixels(before_path, after_path, before, after):
    one, other = pixels(before_path), pixels(after_path)
    if isinstance(one, str):
        # What pydicom cannot decode: as they are stored, but for what is beside the pixels.
        return len(before.PixelData) == len(after.PixelData)
    return not isinstance(other, str) and numpy.array_equal(one, other)


def main():
    run, originals = pathlib.Path(sys.argv[1]), {pathlib.Path(name).name: pathlib.Path(name) for name in sys.argv[2:]}
    uids, back = {}, {}
    with open(run / "private/crosswalk.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        before_path, after_path = originals[pathlib.Path(row["path"]).name], run / row["file"]
        before, after = pydicom.dcmread(before_path, force=True), pydicom.dcmread(after_path)
        here, left = flat(after), {}
        for name, by in (("dicom-anonymizer", anonymizer), ("dicognito", cognito)):
            try:
                gone = changed(before, by)
            except Exception as error:
                left[name] = f"failed: {error!r}"
                continue
            left[name] = [[*map(str, place), value] for place, value in gone.items()
                          if here.get(place) == value and not is_of_reference(place)]
        problems = list(wrong(after_path, before, after))
        if not same_pixels(before_path, after_path, before, after):
            problems.append("its pixels are others")
        del before.file_meta  # Some originals have another instance there than in the data set.
        for place, uid in flat(before).items():
            other = here.get(place)
            if place[-1] in KINDS and other:
                uids.setdefault(uid, set()).add(other)
                back.setdefault(other, set()).add(uid)
        print(json.dumps({"file": before_path.name, "left": left, "wrong": problems}))
    several = [uid for uid, others in {**uids, **back}.items() if len(others) != 1]
    shared = sum(len(rows) for rows in uids.values())
    print(json.dumps({"files": len(rows), "uids": shared, "several": several}))


# Study, series, instance, referenced instance, frame of reference.
KINDS = ("0020000D", "0020000E", "00080018", "00081155", "00200052")

if __name__ == "__main__":
    main()
