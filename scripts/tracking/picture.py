"""The picture of docs/tracking.md: the sample's astronaut drawn across a ground, tracked and counted.

    python scripts/tracking/picture.py VISION docs/images/tracking.jpg

Needs Pillow.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ZONES = """anchor = "centre"
[[line]]
name = "line"
from = [250, 460]
to = [250, 20]
[[zone]]
name = "zone"
polygon = [[290, 60], [620, 60], [620, 460], [290, 460]]
"""


def main(vision, target):
    samples = Path(__file__).parents[2] / "samples/photos"
    photo = Image.open(samples / "astronaut.jpg").convert("RGB").resize((260, 260))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "zones.toml").write_text(ZONES)
        (folder / "clip").mkdir()
        for n in range(20):
            ground = Image.new("RGB", (640, 480), (120, 140, 130))
            ground.paste(photo, (18 * n, 210 - abs(n - 10) * 6))
            ground.save(folder / f"clip/{n}.png")
        subprocess.run([vision, "detect", "clip", "--track", "--sequence", "10", "--zones", "zones.toml", "--classes",
                        "person", "--out", "run", "--quiet"], cwd=folder, check=True)
        Image.open(folder / "run/images/18.png").save(target, quality=88)


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).absolute()), sys.argv[2])
