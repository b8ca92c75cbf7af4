"""Expressions of boards over series small enough to check by hand, computed by Prometheus itself."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import yaml

from dashboards.board import Board
from demo.processes import binary
from tests.deploy import shipped

RECORDED = shipped.ROOT / "prometheus" / "rules" / "predictions.yml"
"""The recorded series that some expressions start from."""


def asked(board: Board, title: str, query: int = 0) -> str:
    """The expression of one query of the panel with that title."""
    (tile,) = [tile for tile in board.tiles() if tile.title == title]
    return tile.queries[query].expression


def check(
    folder: Path, expression: str, series: Mapping[str, str], at: str, expected: Mapping[str, float], **chosen: str
) -> None:
    """AssertionError unless the expression gives exactly the expected samples.

    series: as promtool writes them, one value a minute. at: the moment, such as 5m. expected: labels -> value.
    chosen: values of variables other than those of shipped.FILLED.
    """
    samples = [{"labels": labels, "value": value} for labels, value in expected.items()]
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {"expr": shipped.filled(expression, shipped.FILLED | chosen), "eval_time": at, "exp_samples": samples}
        ],
    }
    file = folder / "expression.yml"
    document = {"rule_files": [str(RECORDED)], "evaluation_interval": "1m", "tests": [test]}
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    done = subprocess.run(
        [binary("promtool"), "test", "rules", str(file)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
