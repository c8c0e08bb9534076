#!/usr/bin/env python3
"""The README's picture of faces: the annotated astronaut, and crops beside it.

    vision faces samples/photos --crops --out run
    scripts/faces_picture.py run docs/images/faces.jpg

Needs Pillow (scripts/requirements.txt).
"""

import pathlib
import sys

from PIL import Image

CROPS = ["admiral.jpg/001", "astronaut.jpg/001", "opera.jpg/001", "opera.jpg/002", "opera.jpg/004", "opera.jpg/006"]
SIDE, GAP = 512, 8


def main():
    folder, target = map(pathlib.Path, sys.argv[1:3])
    photo = Image.open(folder / "images/astronaut.jpg").convert("RGB")
    side = (SIDE - 2 * GAP) // 3
    sheet = Image.new("RGB", (photo.width + 2 * (side + GAP), SIDE), "white")
    sheet.paste(photo, (0, 0))
    for number, name in enumerate(CROPS):
        crop = Image.open(folder / "crops" / f"{name}-face.jpg").convert("RGB").resize((side, side), Image.LANCZOS)
        column, row = number % 2, number // 2
        sheet.paste(crop, (photo.width + GAP + column * (side + GAP), row * (side + GAP)))
    sheet.save(target, quality=88)


if __name__ == "__main__":
    main()
