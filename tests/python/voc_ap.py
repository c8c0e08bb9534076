"""Prints Pascal VOC's AP by class as JSON, after the rules of the VOC development kit.

    python voc_ap.py <folder of .xml> <COCO file with scores> [--edges] [--difficult]

Boxes are compared as the kit does: pixels counted from 1, last pixel included. With --edges the corners
of the .xml are taken as they stand, as many converters do; with
--difficult difficult objects are objects like others. Plain Python; shares no code with vision.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as ET


def truth(folder):
    """{class: {picture: [[box, difficult]]}}"""
    objects = {}
    for path in sorted(pathlib.Path(folder).glob("*.xml")):
        for node in ET.parse(path).getroot().iter("object"):
            box = [float(node.find("bndbox").find(k).text) for k in ("xmin", "ymin", "xmax", "ymax")]
            difficult = (node.findtext("difficult") or "0").strip() == "1" and "--difficult" not in sys.argv
            objects.setdefault(node.findtext("name"), {}).setdefault(path.stem, []).append([box, difficult])
    return objects


def overlap(a, b, pixel):
    width = min(a[2], b[2]) - max(a[0], b[0]) + pixel
    height = min(a[3], b[3]) - max(a[1], b[1]) + pixel
    if width <= 0 or height <= 0:
        return 0.0
    area = lambda box: (box[2] - box[0] + pixel) * (box[3] - box[1] + pixel)
    return width * height / (area(a) + area(b) - width * height)


def curve(objects, found, pixel):
    taken, right, wrong, points = set(), 0, 0, []
    count = sum(not difficult for boxes in objects.values() for _, difficult in boxes)
    for _, picture, box in sorted(found, key=lambda f: -f[0]):
        overlaps = [overlap(box, other, pixel) for other, _ in objects.get(picture, [])]
        best = max(range(len(overlaps)), key=overlaps.__getitem__, default=None)
        if best is not None and overlaps[best] >= 0.5:
            if objects[picture][best][1]:
                continue
            if (picture, best) in taken:
                wrong += 1
            else:
                right += 1
                taken.add((picture, best))
        else:
            wrong += 1
        points.append((right / count, right / (right + wrong)))
    return points


def ap_2007(points):
    return sum(max([p for r, p in points if r >= tenth / 10], default=0) for tenth in range(11)) / 11


def ap_2010(points):
    recall = [0.0] + [r for r, _ in points] + [1.0]
    precision = [0.0] + [p for _, p in points] + [0.0]
    for i in range(len(precision) - 2, -1, -1):
        precision[i] = max(precision[i], precision[i + 1])
    return sum((recall[i + 1] - recall[i]) * precision[i + 1] for i in range(len(recall) - 1))


def main():
    pixel = 0 if "--edges" in sys.argv else 1
    objects = truth(sys.argv[1])
    data = json.loads(pathlib.Path(sys.argv[2]).read_text())
    pictures = {image["id"]: pathlib.Path(image["file_name"]).stem for image in data["images"]}
    names = {category["id"]: category["name"] for category in data["categories"]}
    found = {}
    for a in data["annotations"]:
        x, y, width, height = a["bbox"]
        # Left edge x is the left edge of pixel x + 1 when pixels are counted from 1.
        box = [x + pixel, y + pixel, x + width, y + height]
        found.setdefault(names[a["category_id"]], []).append((a["score"], pictures[a["image_id"]], box))
    classes = {}
    for name, of_class in objects.items():
        if any(not difficult for boxes in of_class.values() for _, difficult in boxes):
            points = curve(of_class, found.get(name, []), pixel)
            classes[name] = [ap_2007(points), ap_2010(points)]
    means = [sum(ap[i] for ap in classes.values()) / len(classes) for i in (0, 1)]
    print(json.dumps({"mean": means, "classes": classes}))


if __name__ == "__main__":
    main()
