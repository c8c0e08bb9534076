#!/usr/bin/env bash
# Installs the system packages that building and running `vision` needs, and only the missing ones.
# Knows Debian and its relatives; elsewhere it names the packages. Rust is checked, not installed.
set -euo pipefail
cd "$(dirname "$0")/.."

# What each is for:
#   build-essential cmake nasm     libjpeg-turbo (SIMD), libheif
#   pkg-config libopencv-dev       OpenCV's video reader (feature `video`)
#   clang libclang-dev             the opencv crate reads OpenCV's headers with libclang
#   libde265-dev libdav1d-dev      HEIC and AVIF (feature `heif`)
#   ffmpeg                         audio of annotated videos, ffprobe
#   python3 python3-pip -venv      `vision runtime install` (ONNX Runtime's wheel), tests
#   curl openssl                   `vision models pull` of files outside PyPI, and its tests
#   ca-certificates                downloads by cargo, pip and curl
packages=(
  build-essential cmake nasm pkg-config
  libopencv-dev clang libclang-dev
  libde265-dev libdav1d-dev ffmpeg
  python3 python3-pip python3-venv curl openssl ca-certificates
)
# More may be named: `setup.sh chromium dicom3tools dcmtk` for the tests of the report's page in a real browser and of
# DICOM results.
packages+=("$@")

say() { printf '%s\n' "$*" >&2; }

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

install_packages() {
  local missing=() name
  for name in "${packages[@]}"; do
    is_installed "$name" || missing+=("$name")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0

  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      say "setup: system packages are missing; ask an administrator to run: apt-get install --no-install-recommends ${missing[*]}"
      exit 1
    fi
    # `env` because sudo drops the variables of its caller.
    as_root=(sudo)
  fi
  say "setup: installing with apt: ${missing[*]}"
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  local log
  log=$(mktemp)
  if ! { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; } \
    </dev/null >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    say "setup: apt-get failed (the last lines are above, all of it is in $log)"
    exit 1
  fi
  rm -f "$log"
}

# Says what is wrong with the Rust toolchain, if anything.
check_rust() {
  local wanted found remedy
  wanted=$(sed -n 's/^rust-version *= *"\(.*\)"$/\1/p' Cargo.toml)
  remedy="get it from https://rustup.rs (curl --proto '=https' -sSf https://sh.rustup.rs | sh); Debian 12's own rustc package is too old"
  if ! command -v cargo >/dev/null || ! command -v rustc >/dev/null; then
    say "setup: no Rust toolchain on the PATH; Rust $wanted or newer is needed: $remedy"
    exit 1
  fi
  found=$(rustc --version | sed -n 's/^rustc \([0-9.]*\).*/\1/p')
  if [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]; then
    say "setup: Rust $found is too old; $wanted or newer is needed: run \`rustup update\`, or $remedy"
    exit 1
  fi
}

# Rust first: without it half a gigabyte of packages would be for nothing.
check_rust
if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
  install_packages
else
  missing=()
  for tool in c++ make cmake nasm pkg-config clang ffmpeg python3 curl openssl; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  pkg-config --exists opencv4 libde265 dav1d 2>/dev/null || missing+=("OpenCV 4, libde265, dav1d (headers)")
  if [ "${#missing[@]}" -gt 0 ]; then
    say "setup: not a Debian-like system; install the counterparts of these Debian packages: ${packages[*]}"
    exit 1
  fi
fi
