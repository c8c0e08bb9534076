"""Maps and faithfulness in plain Python, to compare with the program's: numpy, Pillow and onnxruntime only.

    reference.py JOB.json

The job names a model, a picture that is as large as the model's input (so nothing is resized), how the picture becomes
a tensor, the settings, and the .npy files of the program. Prints, as JSON, the greatest difference of each map and the
faithfulness found here. docs/explain.md is the recipe.
"""

import json
import math
import sys

import numpy as np
import onnxruntime as ort
from PIL import Image

JOB = json.load(open(sys.argv[1]))
SET = JOB["settings"]
U64 = np.uint64


def unit(seed, first, count):
    """Numbers first, first + 1, ... of SplitMix64 begun with seed, as multiples of 2^-24."""
    with np.errstate(over="ignore"):
        z = U64(seed) + U64(0x9E3779B97F4A7C15) * (np.arange(first, first + count, dtype=U64) + U64(1))
        z = (z ^ (z >> U64(30))) * U64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> U64(27))) * U64(0x94D049BB133111EB)
        z = z ^ (z >> U64(31))
    return (z >> U64(40)).astype(np.float64) / 2.0**24


def weights(side, grid, shift):
    """A matrix [side, grid]: how much each cell is worth at each pixel."""
    cell = math.ceil(side / grid)
    at = np.arange(side) + math.floor(shift * cell) + 0.5
    at = np.clip(at * grid / ((grid + 1) * cell) - 0.5, 0, grid - 1)
    # A hat of width 1 around each cell's number.
    return np.maximum(0.0, 1.0 - np.abs(at[:, None] - np.arange(grid)[None]))


def field(seed, k, grid, height, width, keep=None):
    numbers = unit(seed, k * (grid * grid + 2), grid * grid + 2)
    cells = numbers[: grid * grid].reshape(grid, grid)
    if keep is not None:
        cells = (cells < keep).astype(np.float64)
    rows, columns = weights(height, grid, numbers[-2]), weights(width, grid, numbers[-1])
    return (rows @ cells @ columns.T).astype(np.float32)


def blurred(plane):
    sigma = max(max(plane.shape) / 32, 0.5)
    reach = math.ceil(2 * sigma)
    kernel = np.exp(-np.arange(-reach, reach + 1) ** 2 / (2 * sigma**2))
    kernel /= kernel.sum()
    for axis in (1, 0):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (reach, reach)
        padded = np.pad(plane, pad, mode="edge")
        plane = sum(w * np.take(padded, range(n, n + plane.shape[axis]), axis) for n, w in enumerate(kernel))
    return plane


# --- the picture as planes [channels, height, width], and back to the model's tensor ----------------------
pixels = np.asarray(Image.open(JOB["picture"]).convert("L" if JOB.get("grey") else "RGB"), np.float32)
planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
if JOB.get("bgr"):
    planes = planes[::-1]
mean, std = (np.float32(JOB[key]).reshape(-1, 1, 1) for key in ("mean", "std"))
planes = ((planes - mean) / std).astype(np.float32)
CHANNELS, HEIGHT, WIDTH = planes.shape

options = ort.SessionOptions()
options.intra_op_num_threads = 1
session = ort.InferenceSession(JOB["model"], options, providers=["CPUExecutionProvider"])
NAME = session.get_inputs()[0].name


def run(picture):
    if JOB.get("nhwc"):
        picture = picture.transpose(1, 2, 0)
    if JOB.get("u8"):
        picture = np.rint(picture).astype(np.uint8)
    return session.run(JOB["outputs"], {NAME: picture[None]})


# --- what the model sees of a target ------------------------------------------------------------------------
def boxes(output):
    """YOLOX: corners, objectness and classes of every cell (demo_utils.py: demo_postprocess)."""
    rows, cells = output[0], []
    for stride in (8, 16, 32):
        y, x = np.divmod(np.arange((HEIGHT // stride) * (WIDTH // stride)), WIDTH // stride)
        cells.append(np.stack([x, y, np.full_like(x, stride)], 1))
    cells = np.concatenate(cells).astype(np.float32)
    centre = (rows[:, :2] + cells[:, :2]) * cells[:, 2:]
    size = np.exp(rows[:, 2:4]) * cells[:, 2:]
    return np.concatenate([centre - size / 2, centre + size / 2], 1), rows[:, 4], rows[:, 5:]


def iou(a, b):
    low, high = np.maximum(a[:2], b[:, :2]), np.minimum(a[2:], b[:, 2:])
    common = np.clip(high - low, 0, None).prod(1)
    areas = (a[2:] - a[:2]).prod() + (b[:, 2:] - b[:, :2]).prod(1)
    return common / (areas - common)


def things():
    """The proposal nearest to each box that the program explains."""
    corners, objectness, classes = boxes(run(planes)[0])
    return [(np.float32(box), classes[np.argmax(iou(np.float32(box), corners))]) for box in JOB["boxes"]]


TARGETS = things() if "boxes" in JOB else JOB["classes"]


def scores(picture):
    outputs = run(picture)
    if "boxes" not in JOB:
        row = outputs[0].reshape(-1).astype(np.float32) * np.float32(JOB.get("scale", 1))
        return [float(row[target]) for target in TARGETS]
    corners, objectness, classes = boxes(outputs[0])
    found = []
    for box, own in TARGETS:
        lengths = np.linalg.norm(classes, axis=1) * np.linalg.norm(own)
        found.append(float((iou(box, corners) * (classes @ own / lengths) * objectness).max()))
    return found


def masked(mask, other):
    return planes * mask + other * (np.float32(1) - mask)


BASELINES = {
    "zero": np.zeros_like(planes),
    "mean": np.broadcast_to(planes.mean((1, 2), keepdims=True), planes.shape),
    "blur": np.stack([blurred(plane) for plane in planes]).astype(np.float32),
}


# --- the methods ------------------------------------------------------------------------------------------------
def rise():
    other, total, shown = BASELINES[SET["baseline"]], 0.0, 0.0
    for k in range(SET["masks"]):
        mask = field(SET["seed"], k, SET["grid"], HEIGHT, WIDTH, SET["keep"])
        total = total + np.multiply.outer(scores(masked(mask, other)), mask.astype(np.float64))
        shown = shown + mask.astype(np.float64)
    return total / shown


def occlusion():
    other, (patch, stride) = BASELINES[SET["baseline"]], (SET["patch"], SET["stride"])
    base = np.array(scores(planes))
    total, count = np.zeros((len(base), HEIGHT, WIDTH)), np.zeros((HEIGHT, WIDTH))

    def begins(side):
        starts = [0]
        while starts[-1] + patch < side:
            starts.append(starts[-1] + stride)
        return starts

    for y in begins(HEIGHT):
        for x in begins(WIDTH):
            mask = np.ones((HEIGHT, WIDTH), np.float32)
            mask[y : y + patch, x : x + patch] = 0
            fall = base - np.array(scores(masked(mask, other)))
            total[:, y : y + patch, x : x + patch] += fall[:, None, None]
            count[y : y + patch, x : x + patch] += 1
    return total / count


def cam():
    """An output of one map, scaled up between the middles of cells."""
    small = np.asarray(run(planes)[1], np.float64).reshape(JOB["cells"])

    def up(side, cells):
        at = np.clip((np.arange(side) + 0.5) * cells / side - 0.5, 0, cells - 1)
        return np.maximum(0.0, 1.0 - np.abs(at[:, None] - np.arange(cells)[None]))

    return (up(HEIGHT, small.shape[0]) @ small @ up(WIDTH, small.shape[1]).T)[None]


def areas(map_):
    """Insertion and deletion of each target."""
    steps = SET["faithfulness"]["steps"]
    order = np.argsort(-map_.reshape(-1), kind="stable")
    insertion, deletion = [], []
    for step in range(steps + 1):
        gone = order[: step * order.size // steps]
        mask = np.zeros(order.size, np.float32)
        mask[gone] = 1
        mask = mask.reshape(HEIGHT, WIDTH)
        insertion.append(scores(masked(mask, BASELINES["blur"])))
        deletion.append(scores(masked(1 - mask, BASELINES["zero"])))
    area = lambda curve: np.trapezoid(np.array(curve), dx=1 / steps, axis=0)
    return area(insertion), area(deletion)


maps = {"rise": rise, "drise": rise, "occlusion": occlusion, "cam": cam}[JOB["method"]]()
theirs = [np.load(path) for path in JOB["arrays"]]
told = {"differences": [float(np.abs(a - b).max()) for a, b in zip(maps, theirs, strict=True)]}
told["spans"] = [float(np.ptp(a)) for a in maps]
if "faithfulness" in SET:
    # By the program's own maps: where two pixels are as good as equal, the order hangs on the last digit.
    own = [areas(map_) for map_ in theirs]
    told["insertion"] = [float(a[0][n]) for n, a in enumerate(own)]
    told["deletion"] = [float(a[1][n]) for n, a in enumerate(own)]
    seed = SET["faithfulness"]["seed"] ^ 0xFFFFFFFFFFFFFFFF
    noise = [field(seed, n, SET["faithfulness"]["grid"], HEIGHT, WIDTH) for n in range(SET["faithfulness"]["random"])]
    curves = [areas(map_) for map_ in noise]
    told["random_insertion"] = np.mean([c[0] for c in curves], axis=0).tolist()
    told["random_deletion"] = np.mean([c[1] for c in curves], axis=0).tolist()
print(json.dumps(told))
