"""What py-motmetrics and TrackEval say of tracks: golden files of `vision eval --mot`.

    pip install motmetrics==1.4.0 trackeval==1.3.0
    python make_mot.py mot [SHARED_DATA]

Writes mot/truth.txt and mot/results.txt, tracks made up with swaps, gaps, false and shifted boxes, and mot/expected.json;
with the shared data also the numbers of TUD-Campus (its tracker's output) there.
"""
import json
import os
import sys

import motmetrics as mm
import numpy as np
from trackeval.metrics import HOTA

# motmetrics 1.4 asks for what NumPy 2 has no more.
np.asfarray = lambda values: np.asarray(values, dtype=float)


def made_up(folder, seed=3, frames=60, things=9):
    rng = np.random.default_rng(seed)
    truth, found = [], []
    at, speed = rng.uniform(50, 400, (things, 2)), rng.uniform(-5, 5, (things, 2))
    size = rng.uniform(20, 60, (things, 1)) * [1, 2]
    begin, end = rng.integers(1, 20, things), rng.integers(35, frames + 1, things)
    track = {n: 100 + n for n in range(things)}
    for frame in range(1, frames + 1):
        at += speed
        if frame % 17 == 0:
            a, b = rng.choice(things, 2, replace=False)
            track[a], track[b] = track[b], track[a]
        if frame % 23 == 0:
            track[int(rng.integers(things))] = 200 + frame
        for n in range(things):
            if begin[n] <= frame <= end[n]:
                truth.append([frame, n + 1, *at[n], *size[n]])
                if rng.random() < 0.85:
                    shift = rng.normal(0, 0.12, 2) * size[n]
                    found.append([frame, track[n], *(at[n] + shift), *(size[n] * rng.uniform(0.85, 1.15))])
        for n in range(min(3, rng.poisson(0.4))):
            found.append([frame, 300 + 10 * n + int(rng.integers(4)), *rng.uniform(0, 400, 2), 30, 60])
    for name, rows in [("truth", truth), ("results", found)]:
        with open(os.path.join(folder, name + ".txt"), "w") as file:
            for frame, number, *box in rows:
                file.write(f"{frame},{number}," + ",".join(f"{v:.2f}" for v in box) + ",1,-1,-1,-1\n")


def measured(truth, results):
    load = lambda path, least: mm.io.loadtxt(path, fmt="mot15-2D", min_confidence=least)
    gt, dt = load(truth, 1), load(results, -1)
    # A truth says nothing of the frames behind its end.
    dt = dt[dt.index.get_level_values("FrameId") <= gt.index.get_level_values("FrameId").max()]
    acc = mm.utils.compare_to_groundtruth(gt, dt, "iou", distth=0.5)
    names = dict(mota="mota", motp="motp", precision="precision", recall="recall", matches="num_detections",
                 misses="num_misses", false_positives="num_false_positives", switches="num_switches",
                 fragmentations="num_fragmentations", mostly_tracked="mostly_tracked",
                 partially_tracked="partially_tracked", mostly_lost="mostly_lost")
    identity = ["idf1", "idp", "idr", "idtp", "idfp", "idfn"]
    row = mm.metrics.create().compute(acc, metrics=list(names.values()) + identity).iloc[0]
    # A switch is a detection too.
    clear = {own: float(row[theirs]) for own, theirs in names.items()}
    return dict(clear=clear, identity={n: float(row[n]) for n in identity}, hota=hota(gt, dt))


def hota(gt, dt):
    frames = sorted(set(gt.index.get_level_values(0)) | set(dt.index.get_level_values(0)))
    number = lambda side: {v: n for n, v in enumerate(sorted(set(side.index.get_level_values(1))))}
    gts, dts = number(gt), number(dt)
    rows = lambda side, frame: side.loc[frame] if frame in side.index.get_level_values(0) else side.iloc[:0].droplevel(0)
    data = dict(gt_ids=[], tracker_ids=[], similarity_scores=[])
    for frame in frames:
        a, b = rows(gt, frame), rows(dt, frame)
        data["gt_ids"].append(np.array([gts[v] for v in a.index], dtype=int))
        data["tracker_ids"].append(np.array([dts[v] for v in b.index], dtype=int))
        box = lambda side: side[["X", "Y", "Width", "Height"]].to_numpy(float).reshape(-1, 4)
        data["similarity_scores"].append(iou(box(a), box(b)))
    data.update(num_timesteps=len(frames), num_gt_ids=len(gts), num_tracker_ids=len(dts),
                num_gt_dets=len(gt), num_tracker_dets=len(dt))
    result = HOTA().eval_sequence(data)
    names = dict(hota="HOTA", deta="DetA", detre="DetRe", detpr="DetPr", assa="AssA", assre="AssRe", asspr="AssPr",
                 loca="LocA")
    return {own: float(np.mean(result[theirs])) for own, theirs in names.items()}


def iou(a, b):
    a, b = a[:, None], b[None]
    common = np.clip(np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0, None)
    common = common.prod(-1)
    return common / (a[..., 2:].prod(-1) + b[..., 2:].prod(-1) - common)


if __name__ == "__main__":
    folder = sys.argv[1]
    made_up(folder)
    here = lambda name: os.path.join(folder, name)
    path = here("expected.json")
    expected = json.load(open(path)) if os.path.exists(path) else {}
    expected["made-up"] = measured(here("truth.txt"), here("results.txt"))
    if len(sys.argv) > 2:
        tud = os.path.join(sys.argv[2], "video/tud/TUD-Campus")
        expected["tud-campus"] = measured(os.path.join(tud, "gt.txt"), os.path.join(tud, "test.txt"))
    with open(path, "w") as file:
        json.dump(expected, file, indent=1)
        file.write("\n")
