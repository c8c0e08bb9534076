# The project's front door: CI and people run these and nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: demo demo-video demo-triage demo-grade test check bench bench-stages fuzz soak install-deps install-for-tests help python-env

CARGO ?= cargo
features := --features heif
build := $(abspath $(or $(CARGO_TARGET_DIR),target))
shared := $(or $(VISION_SHARED),../shared)/data
vision := $(build)/release/vision
python := $(build)/python/bin/python

# A browser for the page of the report, an RTSP server for streams.
for_tests := chromium python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad dicom3tools dcmtk poppler-utils zbar-tools

# Tests run against the ONNX Runtime of the tests' own Python environment, so that what is
# installed elsewhere on the machine changes nothing. $(1) is the command.
with_runtime = VISION_PYTHON="$(python)" \
  ORT_DYLIB_PATH="$$(echo $(build)/python/lib/python3*/site-packages/onnxruntime/capi/libonnxruntime.so.*)" \
  $(1)

demo: install-deps ## build, fetch ONNX Runtime, detect on samples/photos into demo-out/
	$(CARGO) build --release $(features)
	$(vision) runtime info >/dev/null 2>&1 || $(vision) runtime install
	$(vision) detect samples/photos --out demo-out

demo-video: install-deps ## the same with the clip in samples/video, into demo-video-out/
	$(CARGO) build --release $(features)
	$(vision) runtime info >/dev/null 2>&1 || $(vision) runtime install
	$(vision) detect samples/video --out demo-video-out

demo-triage: install-deps ## the same with the DICOM studies in samples/studies, into demo-triage-out/: worklist.csv, private/
	$(CARGO) build --release $(features)
	$(vision) runtime info >/dev/null 2>&1 || $(vision) runtime install
	$(vision) triage samples/studies --model samples/disc/disc.onnx --dicom-out --out demo-triage-out || [ $$? -eq 2 ]

demo-grade: install-deps ## build and grade the class in samples/homework into demo-grade-out/: report.html, grades.csv
	$(CARGO) build --release $(features)
	$(vision) grade samples/homework/scans --sheet samples/homework --report --out demo-grade-out
	$(vision) grade regrade demo-grade-out --key samples/homework/key.csv --roster samples/homework/roster.csv

test: install-deps install-for-tests python-env ## run all tests
	$(call with_runtime,$(CARGO) test $(features))

check: install-deps install-for-tests python-env ## format, lints, documentation, benches compile, then all tests (what CI runs)
	$(CARGO) fmt --check
	python3 scripts/third_party.py --check
	$(CARGO) clippy --all-targets $(features) -- -D warnings
	$(CARGO) clippy --all-targets --no-default-features --features runtime-dynamic -- -D warnings
	RUSTDOCFLAGS=-Dwarnings $(CARGO) doc --no-deps $(features)
	$(CARGO) check --benches $(features)
	$(call with_runtime,$(CARGO) test $(features))

bench: install-deps python-env ## measure against the bound and the peers, and write docs/benchmarks.md (half an hour)
	$(CARGO) build --release $(features)
	$(call with_runtime,python3 benches/compare.py --vision $(vision) --shared $(shared) --work $(build)/bench)
	$(call with_runtime,python3 benches/decode_scale.py --vision $(vision) --shared $(shared) --work $(build)/bench)
	$(call with_runtime,python3 benches/scale.py --vision $(vision) --shared $(shared) --work $(build)/bench)

bench-stages: install-deps ## measure single stages with criterion
	$(CARGO) bench $(features)

fuzz: ## run the fuzz targets, SECONDS=60 each (needs: cargo install cargo-fuzz --locked)
	@scripts/fuzz.sh $(or $(SECONDS),60) $(TARGETS)

soak: install-deps python-env ## kill a job 120 times and one of videos 60 times, then an hour of video and 10,000 inputs with memory watched (minutes, release build)
	$(call with_runtime,VISION_KILL_ROUNDS=120 $(CARGO) test --release $(features) --test kill -- --nocapture)
	$(call with_runtime,VISION_KILL_ROUNDS=60 $(CARGO) test --release $(features) --test video kill -- --nocapture)
	$(call with_runtime,VISION_LONG_VIDEO=90000 $(CARGO) test --release $(features) --test video memory -- --nocapture)
	$(call with_runtime,$(CARGO) test --release $(features) --test faults -- --ignored --nocapture ten_thousand)

install-deps: ## install the system packages that are missing
	@scripts/setup.sh

install-for-tests:
	@scripts/setup.sh $(for_tests)

help: ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

python-env:
	@scripts/python-env.sh
