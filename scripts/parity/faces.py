"""Cases of face detectors: one photo's outputs, and what the reference finds in the sample photos and in the photos
with people of the shared test data. Boxes are cut to the frame; landmarks are [x, y] five times, as they are."""

import json
import pathlib
import sys

import cv2
import numpy as np

import common

# Small and not square; the limit that the picture is scaled down to where its size is the model's.
PREPARED = [128, 96]
# What `vision` scales larger pictures down to; none of the photos here is larger.
LIMIT = [1280, 1280]
PERSON = 1


class Reference:
    """How one package or published definition finds faces. Pictures are RGB uint8 [height, width, 3]."""

    text = ""  # package, version and functions
    order = "rgb"  # of the model's channels
    mean, std = [0.0] * 3, [1.0] * 3

    def prepare(self, picture, size):
        """float32 [1, 3, height, width]; `size` = [width, height] is the model's, or a limit."""
        raise NotImplementedError

    def outputs(self, picture, size):
        """Named raw outputs, with what is far below any threshold set to 0, so that they compress."""
        raise NotImplementedError

    def faces(self, picture, conf):
        """[x1, y1, x2, y2, score, landmarks or None] of each face of a photo."""
        raise NotImplementedError

    def read(self, outputs, picture, conf):
        """The same of outputs, where the reference can be given them."""
        return self.faces(picture, conf)


def within(picture, limit, multiple=32):
    """Size that a picture is scaled down to, and that of the input, as [width, height]."""
    height, width = picture.shape[:2]
    gain = min(limit[0] / width, limit[1] / height, 1)
    content = [max(round(width * gain), 1), max(round(height * gain), 1)]
    return content, [-(-side // multiple) * multiple for side in content]


def written(faces, picture):
    """For the file: best first."""
    height, width = picture.shape[:2]
    limits = np.array([width, height, width, height])

    def entry(face):
        found = {"box": [round(float(v), 3) for v in np.clip(np.asarray(face[:4], float), 0, limits)],
                 "class": 0, "score": round(float(face[4]), 6)}
        points = face[5]
        if points is not None:
            found["landmarks"] = [[round(float(v), 3) for v in p] for p in np.asarray(points).reshape(5, 2)]
        return found

    return [entry(face) for face in sorted(faces, key=lambda face: -face[4])]


def people():
    """Photos of the shared data that show people."""
    truth = common.shared("photos/coco64/instances.json")
    data = json.loads(truth.read_text())
    shown = {a["image_id"] for a in data["annotations"] if a["category_id"] == PERSON}
    names = [pathlib.Path(i["file_name"]).name for i in data["images"] if i["id"] in shown]
    return {name: truth.parent / "images" / name for name in sorted(names)}


def read(path):
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def all_faces(reference, photos):
    found = {name: written(reference.faces(read(path), common.SHOWN), read(path)) for name, path in photos.items()}
    return {name: faces for name, faces in found.items() if faces}


def case(reference, family, name, model, path, photo, size, conf, iou, **more):
    """Writes tests/parity/<family>/<name>; `model` is a file of the shared data, or the name in the catalogue
    with pull=True."""
    picture = common.photo(photo)
    outputs = common.halved(reference.outputs(picture, size))
    found = reference.read(common.as_given(outputs), picture, conf)
    facts = {
        "model": model, "weights": "trained", "reference": reference.text,
        "made_by": f"scripts/parity/{pathlib.Path(sys.argv[0]).name}",
        "photo": f"samples/photos/{photo}", "frame": [picture.shape[1], picture.shape[0]], "size": size,
        "header": common.header(path), "conf": conf, "iou": iou,
        "detections": written(found, picture),
        "prepared": {"size": PREPARED, "order": reference.order, "layout": "nchw",
                     "mean": list(reference.mean), "std": list(reference.std)},
        "samples": all_faces(reference, {p.name: p for p in common.PHOTOS}),
        "people": all_faces(reference, people()), **more,
    }
    tensor = reference.prepare(picture, PREPARED)[0].transpose(1, 2, 0)
    pixels = np.clip(np.rint(tensor * np.array(reference.std) + np.array(reference.mean)), 0, 255).astype(np.uint8)
    common.write(family, name, facts, outputs, pixels)
    count = [sum(map(len, facts[key].values())) for key in ("samples", "people")]
    print(f"  {count} faces in the sample photos and the photos with people")
