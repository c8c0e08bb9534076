"""Large versions of a folder of photos: 12 megapixels each. Deterministic.

    python large.py FOLDER OUT [LABELS [NOISE]]

With the folder's labels in COCO's format they are written to OUT.json, scaled. NOISE is the standard deviation, in grey
levels, of noise as a camera's sensor adds it (2 is a phone in good light); without, the pictures are smooth.
"""

import json
import pathlib
import sys

import cv2
import numpy as np

PIXELS = 12_000_000


def main():
    source, out = map(pathlib.Path, sys.argv[1:3])
    out.mkdir(parents=True, exist_ok=True)
    gains = {}
    noise = float(sys.argv[4]) if len(sys.argv) > 4 else 0.0
    random = np.random.default_rng(12)
    for file in sorted(source.glob("*.jpg")):
        picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
        height, width = picture.shape[:2]
        gain = (PIXELS / (width * height)) ** 0.5
        size = (round(width * gain), round(height * gain))
        gains[file.name] = (size[0] / width, size[1] / height)
        large = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
        large += random.standard_normal(large.shape[:2], np.float32)[:, :, None] * noise
        cv2.imwrite(str(out / file.name), large.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])
    if len(sys.argv) > 3:
        labels = json.loads(pathlib.Path(sys.argv[3]).read_text())
        pathlib.Path(f"{out}.json").write_text(json.dumps(scaled(labels, gains)))


def scaled(labels, gains):
    by_id = {}
    for image in labels["images"]:
        x, y = by_id[image["id"]] = gains[image["file_name"]]
        image["width"], image["height"] = round(image["width"] * x), round(image["height"] * y)
    for thing in labels["annotations"]:
        x, y = by_id[thing["image_id"]]
        thing["bbox"] = [v * g for v, g in zip(thing["bbox"], (x, y, x, y))]
        # Small, medium and large stay what they are: sizes of the original.
        thing.pop("segmentation", None)
    return labels


if __name__ == "__main__":
    main()
