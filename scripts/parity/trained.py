"""Cases of models with real weights, from the shared test data: one photo's outputs, what the
reference finds in the sample photos, and its average precision on the labelled photos."""

import contextlib
import io
import json
import pathlib
import sys

import cv2
import numpy as np

import common

sys.path.insert(0, str(common.ROOT / "scripts"))
# Small, and not square, so that width and height cannot be mixed up unnoticed.
PREPARED = [128, 80]
# COCO's 80 classes number 1..90 with gaps; these are the gaps.
GAPS = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
IDS = [i for i in range(1, 91) if i not in GAPS]


class Reference:
    """How one package or published definition runs a model. Pictures are RGB uint8 [height, width, 3]."""

    text = ""  # package, version and functions
    order = "rgb"  # of the model's channels
    mean, std = [0.0] * 3, [1.0] * 3
    weak = 0.2  # cells whose best score is below are set to 0 in what is stored; less than any `conf`

    def prepare(self, picture, size):
        """float32 [1, 3, height, width] for `size` = [width, height]."""
        raise NotImplementedError

    def detections(self, outputs, frame, size, conf, iou):
        """(box in the frame, class, score) of the outputs by name."""
        raise NotImplementedError

    def thin(self, outputs):
        """Outputs with what is far below any threshold set to 0, so that they compress."""
        return outputs

    def tensors(self, model, picture, size):
        """Named inputs for a session."""
        first = model.get_inputs()[0]
        tensor = self.prepare(picture, size)
        return {first.name: tensor.astype(np.float16) if "float16" in first.type else tensor}

    def find(self, model, picture, size, conf, iou):
        outputs = common.as_given(common.run(model, self.tensors(model, picture, size)))
        frame = [picture.shape[1], picture.shape[0]]
        return common.clipped(self.detections(outputs, frame, size, conf, iou), frame)

    def pixels(self, picture, size):
        """uint8 [height, width, 3] in the model's channel order, from the reference's own tensor."""
        tensor = self.prepare(picture, size)[0].transpose(1, 2, 0)
        pixels = tensor * np.array(self.std) + np.array(self.mean)
        rounded = np.clip(np.rint(pixels), 0, 255)
        assert np.abs(rounded - pixels).max() < 0.02, "not whole pixels: mean or std is another one"
        return rounded.astype(np.uint8)


def case(reference, family, name, file, photo, size, conf, iou, published, **more):
    """Writes tests/parity/<family>/<name> for a model of the shared data, whose table gives an average
    precision: `published` = (value, least score that it was measured with)."""
    path = common.shared(f"models/{file}")
    model = common.session(path)
    picture = common.photo(photo)
    frame = [picture.shape[1], picture.shape[0]]
    outputs = common.run(model, reference.tensors(model, picture, size))
    outputs = common.halved(reference.thin(outputs))
    found = reference.detections(common.as_given(outputs), frame, size, conf, iou)
    samples = {p.name: reference.find(model, common.photo(p.name), size, common.SHOWN, iou) for p in common.PHOTOS}
    facts = {
        "model": file, "weights": "trained", "reference": reference.text,
        "made_by": f"scripts/parity/{pathlib.Path(sys.argv[0]).name}",
        "photo": f"samples/photos/{photo}", "frame": frame, "size": size,
        "header": common.header(path), "conf": conf, "iou": iou,
        "detections": common.clipped(found, frame),
        "prepared": {"size": PREPARED, "order": reference.order, "layout": "nchw",
                     "mean": list(reference.mean), "std": list(reference.std)},
        "samples": {name: found for name, found in samples.items() if found},
        "ap": average_precision(reference, model, size, iou),
        "published": {"ap": published[0], "conf": published[1]}, **more,
    }
    common.write(family, name, facts, outputs, reference.pixels(picture, PREPARED))
    print(f"  {sum(map(len, samples.values()))} boxes in the sample photos, AP {facts['ap']}")


def average_precision(reference, model, size, iou):
    """By pycocotools on the labelled photos, all boxes over 0.001, at most 100 a photo."""
    import coco_ap

    truth = common.shared("photos/coco64/instances.json")
    results = []
    for image in json.loads(truth.read_text())["images"]:
        path = truth.parent / "images" / coco_ap.base_name(image["file_name"])
        picture = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        for found in reference.find(model, picture, size, 0.001, iou)[:100]:
            x1, y1, x2, y2 = found["box"]
            results.append({"image_id": image["id"], "category_id": IDS[found["class"]],
                            "bbox": [x1, y1, x2 - x1, y2 - y1], "score": found["score"]})
    with contextlib.redirect_stdout(io.StringIO()):
        return round(float(coco_ap.average_precision(truth, results)[0]), 4)
