"""Detections of a made-up street and what reference trackers make of them: golden files of src/track/tests.

    pip install supervision==0.25.1 && python make_tracks.py bytetrack track/bytetrack.json
    pip install trackers==2.6.1     && python make_tracks.py oc-sort   track/oc-sort.json

Each needs a virtual environment of its own. supervision's ByteTrack (MIT) is the authors' program with SciPy's
assignment; trackers' OC-SORT (Apache-2.0) is the authors' too. People walk, turn, stop, hide behind each other and are
missed; scores vary and there are false detections. `tracks` holds, for each detection of a frame, the number of the
reference's track, also before it is sure of it, or null.
"""
import json
import sys

import numpy as np


def street(seed=7, frames=150, walkers=14):
    rng = np.random.default_rng(seed)
    people = []
    for _ in range(walkers):
        begin = int(rng.integers(0, frames // 2))
        people.append(dict(
            begin=begin, end=begin + int(rng.integers(30, frames)), at=rng.uniform([0, 100], [900, 400]),
            speed=rng.uniform(-6, 6, 2) * [1, 0.3], height=float(rng.uniform(60, 180)),
            hidden=set(range(h := begin + int(rng.integers(10, 60)), h + int(rng.integers(3, 20)))),
            turn=begin + int(rng.integers(10, 80))))
    out = []
    for frame in range(frames):
        boxes = []
        for person in people:
            if not person["begin"] <= frame < person["end"]:
                continue
            if frame == person["turn"]:
                person["speed"] = -person["speed"] * rng.uniform(0, 1.2)
            person["at"] = person["at"] + person["speed"]
            if frame in person["hidden"] or rng.random() < 0.06:
                continue
            h = person["height"] * rng.normal(1, 0.03)
            w = h * rng.normal(0.4, 0.02)
            x, y = person["at"] + rng.normal(0, 0.02 * h, 2)
            score = float(np.clip(rng.normal(0.75, 0.2), 0.12, 0.99))
            boxes.append([x - w / 2, y - h, x + w / 2, y, score])
        for _ in range(rng.poisson(0.3)):
            x, y = rng.uniform([0, 100], [900, 400])
            h = rng.uniform(50, 150)
            boxes.append([x - h / 5, y - h, x + h / 5, y, float(rng.uniform(0.11, 0.7))])
        # Distinct scores tell the script which detection a track took.
        boxes = [[round(float(v), 2) for v in box[:4]] + [round(box[4], 3) + n * 1e-5] for n, box in enumerate(boxes)]
        out.append([box[:4] + [round(box[4], 5)] for box in boxes])
    return out


def bytetrack(frames):
    from supervision import ByteTrack

    tracker = ByteTrack(track_activation_threshold=0.5, lost_track_buffer=30, minimum_matching_threshold=0.8)
    tracks = []
    for boxes in frames:
        tracker.update_with_tensors(np.array(boxes, dtype=float).reshape(-1, 5))
        now = {float(t.score): int(t.internal_track_id) for t in tracker.tracked_tracks if t.frame_id == tracker.frame_id}
        tracks.append([now.get(float(box[4])) for box in boxes])
    return tracks


def oc_sort(frames):
    import supervision as sv
    from trackers import OCSORTTracker

    tracker = OCSORTTracker(lost_track_buffer=30, frame_rate=30, minimum_iou_threshold=0.3,
                            high_conf_det_threshold=0.6)
    tracks = []
    for boxes in frames:
        boxes = np.array(boxes, dtype=float).reshape(-1, 5)
        tracker.update(sv.Detections(xyxy=boxes[:, :4], confidence=boxes[:, 4]))
        # Tracks by the object that holds them: the tracker shows no number before it is sure.
        now = {}
        for track in tracker.tracks:
            track.own = getattr(track, "own", None) or next(numbers)
            if track.time_since_update == 0:
                now[tuple(np.asarray(track.last_observation, dtype=float))] = track.own
        tracks.append([now.get(tuple(box[:4])) for box in boxes])
    return tracks


if __name__ == "__main__":
    from itertools import count
    numbers = count(1)
    kind, target = sys.argv[1:]
    frames = street()
    tracks = {"bytetrack": bytetrack, "oc-sort": oc_sort}[kind](frames)
    with open(target, "w") as file:
        file.write('{"frames": [\n')
        file.write(",\n".join(json.dumps(frame) for frame in frames))
        file.write('\n], "tracks": [\n')
        file.write(",\n".join(json.dumps(frame) for frame in tracks) + "\n]}\n")
