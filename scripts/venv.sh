#!/bin/sh
# The virtual environment with exactly the locked dependencies. A second run changes nothing unless the lock changed.
set -eu
cd "$(dirname "$0")/.."
stamp=.venv/installed
want=$(cat requirements-dev.lock pyproject.toml | sha256sum | cut -d' ' -f1)
[ "$(cat "$stamp" 2>/dev/null || true)" = "$want" ] && exit 0

python=${PYTHON:-python3}
command -v "$python" >/dev/null || { echo "setup: no $python on PATH; install Python 3.11 or newer (Debian: apt-get install python3 python3-venv)" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    { echo "setup: $python is $("$python" -V 2>&1), this project needs 3.11 or newer; name another with make PYTHON=python3.12" >&2; exit 1; }
[ -x .venv/bin/pip ] || { rm -rf .venv; "$python" -m venv .venv >build-venv.log 2>&1; } ||
    { cat build-venv.log >&2; rm -rf .venv build-venv.log
      echo "setup: $python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
rm -f build-venv.log

echo "setup: installing the locked dependencies into .venv (about a minute the first time)"
.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
echo "$want" >"$stamp"
