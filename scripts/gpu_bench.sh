#!/usr/bin/env bash
# What a GPU makes of `vision`: correctness against the CPU, throughput of the model alone and of the whole walk.
#
#   scripts/gpu_bench.sh pack FOLDER    where there is a toolchain: a program without OpenCV, ONNX Runtime for CUDA
#                                       (pip package onnxruntime-gpu), models, photos and labels
#   FOLDER/gpu_bench.sh run             on the machine with the GPU: needs a driver, cuDNN 9 and cuBLAS of CUDA 13,
#                                       and nothing else; prints the tables of docs/gpu.md
#   scripts/gpu_bench.sh cpu FOLDER     the same program and tables on the CPU, to see that all is in place
set -euo pipefail

runtime=onnxruntime-gpu==1.31.1
# AP of the CPU and of CUDA may differ by rounding only: TF32 is off.
tolerance=0.001
models=(nanodet-g-416 yolox-nano-416 deimv2-femto-416 agpl-yolov8n-640-int8)
# Those whose batch is open.
batched=(deimv2-femto-416 yunet-n-dynamic)

pack() {
  local folder=$1 here shared
  here=$(cd "$(dirname "$0")/.." && pwd)
  shared=${VISION_SHARED:-$here/../shared}/data
  mkdir -p "$folder"/{models,wheel,lib}
  folder=$(cd "$folder" && pwd)
  cargo build --manifest-path "$here/Cargo.toml" --release --no-default-features --features runtime-dynamic
  cp "${CARGO_TARGET_DIR:-$here/target}/release/vision" "$here/scripts/gpu_bench.sh" "$folder/"
  # Of the wheel only its libraries are used; what it depends on is the machine's own.
  python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$folder/wheel" "$runtime"
  python3 -m zipfile -e "$folder"/wheel/*.whl "$folder/wheel/unpacked"
  cp "$folder"/wheel/unpacked/onnxruntime/capi/libonnxruntime*.so* "$folder/lib/"
  rm -r "$folder/wheel"
  for model in "${models[@]}" "${batched[@]}"; do cp "$shared/models/$model.onnx" "$folder/models/"; done
  cp -r "$shared/photos/coco64" "$folder/"
  du -sh "$folder"
}

# Folders of cuDNN, cuBLAS and the rest that Python packages or the toolkit brought.
libraries() {
  find / -xdev \( -name 'libcudnn.so*' -o -name 'libcublas.so*' -o -name 'libcudart.so*' -o -name 'libcufft.so*' \
    -o -name 'libcurand.so*' -o -name 'libnvrtc.so*' \) 2>/dev/null | xargs -r -n1 dirname | sort -u | paste -sd:
}

json() { sed -n "s/^ *\"$1\": \([0-9.]*\),\{0,1\}$/\1/p" | head -1; }

ap() { # device model
  ./vision detect coco64/images --model "models/$2.onnx" --device "$1" --no-images --conf 0.001 --max-det 300 \
    --format coco --out out --force --quiet >/dev/null 2>out.err || { echo "not run"; return; }
  ./vision eval coco64/instances.json out | sed -n 's/^AP *IoU 0.50:0.95 *\([0-9.]*\).*/\1/p'
}

speed() { # device model batch
  ./vision bench coco64/images --model "models/$2.onnx" --device "$1" --batch "$3" --repeat 20 --json 2>out.err || true
}

measure() {
  local devices=("$@") device model batch text reference found
  echo "$(nproc) cores, $(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null || echo 'no GPU')"
  ./vision --version
  echo; echo "| model | $(printf '%s AP | ' cpu "${devices[@]}")"
  echo "|---|$(printf -- '--:|%.0s' cpu "${devices[@]}")"
  for model in "${models[@]}"; do
    reference=$(ap cpu "$model")
    printf '| %s | %s |' "$model" "$reference"
    for device in "${devices[@]}"; do
      found=$(ap "$device" "$model")
      printf ' %s%s |' "$found" "$(awk -v a="$found" -v b="$reference" -v t="$tolerance" \
        'BEGIN { if (a ~ /^[0-9]/ && (a - b > t || b - a > t)) print " DIFFERS" }')"
    done
    echo
  done
  echo; echo '| device, model | batch | model only /s | bound /s | whole walk /s | of bound |'
  echo '|---|--:|--:|--:|--:|--:|'
  for device in "${devices[@]}"; do
    for model in "${models[@]}" "${batched[@]}"; do
      for batch in 1 2 4 8 16 32 64; do
        if [ $batch -gt 1 ] && [[ " ${batched[*]} " != *" $model "* ]]; then continue; fi
        text=$(speed "$device" "$model" $batch)
        if [ -z "$text" ]; then
          echo "| $device, $model | $batch | not run: $(tail -1 out.err | cut -c1-120) | | | |"
          break
        fi
        printf '| %s, %s | %s |' "$device" "$model" "$batch"
        for key in model_only_per_s bound_per_s walk_per_s walk_of_bound; do
          printf ' %s |' "$(json $key <<<"$text" | cut -c1-7)"
        done
        echo
      done
    done
  done
}

case ${1:-} in
  pack) pack "${2:?a folder}" ;;
  run)
    cd "$(dirname "$0")"
    export ORT_DYLIB_PATH=$PWD/lib LD_LIBRARY_PATH=$PWD/lib:$(libraries):${LD_LIBRARY_PATH:-}
    measure cuda tensorrt
    ;;
  cpu)
    cd "${2:?a folder}"
    export ORT_DYLIB_PATH=$PWD/lib
    measure cpu
    ;;
  *) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 1 ;;
esac
