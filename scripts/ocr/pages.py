#!/usr/bin/env python3
"""Renders pages of text with their truth, for tests and figures of `vision ocr`.

    pages.py FOLDER [--set tests|figures|lines] [--seed N] [--cjk FONT]

Writes pictures and truth.json, in the format that `vision eval` reads (docs/eval.md). The same seed gives the
same pages. Needs Pillow and numpy. The fonts are DejaVu (of this repository's assets, and DejaVu Serif and Mono
of Debian's fonts-dejavu-core) and, for Chinese, WenQuanYi Micro Hei (Debian's fonts-wqy-microhei, Apache-2.0);
texts are made of the words below.
"""

import argparse
import json
import math
import random
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

ROOT = Path(__file__).resolve().parents[2]
SYSTEM = Path("/usr/share/fonts/truetype")
LATIN = {
    "sans": ROOT / "assets/DejaVuSans.ttf",
    "serif": SYSTEM / "dejavu/DejaVuSerif.ttf",
    "mono": SYSTEM / "dejavu/DejaVuSansMono.ttf",
}
CJK = SYSTEM / "wqy/wqy-microhei.ttc"

ENGLISH = """the quick river runs past an old stone bridge where children watch boats and birds every morning while
market traders carry bread fruit coffee paper letters tools glass lamps over narrow streets toward station hall and
garden walls because winter light fades early people close windows read books write notes measure water level count
tickets repair engines paint doors plan journeys between distant towns""".split()
GERMAN = """über dem grünen Hügel läuft ein müder Fuchs die Straße hält größere Züge für Gäste aus München Köln
Zürich öffnet früh Bäcker verkäufer Brötchen Äpfel Öl Übung macht schöne Füße Tür Schlüssel Gebäude heißt Maßstab
außerdem natürlich zwölf Löffel fünf Stühle Prüfung bestätigt Geräte Wärme Kälte spät nächste Möglichkeit""".split()
CHINESE = """今天天气很好 我们一起去公园 请在这里签名 开放时间 上午九点到下午五点 图书馆在三楼 欢迎光临 小心地滑 北京市
火车站 中文文字识别测试 电话号码 价格合计 人民币 数量 单位 日期 学校 医院 商店 明天下午开会 请保持安静 禁止停车
出口 入口 快递服务 生产日期 有效期 老师和学生 春夏秋冬 东南西北""".split()


def sentence(rng, words, most):
    text = rng.choice(words)
    while True:
        word = rng.choice(words)
        word += rng.choice(["", "", "", "", ",", "."])
        if len(text) + 1 + len(word) > most:
            break
        text += " " + word
    return (text[0].upper() + text[1:]).rstrip(",")


def number(rng):
    kinds = [
        lambda: f"{rng.randrange(10**6):06d}",
        lambda: f"{rng.randint(1, 28):02d}.{rng.randint(1, 12):02d}.20{rng.randint(10, 39)}",
        lambda: f"{rng.randint(1, 9999)},{rng.randrange(100):02d} EUR",
        lambda: f"+49 {rng.randint(30, 999)} {rng.randrange(10**7):07d}",
        lambda: f"{rng.randrange(24):02d}:{rng.randrange(60):02d}",
        lambda: f"A-{rng.randrange(10**5):05d}/{rng.randint(1, 99)}",
    ]
    return rng.choice(kinds)()


def chinese(rng, most):
    text = rng.choice(CHINESE)
    while len(text) < most - 6:
        text += rng.choice(["，", "。", ""]) + rng.choice(CHINESE)
    return text[:most]


class Page:
    """A sheet on which lines are set, with the corners of their ink."""

    def __init__(self, width, height, paper=255):
        self.image = Image.new("L", (width, height), paper)
        self.draw = ImageDraw.Draw(self.image)
        self.lines = []

    def line(self, x, y, text, font, ink=0):
        left, top, right, bottom = self.draw.textbbox((x, y), text, font=font)
        self.draw.text((x, y), text, font=font, fill=ink)
        self.lines.append([text, [[left, top], [right, top], [right, bottom], [left, bottom]]])
        return right - left

    def turned(self, degrees):
        """Turned clockwise, on a sheet that holds all of it."""
        if degrees == 0:
            return self
        width, height = self.image.size
        image = self.image.rotate(-degrees, expand=True, fillcolor=self.image.getpixel((0, 0)), resample=Image.BICUBIC)
        sin, cos = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
        (cx, cy), (nx, ny) = (width / 2, height / 2), (image.size[0] / 2, image.size[1] / 2)
        place = lambda x, y: [round(nx + (x - cx) * cos - (y - cy) * sin, 1), round(ny + (x - cx) * sin + (y - cy) * cos, 1)]
        page = Page(*image.size)
        page.image = image
        page.lines = [[text, [place(*corner) for corner in corners]] for text, corners in self.lines]
        return page

    def scanned(self, rng, noise, blur):
        image = self.image.filter(ImageFilter.GaussianBlur(blur)) if blur else self.image
        if noise:
            values = np.asarray(image, np.float32)
            values = values + np.random.default_rng(rng.randrange(2**32)).normal(0, noise, values.shape)
            image = Image.fromarray(values.clip(0, 255).astype(np.uint8))
        self.image = image
        return self


def font(path, size):
    return ImageFont.truetype(str(path), size)


def letter(rng, path, size, words, lines, width):
    """A column of running text under a heading."""
    margin = size * 2
    page = Page(width, margin * 2 + int(size * 1.9) + int(size * 1.5 * lines))
    page.line(margin, margin, sentence(rng, words, 24), font(path, int(size * 1.4)))
    room = int((width - 2 * margin) / (size * 0.62))
    for n in range(lines):
        page.line(margin, margin + int(size * 2.4) + int(size * 1.5 * n), sentence(rng, words, room), font(path, size))
    return page


def columns(rng, path, size):
    page = Page(size * 68, size * 24)
    page.line(size * 3, size, sentence(rng, ENGLISH, 40), font(path, int(size * 1.6)))
    for n in range(12):
        for column in range(2):
            text = sentence(rng, ENGLISH, 40)
            page.line(size * (3 + 33 * column), size * 4 + int(size * 1.55 * n), text, font(path, size))
    # In order of reading.
    page.lines = page.lines[:1] + page.lines[1::2] + page.lines[2::2]
    return page


def form(rng, size):
    page = Page(size * 34, size * 20)
    for n, label in enumerate(["Invoice", "Date", "Customer", "Phone", "Amount", "Total", "Time", "Code"]):
        y = size + int(size * 2.2 * n)
        page.line(size, y, label, font(LATIN["sans"], size))
        page.line(size * 14, y, number(rng), font(LATIN["mono"], size))
    return page


def hanzi(rng, cjk, size, lines):
    page = Page(size * 22, int(size * (2 + 1.9 * lines)))
    for n in range(lines):
        page.line(size, size + int(size * 1.9 * n), chinese(rng, rng.randint(8, 18)), font(cjk, size))
    return page


def photo(rng, size):
    """Signs in front of a coloured, textured background."""
    width, height = size * 30, size * 16
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    ground = 110 + 50 * np.sin(x / (size * 2.3)) + 40 * np.cos((x + y) / (size * 1.7))
    page = Page(width, height)
    page.image = Image.fromarray(ground.clip(0, 255).astype(np.uint8))
    page.draw = ImageDraw.Draw(page.image)
    for n, text in enumerate([sentence(rng, ENGLISH, 18), sentence(rng, GERMAN, 18), number(rng)]):
        top = size + n * size * 5
        page.draw.rectangle([size, top, size * 22, top + size * 3], fill=245)
        page.line(size * 2, top + size // 2, text, font(LATIN["sans"], int(size * 1.5)), 20)
    return page


def tests(rng, cjk):
    yield "letter-en", letter(rng, LATIN["serif"], 22, ENGLISH, 8, 760)
    yield "letter-de-small", letter(rng, LATIN["sans"], 14, GERMAN, 8, 520)
    yield "letter-de-tilted", letter(rng, LATIN["sans"], 24, GERMAN, 5, 700).turned(7)
    yield "letter-en-90", letter(rng, LATIN["sans"], 24, ENGLISH, 4, 620).turned(90)
    yield "letter-en-180", letter(rng, LATIN["serif"], 24, ENGLISH, 4, 620).turned(180)
    yield "letter-en-270", letter(rng, LATIN["sans"], 24, ENGLISH, 4, 620).turned(270)
    yield "columns", columns(rng, LATIN["serif"], 14)
    yield "form", form(rng, 20)
    yield "chinese", hanzi(rng, cjk, 28, 4)
    yield "chinese-tilted", hanzi(rng, cjk, 28, 3).turned(-8)
    yield "scan", letter(rng, LATIN["serif"], 20, ENGLISH, 5, 640).scanned(rng, 8, 0.7)
    yield "signs", photo(rng, 18)


def figures(rng, cjk):
    for n in range(8):
        for name, path in LATIN.items():
            words, size = rng.choice([ENGLISH, GERMAN]), rng.choice([12, 14, 16, 20, 24, 32, 40, 56])
            page = letter(rng, path, size, words, rng.randint(6, 24), size * rng.randint(26, 44))
            yield f"{name}-{n}", page.turned(rng.choice([0, 0, -6, 4, 90, 180])).scanned(rng, rng.choice([0, 4, 10]), rng.choice([0, 0.6]))
        yield f"columns-{n}", columns(rng, LATIN["serif"], rng.choice([14, 18, 24]))
        yield f"form-{n}", form(rng, rng.choice([14, 20, 30])).scanned(rng, rng.choice([0, 6]), 0.5)
        yield f"chinese-{n}", hanzi(rng, cjk, rng.choice([18, 24, 36]), rng.randint(4, 12)).turned(rng.choice([0, 0, 5, -5]))
        yield f"signs-{n}", photo(rng, rng.choice([14, 20, 28]))


def lines(rng, cjk):
    """Single lines cut close, of every quality down to what nobody can read, for the calibration of confidence."""
    for n in range(2000):
        size = rng.choice([8, 9, 10, 11, 12, 14, 18, 24, 32])
        kind = rng.randrange(4)
        path = cjk if kind == 3 else rng.choice(list(LATIN.values()))
        text = [lambda: sentence(rng, ENGLISH, rng.randint(8, 40)), lambda: sentence(rng, GERMAN, rng.randint(8, 40)),
                lambda: number(rng), lambda: chinese(rng, rng.randint(4, 14))][kind]()
        face = font(path, size)
        width = int(ImageDraw.Draw(Image.new("L", (1, 1))).textlength(text, font=face))
        page = Page(width + size, int(size * 1.8), rng.randint(200, 255))
        page.line(size // 2, int(size * 0.3), text, face, rng.randint(0, 120))
        yield f"line-{n:04d}", page.turned(rng.uniform(-1, 1)).scanned(rng, rng.choice([0, 5, 15, 30, 45]), rng.choice([0, 0.5, 0.9, 1.3]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--set", choices=["tests", "figures", "lines"], default="tests")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cjk", type=Path, default=CJK)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    pictures = []
    for name, page in globals()[args.set](random.Random(args.seed), args.cjk):
        image = page.image
        if args.set == "tests" and name != "scan":
            # Sixteen greys: small files, the same text.
            image = image.point(lambda v: round(v / 17) * 17).convert("P", palette=Image.ADAPTIVE, colors=16)
        image.save(args.folder / f"{name}.png", optimize=True)
        pictures.append({"file": f"{name}.png", "lines": [{"text": text, "corners": corners} for text, corners in page.lines]})
    truth = {"schema": "vision.text-truth/1", "pictures": pictures}
    (args.folder / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
