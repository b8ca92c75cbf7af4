"""python -m dashboards [--check]: write grafana/dashboards/ from the code, or fail where the two differ."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from dashboards import files


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check; the exit code, 1 when a check finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m dashboards", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if the files differ")
    parser.add_argument("--output.dir", dest="folder", type=Path, default=files.FOLDER, help="where the files lie")
    chosen = parser.parse_args(arguments)
    if not chosen.check:
        files.write(chosen.folder)
        return 0
    found = files.differences(chosen.folder)
    for line in found:
        sys.stderr.write(f"dashboards: {line}; run python -m dashboards and read the diff\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
