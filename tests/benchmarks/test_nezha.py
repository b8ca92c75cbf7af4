"""Nezha: a day becomes samples and firing alerts, masked spans are cut out of what trains, and totals count once."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.detection import ENTRY, FAULT_SECONDS, STEP_SECONDS, Detection
from benchmarks.nezha import FIRING_SECONDS, MEMORY, OVERLAY, copied, span, total, with_alerts, without_memory
from predictor import catalogue

DAY = """# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{pod="cart-1"} 1 1017
container_cpu_usage_seconds_total{pod="cart-1"} 2 1077
container_cpu_usage_seconds_total{pod="cart-1"} 3 1137.5
# EOF
"""


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """Three samples of one pod."""
    path = tmp_path / "day.om"
    path.write_text(DAY, encoding="utf-8")
    return path


def test_the_span_of_a_day_is_that_of_its_samples_on_the_grid(day: Path) -> None:
    first, last = span(day)
    assert (first, last) == (990.0, 1110.0)
    assert first % STEP_SECONDS == last % STEP_SECONDS == 0


def test_each_fault_fires_from_its_last_moment_on_under_its_pod_or_where_requests_come_in(day: Path) -> None:
    rows = [("cpu_contention", "hipster", "cart-1", 1000.0), ("exception", "hipster", "ads-1", 1060.0)]
    with_alerts(day, pd.DataFrame(rows, columns=["type", "namespace", "pod", "start"]))
    text = day.read_text(encoding="utf-8")
    assert text.startswith(DAY.removesuffix("# EOF\n"))
    assert text.endswith("# EOF\n")
    assert text.count("# EOF") == 1
    firing = [line for line in text.splitlines() if line.startswith("ALERTS{")]
    pods = [line for line in firing if 'alertname="cpu_contention"' in line and 'pod="cart-1"' in line]
    code = [line for line in firing if 'alertname="exception"' in line and f'service="{ENTRY}"' in line]
    assert len(pods) + len(code) == len(firing)
    moments = [float(line.rsplit(" ", 1)[1]) for line in pods]
    assert (min(moments), max(moments)) == (1000.0 + FAULT_SECONDS, 1000.0 + FAULT_SECONDS + FIRING_SECONDS)


def test_a_masked_span_is_cut_and_comments_stay(day: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.om"
    copied(day, cut, lambda moment: not 1050.0 <= moment <= 1100.0)
    assert cut.read_text(encoding="utf-8").splitlines() == [
        line for line in DAY.splitlines() if not line.endswith(" 1077")
    ]


def test_without_memory_no_signal_of_it_is_left_and_all_others_are(tmp_path: Path) -> None:
    every = {one.name for one in catalogue.load(OVERLAY, {}).signals}
    left = {one.name for one in catalogue.load(without_memory(tmp_path), {}).signals}
    gone = every - left
    assert gone
    assert gone == {name for name in every if MEMORY in name}


def test_two_types_of_one_issue_share_its_false_alarms() -> None:
    def found(name: str, *delays: float) -> Detection:
        return Detection(name, delays, false_alarms=1, elsewhere=0, quiet_days=2.0, average_precision=0.5)

    said = total([found("cpu_contention", 60.0, 150.0), found("cpu_consumed", 120.0), found("return", 30.0)])
    assert "2 of 3 (66.7%)" in said
    assert "1 false alarms in 2.0 quiet pod-days (0.50 a pod-day)" in said
