#!/bin/sh
# Real OOM kills, real CPU throttling and real packet loss on this machine's kernel, and whether they were foretold.
# Usage: sh benchmarks/kernel.sh [MODEL_DIR]     takes 36 minutes; exits 0 only if every kill was foretold 2 min ahead
set -eu
model=$(realpath -m "${1:-$(dirname "$0")/../build/model}")
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "kernel: needs root, to make control groups and network namespaces" >&2; exit 1; }
command -v ip >/dev/null || { echo "kernel: ip is missing: apt-get install iproute2" >&2; exit 1; }
make --no-print-directory setup
[ -f "$model/manifest.json" ] || make --no-print-directory model
exec .venv/bin/python -m benchmarks.kernel.run live --model-dir "$model"
