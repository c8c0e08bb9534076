"""Writes random data sets with results (boxes, masks, keypoints) into tests/golden/eval, and what
pycocotools says of them into tests/golden/eval/expected.json.

    python make_eval.py

Needs pycocotools, numpy, pillow. Nothing in the data is real.
"""

import contextlib
import io
import json
import os

import numpy as np
from PIL import Image, ImageDraw
from pycocotools import mask as masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "eval")
random = np.random.default_rng(20240229)


def rounded(values, digits=2):
    return [round(float(v), digits) for v in values]


def images(count, width, height):
    """Ids with gaps and out of order, as COCO's are."""
    ids = random.permutation(np.arange(1, 10 * count, 7))[:count]
    return [{"id": int(i), "file_name": f"{i:012d}.jpg", "width": width, "height": height} for i in ids]


def score():
    """Few digits, so that scores tie."""
    return round(float(random.beta(1.2, 1.5)), 2)


def box(image):
    side = 10 ** random.uniform(0.7, 2.35, size=2)
    width, height = np.minimum(side, [image["width"] - 2, image["height"] - 2])
    x, y = random.uniform(0, image["width"] - width), random.uniform(0, image["height"] - height)
    return np.array([x, y, width, height])


def boxes():
    truth = {"images": images(16, 320, 240), "annotations": [],
             "categories": [{"id": i, "name": n} for i, n in
                            [(1, "cat"), (3, "dog"), (17, "red bus"), (44, "bird"), (90, "unused")]]}
    results = []
    for image in truth["images"]:
        for _ in range(random.integers(0, 9)):
            category = int(random.choice([1, 1, 1, 3, 3, 17]))
            shape = box(image)
            crowd = int(random.random() < 0.12)
            truth["annotations"].append({
                "id": len(truth["annotations"]) + 1, "image_id": image["id"], "category_id": category,
                "bbox": rounded(shape), "iscrowd": crowd,
                "area": round(float(shape[2] * shape[3] * random.uniform(0.5, 1.0)), 2)})
            for _ in range(random.choice([0, 1, 1, 2, 4])):
                jittered = shape + np.tile(shape[2:], 2) * random.normal(0, 0.09, size=4)
                other = int(random.choice([category] * 5 + [3, 44]))
                results.append({"image_id": image["id"], "category_id": other,
                                "bbox": rounded(np.append(jittered[:2], np.maximum(jittered[2:], 1))),
                                "score": score()})
        for _ in range(random.integers(0, 6)):
            results.append({"image_id": image["id"], "category_id": int(random.choice([1, 3, 17, 44])),
                            "bbox": rounded(box(image)), "score": score()})
    # More than 100 of one class in one picture: the limit counts.
    image = truth["images"][3]
    for _ in range(130):
        results.append({"image_id": image["id"], "category_id": 1, "bbox": rounded(box(image), 1), "score": score()})
    return truth, results


def blob(centre, radius, points=9):
    angles = np.sort(random.uniform(0, 2 * np.pi, size=points))
    spread = radius * random.uniform(0.6, 1.1, size=points)
    return np.stack([centre[0] + spread * np.cos(angles), centre[1] + spread * np.sin(angles)], axis=1)


def drawn(polygon, image):
    canvas = Image.new("L", (image["width"], image["height"]))
    ImageDraw.Draw(canvas).polygon([tuple(point) for point in polygon.tolist()], fill=1)
    return np.asarray(canvas)


def runs(canvas):
    """RLE as a list of counts, column by column, beginning with zeros."""
    flat = canvas.flatten(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    return ([0] if flat[0] else []) + [int(c) for c in counts]


def mask_data():
    truth = {"images": images(18, 260, 200), "annotations": [],
             "categories": [{"id": 2, "name": "leaf"}, {"id": 5, "name": "stone"}]}
    results = []
    for image in truth["images"]:
        for _ in range(random.integers(1, 6)):
            centre, radius = random.uniform([0, 0], [260, 200]), 10 ** random.uniform(0.6, 2.0)
            polygons = [blob(centre, radius) for _ in range(random.choice([1, 1, 2]))]
            crowd = int(random.random() < 0.15)
            parts = [p.flatten().tolist() for p in polygons]
            joined = masks.merge(masks.frPyObjects(parts, 200, 260))
            segmentation = [rounded(p) for p in parts]
            if crowd:
                segmentation = {"size": [200, 260], "counts": runs(masks.decode(joined))}
            category = int(random.choice([2, 5]))
            truth["annotations"].append({
                "id": len(truth["annotations"]) + 1, "image_id": image["id"], "category_id": category,
                "segmentation": segmentation, "iscrowd": crowd, "area": float(masks.area(joined)),
                "bbox": rounded(masks.toBbox(joined))})
            for _ in range(random.choice([0, 1, 1, 2])):
                moved = polygons[0] + random.normal(0, radius * 0.05, size=2)
                canvas = drawn(moved, image)
                if not canvas.any():
                    continue
                rle = masks.encode(np.asfortranarray(canvas))
                results.append({"image_id": image["id"], "category_id": int(random.choice([category, category, 2])),
                                "segmentation": {"size": [200, 260], "counts": rle["counts"].decode()},
                                "score": score()})
    return truth, results


def keypoints():
    names = [f"point {i}" for i in range(17)]
    truth = {"images": images(20, 400, 300), "annotations": [],
             "categories": [{"id": 1, "name": "person", "keypoints": names, "skeleton": []}]}
    results = []
    for image in truth["images"]:
        for _ in range(random.integers(0, 5)):
            shape = box(image)
            shape[2:] = np.maximum(shape[2:], 25)
            seen = random.choice([0, 1, 2], size=17, p=[0.3, 0.2, 0.5])
            if random.random() < 0.15:
                seen[:] = 0
            points = shape[:2] + shape[2:] * random.random((17, 2))
            stored = np.column_stack([np.where(seen[:, None] > 0, points, 0).round(), seen])
            truth["annotations"].append({
                "id": len(truth["annotations"]) + 1, "image_id": image["id"], "category_id": 1,
                "bbox": rounded(shape), "area": round(float(shape[2] * shape[3] * 0.6), 2), "iscrowd": 0,
                "keypoints": [int(v) for v in stored.flatten()], "num_keypoints": int((seen > 0).sum())})
            for _ in range(random.choice([0, 1, 1, 2])):
                noise = random.normal(0, np.sqrt(shape[2] * shape[3]) * random.uniform(0.01, 0.12), size=(17, 2))
                found = np.column_stack([points + noise, np.ones(17)])
                results.append({"image_id": image["id"], "category_id": 1, "score": score(),
                                "keypoints": rounded(found.flatten(), 1)})
        for _ in range(random.integers(0, 2)):
            found = np.column_stack([random.uniform(0, 300, size=(17, 2)), np.ones(17)])
            results.append({"image_id": image["id"], "category_id": 1, "score": score(),
                            "keypoints": rounded(found.flatten(), 1)})
    return truth, results


def mean(values):
    """pycocotools' mean; None where it says -1."""
    values = values[values > -1]
    return float(values.mean()) if values.size else None


def metrics(evaluation, k):
    precision, recall = evaluation.eval["precision"][:, :, k], evaluation.eval["recall"][:, k]
    limits, ious = evaluation.params.maxDets, evaluation.params.iouThrs
    sizes = [{"all": "all", "small": "s", "medium": "m", "large": "l"}[a] for a in evaluation.params.areaRngLbl]
    at = lambda iou: np.isclose(ious, iou)
    out = {"AP": mean(precision[..., 0, -1]), "AP50": mean(precision[at(0.5)][..., 0, -1]),
           "AP75": mean(precision[at(0.75)][..., 0, -1])}
    out |= {f"AP{s}": mean(precision[..., a, -1]) for a, s in enumerate(sizes) if a}
    if evaluation.params.iouType == "keypoints":
        out |= {"AR": mean(recall[..., 0, -1]), "AR50": mean(recall[at(0.5)][..., 0, -1]),
                "AR75": mean(recall[at(0.75)][..., 0, -1])}
    else:
        out |= {f"AR{limit}": mean(recall[..., 0, m]) for m, limit in enumerate(limits)}
    return out | {f"AR{s}": mean(recall[..., a, -1]) for a, s in enumerate(sizes) if a}


def measured(truth, results, kind, limits=None):
    """Metrics over all classes and by category id."""
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = json.loads(json.dumps(truth))
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(json.loads(json.dumps(results))), kind)
        if limits:
            evaluation.params.maxDets = limits
        evaluation.evaluate()
        evaluation.accumulate()
        if not limits:
            evaluation.summarize()
    everything = metrics(evaluation, slice(None))
    if not limits:
        stats = [None if s == -1 else s for s in evaluation.stats]
        assert all(a == b or abs(a - b) < 1e-12 for a, b in zip(everything.values(), stats)), (everything, stats)
    classes = {str(c): metrics(evaluation, slice(k, k + 1)) for k, c in enumerate(evaluation.params.catIds)}
    return {"metrics": everything, "classes": classes}


def main():
    expected = {}
    for name, (truth, results), kind in [("boxes", boxes(), "bbox"), ("masks", mask_data(), "segm"),
                                         ("keypoints", keypoints(), "keypoints")]:
        for part, value in [("truth", truth), ("results", results)]:
            with open(os.path.join(OUT, f"{name}-{part}.json"), "w") as file:
                json.dump(value, file, separators=(",", ":"))
                file.write("\n")
        expected[name] = measured(truth, results, kind)
        if name == "boxes":
            expected["boxes at most 20"] = measured(truth, results, kind, [1, 10, 20])
        if name == "masks":
            expected["masks as boxes"] = measured(truth, results, "bbox")
    with open(os.path.join(OUT, "expected.json"), "w") as file:
        json.dump(expected, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
