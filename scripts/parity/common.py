"""What the scripts of this folder share: how a case of tests/parity is written.

A case is a folder tests/parity/<family>/<case>/ with
- case.json: the model's header, the frame, thresholds, and what the reference found,
- outputs.npz: the model's raw outputs, the same for both sides,
- prepared.png: the photo as the reference's own preparation makes it, before normalisation.
Boxes are [x1, y1, x2, y2] in pixels of the frame, cut to it.
"""

import json
import os
import pathlib
import tempfile

import cv2
import numpy as np
import onnx
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "parity"
PHOTOS = sorted((ROOT / "samples" / "photos").iterdir())
ELEMENTS = {1: "f32", 2: "u8", 6: "i32", 7: "i64", 10: "f16"}
# Metadata that say nothing of how to read a model, and change with every export.
UNREAD = {"description", "author", "date", "license", "docs"}
# Least score of the boxes that are compared end to end.
SHOWN = 0.3


def shared(relative):
    """A file of the shared test data, which is not part of the project."""
    return pathlib.Path(os.environ.get("VISION_SHARED", ROOT.parent / "shared")) / "data" / relative


def photo(name):
    """RGB, uint8 [height, width, 3]."""
    return cv2.cvtColor(cv2.imread(str(ROOT / "samples/photos" / name)), cv2.COLOR_BGR2RGB)


def header(path):
    """Inputs, outputs and metadata as the test builds its header from."""
    model = onnx.load(path, load_external_data=False)
    weights = {t.name for t in model.graph.initializer}

    def value(v):
        kind = v.type.tensor_type
        axes = [d.dim_value or d.dim_param or None for d in kind.shape.dim]
        return {"name": v.name, "element": ELEMENTS[kind.elem_type], "shape": axes}

    return {
        "producer": f"{model.producer_name} {model.producer_version}".strip(),
        "inputs": [value(v) for v in model.graph.input if v.name not in weights],
        "outputs": [value(v) for v in model.graph.output],
        "probabilities": [v.name for v in model.graph.output if squashed(model.graph, v.name)],
        "metadata": {p.key: p.value for p in model.metadata_props if p.key not in UNREAD},
    }


# What moves, chooses or joins numbers without changing them.
MOVES = set("Cast DequantizeLinear Expand Flatten Gather GatherElements GatherND Identity MaxPool QuantizeLinear "
            "ReduceMax Reshape Slice Split Squeeze TopK Transpose Unsqueeze".split())


def squashed(graph, output):
    """Whether some numbers of an output come from a sigmoid or softmax with nothing after it."""
    makers = {name: node for node in graph.node for name in node.output}
    seen, open_names = set(), [output]
    while open_names:
        name = open_names.pop()
        node = makers.get(name)
        if node is None or name in seen or (node.op_type == "TopK" and name != node.output[0]):
            continue
        seen.add(name)
        if node.op_type in ("Sigmoid", "Softmax", "HardSigmoid"):
            return True
        if node.op_type in ("Concat", "Max"):
            open_names += node.input
        elif node.op_type in MOVES:
            open_names.append(node.input[0])
    return False


def scratch(name, content):
    """A file that is not kept."""
    path = pathlib.Path(tempfile.mkdtemp()) / f"{name}.onnx"
    path.write_bytes(content)
    return path


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(model, tensors):
    """Named outputs of a session for named inputs."""
    names = [o.name for o in model.get_outputs()]
    return dict(zip(names, model.run(names, tensors)))


def halved(outputs):
    """Floats rounded to float16 and kept so: half the bytes, and the reference sees the same numbers."""
    return {n: v.astype(np.float16) if v.dtype.kind == "f" else v for n, v in outputs.items()}


def as_given(outputs):
    """What both sides are fed: the stored numbers, floats as float32."""
    return {n: v.astype(np.float32) if v.dtype.kind == "f" else v for n, v in outputs.items()}


def suppress(boxes, scores, limit):
    """Greedy non-maximum suppression; indices kept, best first. A box goes when its IoU is over `limit`."""
    order, kept = list(np.argsort(-scores, kind="stable")), []
    while order:
        best = order.pop(0)
        kept.append(best)
        order = [i for i in order if iou(boxes[best], boxes[i]) <= limit]
    return kept


def iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared_area = max(width, 0) * max(height, 0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared_area
    return shared_area / union if union > 0 else 0.0


def by_class(boxes, scores, classes, conf, limit):
    """(box, class, score) after suppression within each class, best first."""
    found = []
    for index in np.unique(classes[scores >= conf]):
        of_class = np.flatnonzero((classes == index) & (scores >= conf))
        kept = of_class[suppress(boxes[of_class], scores[of_class], limit)]
        found += [(boxes[i], int(index), float(scores[i])) for i in kept]
    return sorted(found, key=lambda found: -found[2])


def clipped(found, frame):
    """Boxes cut to the frame, rounded for the file."""
    width, height = frame
    limits = np.array([width, height, width, height])
    return [
        {
            "box": [round(float(v), 3) for v in np.clip(np.asarray(box)[:4], 0, limits)],
            "class": int(index),
            "score": round(float(score), 6),
        }
        for box, index, score in found
    ]


def write(family, name, facts, outputs, picture=None):
    """`outputs` as fed to both sides; `picture` uint8 [height, width, 3] in the model's channel order."""
    folder = CASES / family / name
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "outputs.npz", **outputs)
    if picture is not None:
        cv2.imwrite(str(folder / "prepared.png"), picture[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    (folder / "case.json").write_text(lines({"family": family, **facts}) + "\n")
    size = sum(f.stat().st_size for f in (CASES / family).rglob("*") if f.is_file())
    print(f"{family}/{name}: {len(facts['detections'])} detections; the family has {size / 1e3:.0f} kB")


def lines(value, depth=0):
    """JSON with what is short on one line: a detection, a value of the header."""
    text = json.dumps(value, ensure_ascii=False)
    if depth > 0 and len(text) <= 110 or not isinstance(value, (dict, list)):
        return text
    pad = " " * (depth + 1)
    if isinstance(value, dict):
        parts = [f"{pad}{json.dumps(k, ensure_ascii=False)}: {lines(v, depth + 1)}" for k, v in value.items()]
    else:
        parts = [pad + lines(v, depth + 1) for v in value]
    start, end = "{}" if isinstance(value, dict) else "[]"
    return start + "\n" + ",\n".join(parts) + "\n" + " " * depth + end
