"""Prints pycocotools' metrics of a results file of `vision detect --format coco` as JSON.

    python coco_metrics.py <instances.json> <coco.json>

Pictures are paired by file name and categories by id: `vision` exports COCO's own ids for COCO's classes.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "golden"))
from make_eval import measured  # noqa: E402

truth, found = (json.loads(pathlib.Path(path).read_text()) for path in sys.argv[1:3])
images = {image["file_name"]: image["id"] for image in truth["images"]}
image_ids = {image["id"]: images[image["file_name"].split("/")[-1]] for image in found["images"]}
results = [{"image_id": image_ids[a["image_id"]], "category_id": a["category_id"],
            "bbox": a["bbox"], "score": a["score"]} for a in found["annotations"]]
print(json.dumps(measured(truth, results, "bbox")))
