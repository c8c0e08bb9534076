#!/usr/bin/env python3
"""CenterNet: not on PyPI, and no weights at hand. Maps drawn at random, read by torch as the published
`ctdet_decode` and `ctdet_post_process` (xingyizhou/CenterNet, MIT) say. Its own preparation is an affine map that samples half a
pixel off when it shrinks, which is not copied: docs/parity.md."""

import numpy as np
import torch

import common

CLASSES, SIZE, PHOTO = 6, [128, 96], "cows.jpg"


def drawn(random):
    """Bumps on a low ground, as a trained heat map has them; logits."""
    columns, rows = SIZE[0] // 4, SIZE[1] // 4
    heat = random.normal(-6, 0.7, (CLASSES, rows, columns))
    y, x = np.mgrid[:rows, :columns]
    for _ in range(45):
        at_x, at_y = random.integers(0, columns), random.integers(0, rows)
        bump = random.uniform(4, 10) * np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / random.uniform(1, 6))
        heat[random.integers(0, CLASSES)] += bump
    return {
        "hm": heat[None], "wh": random.uniform(0.5, 9, (1, 2, rows, columns)),
        "reg": random.uniform(0, 1, (1, 2, rows, columns)),
    }


def corner_map(frame, size):
    """The affine map of get_affine_transform from a frame onto `size`, which its longer side fills."""
    gain = min(size[0] / frame[0], size[1] / frame[1])
    shift = [(side - gain * of) / 2 for side, of in zip(size, frame)]
    return np.array([[gain, 0, shift[0]], [0, gain, shift[1]]])


def ctdet(outputs, frame, conf, most=100):
    maps = {n: torch.from_numpy(v) for n, v in outputs.items()}
    heat = maps["hm"].sigmoid()
    peaks = heat * (torch.nn.functional.max_pool2d(heat, 3, stride=1, padding=1) == heat)
    scores, places = peaks.flatten().topk(most)
    rows, columns = heat.shape[2:]
    classes, cells = places // (rows * columns), places % (rows * columns)
    offset, extent = (maps[n].flatten(2)[0].T[cells] for n in ("reg", "wh"))
    centre = torch.stack([cells % columns, cells // columns], 1) + offset
    boxes = torch.cat([centre - extent / 2, centre + extent / 2], 1).numpy() * 4
    gain, _, left = corner_map(frame, SIZE)[0]
    top = corner_map(frame, SIZE)[1][2]
    boxes = (boxes - [left, top] * 2) / gain
    return [(b, c, s) for b, c, s in zip(boxes, classes.tolist(), scores.tolist()) if s >= conf]


def main():
    picture, conf = common.photo(PHOTO), 0.3
    frame = [picture.shape[1], picture.shape[0]]
    outputs = common.halved({n: v.astype(np.float32) for n, v in drawn(np.random.default_rng(0)).items()})
    header = {
        "producer": "pytorch 1.13.1",
        "inputs": [{"name": "input", "element": "f32", "shape": [1, 3, *SIZE[::-1]]}],
        "outputs": [{"name": n, "element": "f32", "shape": list(v.shape)} for n, v in outputs.items()],
        "probabilities": [], "metadata": {},
    }
    facts = {
        "model": "none: maps drawn at random", "weights": "random",
        "reference": f"torch {torch.__version__.split('+')[0]} from the definition, ctdet_decode and ctdet_post_process",
        "made_by": "scripts/parity/centernet_maps_cases.py", "photo": f"samples/photos/{PHOTO}", "frame": frame,
        "size": SIZE, "header": header, "conf": conf, "iou": 0.6,
        "detections": common.clipped(ctdet(common.as_given(outputs), frame, conf), frame),
    }
    common.write("centernet", "maps-random", facts, outputs)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
