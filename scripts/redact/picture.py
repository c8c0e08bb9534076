#!/usr/bin/env python3
"""The README's picture of redaction: three photos of the samples, each covered in another way.

    for effect in solid pixelate blur; do vision redact samples/photos --effect $effect --no-audit --out run-$effect; done
    scripts/redact/picture.py run docs/images/redact.jpg

Needs Pillow (scripts/requirements.txt).
"""

import pathlib
import sys

from PIL import Image

PANELS = [("solid", "opera.jpg", (70, 100, 730, 600)), ("pixelate", "admiral.jpg", None), ("blur", "astronaut.jpg", None)]
SIDE, GAP = 400, 8


def main():
    run, target = sys.argv[1:3]
    panels = []
    for effect, name, box in PANELS:
        photo = Image.open(pathlib.Path(f"{run}-{effect}") / "images" / name).convert("RGB")
        photo = photo.crop(box) if box else photo
        panels.append(photo.resize((round(photo.width * SIDE / photo.height), SIDE), Image.LANCZOS))
    sheet = Image.new("RGB", (sum(p.width for p in panels) + GAP * (len(panels) - 1), SIDE), "white")
    x = 0
    for panel in panels:
        sheet.paste(panel, (x, 0))
        x += panel.width + GAP
    sheet.save(target, quality=86)


if __name__ == "__main__":
    main()
