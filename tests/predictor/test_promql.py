"""The catalogue's PromQL on clusters of other shapes than the emitter's: promtool evaluates it over made-up series.

All scenes are told to one promtool run, which names the expression, what it expected and what it got.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from predictor import catalogue
from tests.predictor.scene import Scene
from tests.predictor.scenes import SCENES


def test_the_expressions_hold_on_clusters_of_other_shapes(tmp_path: Path) -> None:
    chosen = catalogue.default()
    templates = {s.name: s.promql for s in chosen.signals} | {f"{r.issue}/{r.kind}": r.promql for r in chosen.rules}
    told = {name: chosen.promql(template) for name, template in templates.items()}
    path = tmp_path / "scenes.yml"
    path.write_text(yaml.safe_dump({"rule_files": [], "tests": [_told(one, told) for one in SCENES]}), encoding="utf-8")
    done = subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _told(scene: Scene, promql: Mapping[str, str]) -> dict[str, Any]:
    checks = [
        {
            "expr": f"round({promql[name]}, 0.001)",
            "eval_time": "10m",
            "exp_samples": [{"labels": labels, "value": value} for labels, value in expected.items()],
        }
        for name, expected in scene.expected.items()
    ]
    series = [{"series": text, "values": values} for text, values in scene.series.items()]
    return {"name": scene.name, "interval": "30s", "input_series": series, "promql_expr_test": checks}
