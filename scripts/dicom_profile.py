#!/usr/bin/env python3
"""Writes src/deidentify/basic-profile.tsv: the basic profile of DICOM PS3.15, table E.1-1, one element a line.

The facts are taken from PyPI's `dicom-anonymizer` 2.1.0 (BSD-3-Clause), whose dictionary follows edition 2026c of the
standard. Another edition: another version of the package, another module below.

    python3 -m venv /tmp/profile && /tmp/profile/bin/pip install dicom-anonymizer==2.1.0
    /tmp/profile/bin/python scripts/dicom_profile.py
"""

import importlib.metadata
import pathlib

from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table

EDITION = "2026c"
PACKAGE = ("dicom-anonymizer", "2.1.0")
TARGET = pathlib.Path(__file__).parents[1] / "src/deidentify/basic-profile.tsv"
ACTIONS = {
    "D": table.D_TAGS,
    "Z": table.Z_TAGS,
    "X": table.X_TAGS,
    "U": table.U_TAGS,
    "Z/D": table.Z_D_TAGS,
    "X/Z": table.X_Z_TAGS,
    "X/D": table.X_D_TAGS,
    "X/Z/D": table.X_Z_D_TAGS,
    "X/Z/U*": table.X_Z_U_STAR_TAGS,
}


def written(tag):
    """GGGGEEEE, with x for digits that do not matter."""
    digits = f"{tag[0]:04X}{tag[1]:04X}"
    if len(tag) == 2:
        return digits
    mask = f"{tag[2]:04X}{tag[3]:04X}"
    return "".join(digit if known == "F" else "x" for digit, known in zip(digits, mask))


def main():
    found = importlib.metadata.version(PACKAGE[0])
    assert found == PACKAGE[1], f"{PACKAGE[0]} {found} is installed, {PACKAGE[1]} is meant"
    rows = sorted((written(tag), action) for action, tags in ACTIONS.items() for tag in tags)
    assert len({tag for tag, _ in rows}) == len(rows), "an element has two actions"
    head = [
        f"# DICOM PS3.15 {EDITION}, table E.1-1: the basic application level confidentiality profile.",
        f"# Written by scripts/dicom_profile.py from PyPI's {PACKAGE[0]} {PACKAGE[1]} (BSD-3-Clause).",
    ]
    TARGET.write_text("\n".join(head + [f"{tag}\t{action}" for tag, action in rows]) + "\n")
    print(f"{TARGET.name}: {len(rows)} elements")


main()
