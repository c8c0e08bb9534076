"""What the peers share: preparing with cv2 and decoding the outputs of four families with NumPy.

Written from the definitions of the families (docs/families.md), not from `vision`'s code, so that finding the
same boxes means something.
"""

import cv2
import numpy as np

CONF, IOU, MOST = 0.25, 0.6, 300


def letterbox(picture, size, centred):
    height, width = picture.shape[:2]
    gain = min(size / width, size / height)
    content = [max(1, round(side * gain) if centred else int(side * gain)) for side in (width, height)]
    resized = cv2.resize(picture, content, interpolation=cv2.INTER_LINEAR)
    left = round((size - content[0]) / 2 - 0.1) if centred else 0
    top = round((size - content[1]) / 2 - 0.1) if centred else 0
    canvas = np.full((size, size, 3), 114, np.uint8)
    canvas[top:top + content[1], left:left + content[0]] = resized
    return canvas, (left, top, content[0] / width, content[1] / height)


def softmax(values):
    values = np.exp(values - values.max(-1, keepdims=True))
    return values / values.sum(-1, keepdims=True)


def suppressed(boxes, scores, classes):
    """Class-wise NMS over boxes as [x1, y1, x2, y2]."""
    kept = scores >= CONF
    boxes, scores, classes = boxes[kept], scores[kept], classes[kept]
    if not len(boxes):
        return []
    sides = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
    keep = cv2.dnn.NMSBoxesBatched(sides.tolist(), scores.tolist(), classes.tolist(), CONF, IOU)
    keep = sorted(np.array(keep).reshape(-1), key=lambda n: -scores[n])[:MOST]
    return [[*(float(v) for v in boxes[n]), float(scores[n]), int(classes[n])] for n in keep]


class Nanodet:
    """nanodet-g: stretched, BGR, distances as distributions over 11 bins, three strides in mixed order."""

    def __init__(self, size):
        self.size = size
        self.mean = np.array([103.53, 116.28, 123.675], np.float32)
        self.std = np.array([57.375, 57.12, 58.395], np.float32)

    def prepare(self, picture):
        height, width = picture.shape[:2]
        resized = cv2.resize(picture, (self.size, self.size), interpolation=cv2.INTER_LINEAR)
        tensor = ((resized.astype(np.float32) - self.mean) / self.std).transpose(2, 0, 1)[None]
        return {None: np.ascontiguousarray(tensor)}, (width / self.size, height / self.size)

    def decode(self, outputs, scale):
        boxes, scores, classes = [], [], []
        for stride in (8, 16, 32):
            side = -(-self.size // stride)
            cells = [o[0] for o in outputs if o.shape[1] == side * side]
            score = next(o for o in cells if o.shape[1] == 80)
            bins = next(o for o in cells if o.shape[1] == 44)
            best = score.argmax(1)
            kept = np.flatnonzero(score[np.arange(len(score)), best] >= CONF)
            distance = softmax(bins[kept].reshape(-1, 4, 11)) @ np.arange(11, dtype=np.float32) * stride
            x, y = (kept % side + 0.5) * stride, (kept // side + 0.5) * stride
            boxes.append(np.stack([x - distance[:, 0], y - distance[:, 1], x + distance[:, 2], y + distance[:, 3]], 1))
            scores.append(score[kept, best[kept]])
            classes.append(best[kept])
        boxes = np.concatenate(boxes).clip(0, self.size) * np.array([*scale, *scale], np.float32)
        return suppressed(boxes, np.concatenate(scores), np.concatenate(classes))


class Yolox:
    """yolox: padded at the right and below, BGR 0..255, offsets to a grid."""

    def __init__(self, size):
        self.size = size
        grids = []
        for stride in (8, 16, 32):
            side = size // stride
            y, x = np.mgrid[:side, :side]
            grids.append(np.stack([x.ravel(), y.ravel(), np.full(side * side, stride)], 1))
        self.grid = np.concatenate(grids).astype(np.float32)

    def prepare(self, picture):
        canvas, back = letterbox(picture, self.size, centred=False)
        return {None: np.ascontiguousarray(canvas.transpose(2, 0, 1)[None], np.float32)}, (back, picture.shape)

    def decode(self, outputs, back):
        ((_, _, gain_x, gain_y), shape) = back
        rows = outputs[0][0]
        best = rows[:, 5:].argmax(1)
        scores = rows[:, 4] * rows[np.arange(len(rows)), 5 + best]
        kept = scores >= CONF
        rows, grid = rows[kept], self.grid[kept]
        centre = (rows[:, :2] + grid[:, :2]) * grid[:, 2:]
        half = np.exp(rows[:, 2:4]) * grid[:, 2:] / 2
        boxes = np.concatenate([centre - half, centre + half], 1) / np.array([gain_x, gain_y] * 2, np.float32)
        limits = np.array([shape[1], shape[0]] * 2, np.float32)
        return suppressed(np.minimum(boxes.clip(0), limits), scores[kept], best[kept])


class Yolov8:
    """yolov8: letterboxed, RGB / 255, [1, 84, cells] of centre, size and scores."""

    def __init__(self, size):
        self.size = size

    def prepare(self, picture):
        canvas, back = letterbox(picture, self.size, centred=True)
        tensor = canvas[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255
        return {None: np.ascontiguousarray(tensor)}, (back, picture.shape)

    def decode(self, outputs, back):
        ((left, top, gain_x, gain_y), shape) = back
        rows = outputs[0][0]
        best = rows[4:].argmax(0)
        scores = rows[4:].max(0)
        kept = scores >= CONF
        x, y, width, height = rows[:4, kept]
        boxes = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], 1)
        boxes = (boxes - np.array([left, top] * 2)) / np.array([gain_x, gain_y] * 2)
        limits = np.array([shape[1], shape[0]] * 2)
        return suppressed(np.minimum(boxes.clip(0), limits), scores[kept], best[kept])


class Deim:
    """deimv2: stretched, RGB / 255, boxes final in pixels of the size that is given beside."""

    def __init__(self, size):
        self.size = size

    def prepare(self, picture):
        height, width = picture.shape[:2]
        resized = cv2.resize(picture, (self.size, self.size), interpolation=cv2.INTER_LINEAR)
        tensor = resized[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255
        sizes = np.array([[width, height]], np.int64)
        return {"images": np.ascontiguousarray(tensor), "orig_target_sizes": sizes}, (width, height)

    def decode(self, outputs, size):
        labels, boxes, scores = (output[0] for output in outputs)
        kept = scores >= CONF
        limits = np.array([*size, *size], np.float32)
        boxes = np.minimum(boxes[kept].clip(0), limits)
        found = zip(boxes.tolist(), scores[kept].tolist(), labels[kept].tolist())
        return sorted(([*box, score, int(label)] for box, score, label in found), key=lambda b: -b[4])


FAMILIES = {"nanodet": Nanodet, "yolox": Yolox, "yolov8": Yolov8, "deim": Deim}
