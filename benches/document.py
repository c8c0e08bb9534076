"""Puts a measured table into docs/benchmarks.md, between `<!-- NAME -->` and `<!-- end NAME -->`."""

import pathlib

DOCUMENT = pathlib.Path(__file__).resolve().parent.parent / "docs/benchmarks.md"


def write(name, text):
    whole = DOCUMENT.read_text()
    before, begun, rest = whole.partition(f"<!-- {name} -->\n")
    _, ended, after = rest.partition(f"<!-- end {name} -->")
    if not begun or not ended:
        raise SystemExit(f"{DOCUMENT}: no place for {name}")
    DOCUMENT.write_text(f"{before}{begun}{text.strip()}\n{ended}{after}")
