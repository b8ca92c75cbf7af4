"""How soon an injected fault is detected, and what counts against a model that cries at other times."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.detection import ISSUES, STEP_SECONDS, WAKE_SECONDS, Faults, alerts, judged

HOUR = 3600.0
STEPS = 480


def rows(pod: str, *firing: tuple[float, float], active: tuple[float, float] = (-1.0, -1.0)) -> pd.DataFrame:
    """Four hours of one pod's probability of exhaustion, above its threshold inside of the spans (seconds)."""
    time = STEP_SECONDS * np.arange(STEPS)
    probability = np.full(STEPS, 0.1)
    for start, end in firing:
        probability[(time >= start) & (time <= end)] = 0.8
    on = (time >= active[0]) & (time <= active[1])
    table = {"time": time, "name": pod, "issue": "resource_exhaustion", "probability": probability}
    return pd.DataFrame(table | {"threshold": 0.5, "active": on})


def faults(*starts: tuple[str, float], masked: tuple[tuple[float, float], ...] = ()) -> Faults:
    """CPU contention in these pods from these seconds on."""
    table = [{"pod": pod, "type": "cpu_contention", "start": start} for pod, start in starts]
    return Faults(pd.DataFrame(table), masked)


def test_the_delay_runs_from_the_injection_to_the_first_step_above_the_threshold() -> None:
    several = pd.concat([rows("a", (HOUR + 60, HOUR + 180)), rows("b", (HOUR - 60, HOUR + 60)), rows("c")])
    (found,) = judged(several, faults(("a", HOUR), ("b", HOUR), ("c", HOUR)))
    assert found.name == "cpu_contention"
    assert found.delays == (60.0, 0.0, np.inf)  # clocks differ: a little early counts as at once
    assert found.in_time == 2
    assert (found.false_alarms, found.elsewhere) == (0, 0)


def test_alerts_in_quiet_times_are_false_and_those_of_other_pods_meanwhile_are_elsewhere() -> None:
    quiet, beside = (2 * HOUR, 2 * HOUR + 60), (HOUR + 60, HOUR + 120)
    several = pd.concat([rows("a", (HOUR + 60, HOUR + 90), quiet), rows("b", beside)])
    (found,) = judged(several, faults(("a", HOUR)))
    assert (found.false_alarms, found.elsewhere) == (1, 1)
    pauses = [(2 * HOUR, 2 * HOUR + 60), (2 * HOUR + 300, 2 * HOUR + 330), (3 * HOUR, 3 * HOUR)]
    (found,) = judged(rows("a", *pauses), faults(("a", HOUR)))
    assert found.false_alarms == 2, "a dip of less than five minutes is the same alert"


def test_masked_spans_and_wakes_are_not_judged() -> None:
    span = (2 * HOUR, 2 * HOUR + 60)
    (found,) = judged(rows("a", span), faults(("a", HOUR), masked=((2 * HOUR - 60, 2 * HOUR + 120),)))
    assert found.false_alarms == 0
    (free,) = judged(rows("a", span), faults(("a", HOUR)))
    assert free.false_alarms == 1
    assert found.quiet_days < free.quiet_days
    (found,) = judged(rows("a", (HOUR + 200, HOUR + 180 + WAKE_SECONDS)), faults(("a", HOUR)))
    assert (found.in_time, found.false_alarms) == (0, 0)


def test_an_alert_out_of_an_active_issue_is_no_new_one() -> None:
    assert alerts(rows("a", (600, 900), active=(600, 750))).tolist() == []
    assert alerts(rows("a", (600, 900), active=(690, 750))).tolist() == [600.0]


def test_nothing_is_said_of_types_that_the_model_or_the_day_does_not_have() -> None:
    assert judged(rows("a"), faults(("a", HOUR)))[0].name == "cpu_contention"
    assert len(judged(rows("a"), faults(("a", HOUR)))) == 1
    assert set(ISSUES.values()) == {"resource_exhaustion", "network_issue", "service_disruption"}


def test_precision_compares_rows_of_faults_with_quiet_rows_only() -> None:
    perfect = rows("a", (HOUR, HOUR + 179))
    (found,) = judged(perfect, faults(("a", HOUR)))
    assert found.average_precision == pytest.approx(1.0)
    assert found.line.startswith("| cpu_contention | 1 | 1 | 0 s | 0 s | 0.00 (0 in 0.2) | 0 | 1.00 |")
