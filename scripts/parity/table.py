#!/usr/bin/env python3
"""docs/parity.md from the cases and from what the test measured (`VISION_PARITY_NUMBERS`).

    scripts/parity/table.py <folder of numbers>
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEAD = """# Parity

Every family of detectors of things and of faces against code that is not ours, one row a case. `tests/parity/main.rs` measures it with
each `cargo test`; the cases in `tests/parity` and the scripts that made them ([how](../scripts/parity/README.md))
are part of the repository. Measured with ONNX Runtime 1.32.0 on an x86-64 CPU with AVX-512 VNNI.

- **Boxes, pixels, score**: the same output tensors in. Boxes compared one to one (same class, same count),
  the largest difference of a coordinate in pixels of the photo, and of a score. Allowed: 1 pixel, 0.001.
  Of oriented boxes, corners are compared.
- **Preparation**: the same photo in. Mean difference of the input tensor from the one of the reference's own
  preparation, in parts of 255 of the pixels' range. Allowed: 1/255.
- **Found**: the nine sample photos through the program with the real model; how many of the reference's boxes
  over 0.3 are among ours with an IoU of 0.9 or more and the same class.
- **AP**: of 64 photos of COCO val2017 by pycocotools, scores over 0.001: ours, and the reference's on the same
  photos. Allowed: 0.003.

Rows marked *random* rest on random weights, drawn maps or drawn outputs: no trained weights of that family
were at hand. They compare the reading of outputs and the preparation, and nothing of detection.

| family | case | weights | boxes | pixels | score | preparation /255 | found | AP ours | AP reference |
|---|---|---|---|---|---|---|---|---|---|
"""


def number(folder, case, what, key, form):
    path = folder / f"{case['family']}-{case['name']}-{what}.json"
    return form.format(json.loads(path.read_text())[key]) if path.is_file() else "–"


def row(folder, case):
    boxes = lambda key, form: number(folder, case, "boxes", key, form)
    mean = number(folder, case, "preparation", "mean", "{}")
    found = number(folder, case, "samples", "matched", "{:.1%}")
    of = number(folder, case, "samples", "boxes", "{}")
    return " | ".join([
        f"| {case['family']}", case["name"], case["weights"], boxes("pairs", "{}"), boxes("pixels", "{:.3f}"),
        boxes("score", "{:.6f}"), mean if mean == "–" else f"{float(mean) * 255:.3f}",
        found if found == "–" else f"{found} of {of}", number(folder, case, "ap", "ours", "{:.4f}"),
        f"{case['ap']:.4f} |" if "ap" in case else "– |",
    ])


FACES = """
## Faces

Boxes, pixels (of boxes and of the five points), score and preparation as above. **Found**: the sample photos and the 40 of
64 photos that show people, through `vision faces` with the real model: the share of the reference's faces over 0.3 and of
10 pixels or more that are among ours with an IoU of 0.9 or more (allowed: 0.99), the least IoU of those, and the largest distance of one of
their points as a share of the box's mean side (allowed: 0.05).

| family | case | boxes | pixels | score | preparation /255 | found | least IoU | points apart |
|---|---|---|---|---|---|---|---|---|
"""


def face_row(folder, case):
    boxes = lambda key, form: number(folder, case, "boxes", key, form)
    faces = lambda key, form: number(folder, case, "faces", key, form)
    mean = number(folder, case, "preparation", "mean", "{}")
    points = faces("apart", "{:.4f}") if "landmarks" in case["detections"][0] else "–"
    return " | ".join([
        f"| {case['family']}", case["name"], boxes("pairs", "{}"), boxes("pixels", "{:.3f}"), boxes("score", "{:.6f}"),
        mean if mean == "–" else f"{float(mean) * 255:.3f}", f"{faces('matched', '{:.1%}')} of {faces('boxes', '{}')}",
        faces("iou", "{:.4f}"), f"{points} |",
    ])


def main():
    folder = pathlib.Path(sys.argv[1])
    cases = []
    for path in sorted((ROOT / "tests/parity").glob("*/*/case.json")):
        cases.append({**json.loads(path.read_text()), "name": path.parent.name})
    print(HEAD + "\n".join(row(folder, case) for case in cases if "people" not in case))
    print(FACES + "\n".join(face_row(folder, case) for case in cases if "people" in case))
    print("\n## References and models\n\n| case | reference | model | made by |\n|---|---|---|---|")
    for case in cases:
        name = f"{case['family']}/{case['name']}"
        print(f"| {name} | {case['reference']} | {case['model']} | `{case['made_by']}` |")
    print("\n" + (ROOT / "scripts/parity/notes.md").read_text().rstrip())


if __name__ == "__main__":
    main()
