"""Makes samples/homework: a class of twelve, its key, its roster and its scans.

    python3 scripts/make_homework.py target/release/vision        (Pillow)

The same program gives the same files. Names are made up."""
import csv, pathlib, random, shutil, subprocess, sys, tempfile

from PIL import Image

FOLDER = pathlib.Path(__file__).parent.parent / "samples/homework"
NAMES = ["Ada Brandt", "Ben Okoro", "Chiara Rossi", "Dmitri Volkov", "Elif Kaya", "Finn O'Neill", "Grace Mensah",
         "Hana Sato", "Ines Duarte", "Jonas Weber", "Keiko Mori", "Lars Holm", "Mia Novak"]
KEY = dict(zip((f"q{n}" for n in range(1, 17)), "BDACCABDBADCABCD"), q17="A|C", q18="B|D|E", q19="36", q20="75")
OPTIONS = {"q17": "ABCDE", "q18": "ABCDE"}


def wrong(question, right, dice):
    if question in ("q19", "q20"):
        return f"{dice.randrange(10, 99)}"
    if question in OPTIONS:
        return "|".join(sorted(dice.sample("ABCDE", 2)))
    return dice.choice([o for o in "ABCD" if o != right])


def table(name, rows):
    with open(name, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def main(vision):
    dice = random.Random(3)
    numbers = [f"{n:04}" for n in dice.sample(range(1000, 9999), len(NAMES))]
    table(FOLDER / "roster.csv", [["id", "name"], *zip(numbers, NAMES)])
    points = {"q17": 2, "q18": 2, "q19": 2, "q20": 2}
    table(FOLDER / "key.csv", [["question", "answer", "points"], *[[q, a, points.get(q, 1)] for q, a in KEY.items()]])
    rows = []
    for number in numbers[:12]:  # The last one was not there.
        ability = dice.uniform(0.45, 0.98)
        answers = [a if dice.random() < ability else wrong(q, a, dice) for q, a in KEY.items()]
        rows.append([number, *answers])
    with tempfile.TemporaryDirectory() as scratch:
        known, out = pathlib.Path(scratch) / "answers.csv", pathlib.Path(scratch) / "out"
        table(known, [["id", *KEY], *rows])
        subprocess.run([vision, "grade", "rehearse", FOLDER / "sheet.toml", "--n", "12", "--seed", "3", "--harm", "light", "--no-read",
                        "--answers", known, "--out", out], check=True)
        shutil.rmtree(FOLDER / "scans", ignore_errors=True)
        (FOLDER / "scans").mkdir()
        for scan in sorted((out / "scans").iterdir()):
            # Grey at 120 dots per inch, so that the repository stays small.
            picture = Image.open(scan).convert("L")
            small = picture.resize((993, round(picture.height * 993 / picture.width)), Image.Resampling.BOX)
            small.save(FOLDER / "scans" / scan.name, quality=70)
        shutil.copy(out / "truth.csv", FOLDER / "truth.csv")


main(sys.argv[1])
