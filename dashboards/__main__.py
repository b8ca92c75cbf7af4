"""python -m dashboards: write grafana/dashboards/ from the code, or with --check fail where the two differ."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from dashboards import files
from dashboards.drawn import pictures
from dashboards.drawn.answers import Prometheus, PrometheusRefused, until


def main(arguments: Sequence[str] | None = None) -> int:
    """Write, check or draw; the exit code, 1 when a check finds a difference or Prometheus does not answer."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.command == "pictures":
        known = set().union(*map(pictures.variables, pictures.committed().values()))
        if unknown := sorted({name for name, _ in chosen.variables} - known):
            parser.error(f"no dashboard has the variable {', '.join(unknown)}; there are {', '.join(sorted(known))}")
        return _draw(chosen)
    if not chosen.check:
        files.write(chosen.folder)
        return 0
    found = files.differences(chosen.folder)
    for line in found:
        sys.stderr.write(f"dashboards: {line}; run python -m dashboards and read the diff\n")
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dashboards", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if the files differ")
    parser.add_argument("--output.dir", dest="folder", type=Path, default=files.FOLDER, help="where the files lie")
    commands = parser.add_subparsers(dest="command")
    draw = commands.add_parser("pictures", help="draw the committed dashboards with a Prometheus' answers")
    draw.add_argument("--prometheus.url", dest="url", required=True, help="whom to ask")
    draw.add_argument("--output.dir", dest="pictures", type=Path, default=pictures.FOLDER, help="where the PNGs go")
    draw.add_argument("--minutes", type=int, default=60, help="how far back they look (%(default)s)")
    draw.add_argument("--end", type=moment, metavar="TIME", help="from when, such as 2026-01-31T09:30Z (now)")
    draw.add_argument(
        "--variable", dest="variables", action="append", type=_pair, default=[], metavar="NAME=VALUE",
        help="a choice at the head of the dashboards, such as entity=cart-0; may be given several times",
    )  # fmt: skip
    return parser


def _draw(chosen: argparse.Namespace) -> int:
    span = until(chosen.end or time.time(), chosen.minutes * 60)
    try:
        for path in pictures.write(Prometheus(chosen.url), span, dict(chosen.variables), chosen.pictures):
            sys.stdout.write(f"{path}: {path.stat().st_size / 1000:.0f} kB\n")
    except PrometheusRefused as error:
        sys.stderr.write(f"dashboards: {error}\n")
        return 1
    return 0


def moment(text: str) -> float:
    """Unix seconds of a time as ISO 8601 writes it, in UTC if it names no zone. Raises ValueError for anything else."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text} is not NAME=VALUE")
    return name, value


if __name__ == "__main__":
    sys.exit(main())
