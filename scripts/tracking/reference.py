"""Tracks of reference implementations for docs/tracking.md: detections in, MOT tracks out.

    pip install supervision==0.25.1 && python reference.py supervision-bytetrack det.txt tracks.txt [HIGH]
    pip install trackers==2.6.1     && python reference.py trackers-bytetrack    det.txt tracks.txt [HIGH]
                                       python reference.py trackers-ocsort       det.txt tracks.txt [HIGH]

Detections are a MOT Challenge file, or the results.jsonl of an untracked run, whose items are the frames in order of the
numbers in their names. Each package in a virtual environment of its own. HIGH is the score of sure detections; without it, the settings of the
authors' programs (ByteTrack 0.5, OC-SORT 0.6).
"""
import json
import re
import sys
import warnings

import numpy as np
import supervision as sv

warnings.simplefilter("ignore")


def tracker(kind, high):
    if kind == "supervision-bytetrack":
        tracker = sv.ByteTrack(track_activation_threshold=high or 0.5, lost_track_buffer=30,
                               minimum_matching_threshold=0.8)
        return tracker.update_with_detections
    import trackers
    if kind == "trackers-bytetrack":
        high = high or 0.5
        return trackers.ByteTrackTracker(high_conf_det_threshold=high, track_activation_threshold=high + 0.1).update
    return trackers.OCSORTTracker(high_conf_det_threshold=high or 0.6).update


def load(path):
    if not path.endswith(".jsonl"):
        return np.loadtxt(path, delimiter=",")
    items = [record for record in map(json.loads, open(path)) if record["schema"] == "vision.item/1"]
    items.sort(key=lambda item: [int(n) for n in re.findall(r"\d+", item["item"]["path"])])
    rows = []
    for frame, item in enumerate(items, 1):
        for found in item["prediction"]["instances"]:
            x1, y1, x2, y2 = found["box"]
            rows.append([frame, -1, x1, y1, x2 - x1, y2 - y1, found["score"]])
    return np.array(rows)


def main(kind, detections, target, high=None):
    rows = load(detections)
    update = tracker(kind, float(high) if high else None)
    with open(target, "w") as out:
        for frame in range(1, int(rows[:, 0].max()) + 1):
            own = rows[rows[:, 0] == frame]
            boxes = np.hstack([own[:, 2:4], own[:, 2:4] + own[:, 4:6]]).astype(float)
            found = sv.Detections(xyxy=boxes.reshape(-1, 4), confidence=own[:, 6].astype(float),
                                  class_id=np.zeros(len(own), int))
            found = update(found)
            for box, number, score in zip(found.xyxy, found.tracker_id, found.confidence):
                if number >= 0:
                    x, y, w, h = box[0], box[1], box[2] - box[0], box[3] - box[1]
                    out.write(f"{frame},{number},{x:.3f},{y:.3f},{w:.3f},{h:.3f},{score:.4f},-1,-1,-1\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
