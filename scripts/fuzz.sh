#!/usr/bin/env bash
# Runs the fuzz targets one after another, each for a time: scripts/fuzz.sh [seconds [target...]]
# Prints a row a target as docs/robustness-fuzzing.md has them. New inputs go to fuzz/corpus-grown, what
# fails to fuzz/artifacts, the full output to fuzz/logs. Exit code 1 when something was found.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
shift || true
# Sanitizers are an unstable flag of the compiler; with this the stable one takes it.
export RUSTC_BOOTSTRAP=1
if ! command -v cargo-fuzz >/dev/null; then
  echo "scripts/fuzz.sh: cargo-fuzz is missing: cargo install cargo-fuzz --locked" >&2
  exit 1
fi
# The build settings of the package are not those of the targets.
unset CARGO_TARGET_DIR CARGO_BUILD_BUILD_DIR
[ "${FUZZ_BUILT:-}" ] || cargo fuzz build
host=$(rustc -vV | sed -n 's/^host: //p')
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  mapfile -t targets < <(cargo fuzz list)
fi

found=0
mkdir -p fuzz/logs
echo "| target | executions | wall s | CPU s | edges | findings |"
echo "|---|---|---|---|---|---|"
for target in "${targets[@]}"; do
  mkdir -p "fuzz/corpus-grown/$target" "fuzz/artifacts/$target" "fuzz/corpus/$target"
  log=fuzz/logs/$target.log
  # Largest inputs: pictures hold several frames; the rest is text and small headers.
  case $target in picture | dicom | store | family) longest=4096 ;; *) longest=2048 ;; esac
  begun=$SECONDS
  TIMEFORMAT='cpu %U %S'
  { time "fuzz/target/$host/release/$target" -max_total_time="$seconds" -max_len=$longest -timeout=10 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="fuzz/artifacts/$target/" \
    "fuzz/corpus-grown/$target" "fuzz/corpus/$target" && result=none || result=FOUND; } >"$log" 2>&1
  [ $result = none ] || found=1
  # What a target left in memory.
  rm -f "/dev/shm/vision-fuzz-$target-"*
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  edges=$(grep -o 'cov: [0-9]*' "$log" | tail -1 | tr -dc 0-9)
  cpu=$(awk '/^cpu /{ printf "%.0f", $2 + $3 }' "$log")
  echo "| $target | ${executions:-?} | $((SECONDS - begun)) | $cpu | ${edges:-?} | $result |"
done
exit $found
