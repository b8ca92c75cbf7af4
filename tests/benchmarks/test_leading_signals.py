"""Leading signals: which notification belongs to which fault, and which of its signals is a true one."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.leading_signals import Named, first_alerts, in_words, predictions, rank_of_true, said_by, show, unix
from predictor import catalogue


def fault(start: float = 100.0, end: float | None = 900.0) -> dict[str, Any]:
    """A leak of one pod."""
    return {
        "kind": "pod",
        "issue": "pod_failure",
        "entity": {"namespace": "shop", "pod": "web-1"},
        "start": start,
        "end": end,
    }


def alert(second: int, **labels: str) -> dict[str, Any]:
    """A firing prediction of that pod's failure, some seconds after 1970 began; labels replace its own."""
    own = {"kind": "pod", "issue": "pod_failure", "namespace": "shop", "pod": "web-1", "state": "predicted"}
    time = f"1970-01-01T00:{second // 60:02d}:{second % 60:02d}.123456789Z"
    words = {"description": "With a probability of 84%, it will fail."}
    return {"status": "firing", "startsAt": time, "labels": {**own, **labels}, "annotations": words}


def paired(*alerts: dict[str, Any], of: dict[str, Any] | None = None) -> list[float]:
    """When the alert that belongs to the fault fired."""
    return [one["at"] for _, one in first_alerts([of or fault()], predictions([{"alerts": list(alerts)}]))]


def test_the_first_prediction_of_the_own_entity_and_issue_while_the_fault_is_on_belongs_to_it() -> None:
    early, first, second = alert(50), alert(200), alert(300)
    assert paired(second, early, first) == [unix(first["startsAt"])]


@pytest.mark.parametrize(
    "other",
    [
        alert(200, pod="web-2"),
        alert(200, namespace="bank"),
        alert(200, issue="resource_exhaustion"),
        alert(200, state="active"),
        {**alert(200), "status": "resolved"},
        alert(1000),
    ],
)
def test_nothing_else_belongs_to_it(other: dict[str, Any]) -> None:
    assert paired(other) == []


def test_a_fault_that_is_still_on_has_no_end() -> None:
    assert len(paired(alert(2000), of=fault(end=None))) == 1


def test_a_signal_is_true_when_its_promql_reads_a_metric_that_the_fault_moves_first() -> None:
    templates = {one.name: one.promql for one in catalogue.default().signals}
    leading = ["container_memory_working_set_bytes"]
    assert rank_of_true(["pod_restarts", "pod_memory_of_limit"], leading, templates) == 2
    assert rank_of_true(["pod_restarts", "pod_throttled"], leading, templates) == 0
    assert rank_of_true([], leading, templates) == 0


def test_alertmanagers_times_are_read_to_the_microsecond() -> None:
    assert unix("1970-01-01T00:01:40.5Z") == 100.5
    assert unix("1970-01-01T00:01:40Z") == 100.0
    assert unix("2026-11-25T10:00:00.123456789Z") == pytest.approx(1795600800.123457, abs=1e-5)


@pytest.mark.parametrize(("ranks", "code"), [([1, 2, 3, 1, 1, 1, 1, 1, 1, 0], 0), ([1, 0], 1), ([], 1)])
def test_nine_in_ten_must_be_named(ranks: list[int], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert show([Named("memory_leak", "shop/web-1", "pod_failure", ("pod_memory",), rank) for rank in ranks]) == code
    assert f"of {len(ranks)} alerts" in capsys.readouterr().out


def described(reasons: str) -> dict[str, Any]:
    """A prediction whose description ends with these reasons."""
    text = f"With a probability of 84%, pod shop/web-1 will have a pod failure within the next 15m{reasons}."
    (one,) = predictions([{"alerts": [alert(200, horizon="15m") | {"annotations": {"description": text}}]}])
    return dict(one)


@pytest.mark.parametrize(
    ("reasons", "signals"),
    [
        (
            ": memory working set 91% of its limit, rising 2.1%/min, full in about 4m; 3 restarts within an hour; "
            "memory working set 1.4GiB, rising 24MiB/min",
            ("pod_memory_of_limit", "pod_restarts", "pod_memory"),
        ),
        (": something else 91%; fullest volume 98% full, at its limit", ("pod_volume_used",)),
        ("", ()),
    ],
)
def test_the_words_of_a_notification_tell_which_signals_it_names(reasons: str, signals: tuple[str, ...]) -> None:
    assert in_words(described(reasons)) == signals


def test_every_signal_of_the_catalogue_is_known_again_by_its_words() -> None:
    for signal in catalogue.default().signals:
        said = signal.saying.format("91%") + ", rising 2.1%/min, at its limit"
        fitting = [one for one in catalogue.default().signals_of(signal.kind) if said_by(one).match(said)]
        assert max(fitting, key=lambda one: len(one.saying)).name == signal.name
