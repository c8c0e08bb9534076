"""Reads a VOC folder as py-faster-rcnn's voc_eval does (whole numbers, counted from 1), prints what it holds."""

import pathlib
import sys
import xml.etree.ElementTree as ET

root = pathlib.Path(sys.argv[1])
for file in sorted(root.rglob("*.xml")):
    tree = ET.parse(file)
    size = [int(tree.find("size").find(side).text) for side in ("width", "height", "depth")]
    objects = []
    for thing in tree.findall("object"):
        box = thing.find("bndbox")
        corners = [int(box.find(name).text) for name in ("xmin", "ymin", "xmax", "ymax")]
        assert 1 <= corners[0] <= corners[2] <= size[0] and 1 <= corners[1] <= corners[3] <= size[1], corners
        assert int(thing.find("difficult").text) == 0 and int(thing.find("truncated").text) == 0
        assert thing.find("pose").text == "Unspecified"
        objects.append(f"{thing.find('name').text} {corners}")
    print(file.relative_to(root), tree.find("folder").text, tree.find("filename").text, size, *objects, sep=" | ")
