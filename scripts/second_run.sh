#!/usr/bin/env bash
# How much faster a second run with another threshold is: FOLDER of JPEGs, ten times over, JSON only.
# Each copy has a byte of its own behind its end, so that no two inputs share their bytes.
#   scripts/second_run.sh FOLDER [VISION]
set -euo pipefail
photos=$1
vision=$(realpath "${2:-target/release/vision}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/p"
find "$photos" -name '*.jpg' -print0 | while IFS= read -r -d '' photo; do
  for n in 0 1 2 3 4 5 6 7 8 9; do
    { cat "$photo"; printf %s "$n"; } >"$work/p/$n-$(basename "$photo")"
  done
done
cd "$work"
seconds() { python3 -c 'import json; print(json.load(open("run/run.json"))["wall_ms"] / 1000)'; }
"$vision" detect p --no-images --quiet --out run
first=$(seconds)
for conf in 0.3 0.5 0.7; do
  "$vision" detect p --no-images --quiet --out run --conf "$conf"
  printf '%s inputs: first run %s s, again with --conf %s %s s, %s times faster\n' \
    "$(find p -type f | wc -l)" "$first" "$conf" "$(seconds)" "$(python3 -c "print(round($first / max($(seconds), 1e-3), 1))")"
done
