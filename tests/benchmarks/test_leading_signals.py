"""Leading signals: which notification belongs to which fault, and which of its signals is a true one."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from benchmarks.leading_signals import Named, first_alerts, predictions, rank_of_true, scraped, show, unix
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
    return {"status": "firing", "startsAt": time, "labels": {**own, **labels}}


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


def test_reasons_of_a_pod_are_asked_for_without_the_node_that_only_its_alert_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def fetch(url: str) -> dict[str, Any]:
        asked.append(parse_qs(urlsplit(url).query)["query"][0])
        rest = [{"metric": {"signal": name}, "value": [0, share]} for name, share in [("b", "0.2"), ("a", "0.7")]]
        return {"data": {"result": rest}}

    monkeypatch.setattr("benchmarks.leading_signals.fetch", fetch)
    (one,) = predictions([{"alerts": [alert(200, node="node-1", horizon="15m")]}])
    assert scraped("http://prometheus", one) == ("a", "b")
    own = 'issue="pod_failure",horizon="15m",kind="pod",namespace="shop",pod="web-1"'
    assert asked == [f"kip_issue_contribution{{{own}}}"]
