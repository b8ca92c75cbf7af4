#!/bin/sh
# The README's first figures: the default model (make model) judged on a pretend cluster of another seed.
# Usage: sh benchmarks/default_model.sh        writes build/results/report.html and prints one line per outcome
set -eu
cd "$(dirname "$0")/.."
make --no-print-directory setup
[ -f build/model/manifest.json ] || make --no-print-directory model
exec .venv/bin/python -m benchmarks.default_model
