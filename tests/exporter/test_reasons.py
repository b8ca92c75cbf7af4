"""Reasons: the top signals of what reaches its threshold, bounded, steady, and equal to the model's contributions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from exporter.reasons import MOST, TOP, top_reasons
from exporter.snapshot import Publishing, Reasoned, taken
from predictor import features
from predictor.contributions import Contributions, IntArray
from predictor.entities import Entity
from predictor.model import Model
from predictor.panel import FloatArray, Panel
from predictor.reasons import all_readings, all_reasons
from tests.exporter.models import CATALOGUE, plain_model

STEP = 60.0
REACH = features.reach_steps(STEP)
PODS: tuple[Entity, ...] = (("shop", "calm"), ("shop", "filling"))


def panel(restarts: float = 0.0, *, failed: bool = False) -> Panel:
    """A calm pod, and one whose memory fills at a hundredth a minute up to 0.8 of its limit, or that failed."""
    steps = np.arange(REACH, dtype=np.float64)
    filling = 0.8 + (steps - steps[-1]) / 100
    memory = np.column_stack([np.full(REACH, 0.3), filling])
    values = np.stack([memory, np.full((REACH, 2), restarts)])
    active = np.zeros((1, REACH, 2), dtype=np.bool_)
    active[:, -1, 1] = failed
    return Panel("pod", STEP * steps, PODS, ("pod_memory", "pod_restarts"), values, ("pod_failure",), active)


@dataclass(frozen=True)
class Fixed:
    """The same contributions of two signals for every row."""

    of_memory: float
    of_restarts: float

    def contributions(self, values: FloatArray, signals: IntArray) -> Contributions:  # noqa: ARG002  # as the model asks
        """(2 outcomes, rows, 2 signals)."""
        parts = np.broadcast_to([self.of_memory, self.of_restarts], (2, len(values), 2)).copy()
        return Contributions(np.zeros(2), parts)


def with_contributions(of_memory: float, of_restarts: float) -> Model:
    """The plain model, explained as told."""
    model = plain_model(STEP)
    pod = replace(model.kinds["pod"], explained=Fixed(of_memory, of_restarts))
    return replace(model, kinds={**model.kinds, "pod": pod})


def reasoned(model: Model, before: Reasoned | None = None, *, floor: float = 0.0, failed: bool = False) -> Reasoned:
    """The reasons of the panel above."""
    one = panel(failed=failed)
    snapshot = taken(0.0, {"pod": one}, [model.probabilities(one)], 0, Publishing(floor, 1000))
    return top_reasons(model, {"pod": one}, snapshot.forecasts, before or {})


def names(found: Reasoned) -> list[list[str]]:
    """The signals of every reason, in their order."""
    return [[one.reading.signal.name for one in several] for several in found.values()]


def test_only_what_reaches_its_threshold_has_reasons() -> None:
    found = reasoned(plain_model(STEP))
    assert {(kind, entity, outcome.horizon) for kind, entity, outcome in found} == {
        ("pod", ("shop", "filling"), "15m"),
        ("pod", ("shop", "filling"), "1h"),
    }


def test_what_is_not_published_has_no_reason() -> None:
    assert reasoned(plain_model(STEP))
    assert not reasoned(plain_model(STEP), floor=1.0 + 1e-9)


def test_a_reason_tells_what_the_signal_shows_and_where_that_leads() -> None:
    ((_, several), *_) = reasoned(plain_model(STEP)).items()
    (one,) = several
    assert one.share == 1.0
    assert one.contribution == pytest.approx(0.7)  # the probability of 0.8 less the usual 0.1
    assert one.reading.value == pytest.approx(0.8)
    assert one.reading.per_minute == pytest.approx(0.01)
    assert one.reading.seconds_to_limit == pytest.approx(1200.0)
    assert one.reading.usual_low == pytest.approx(0.005)
    assert one.reading.usual_high == pytest.approx(0.495)
    assert one.reading.words == "memory 80 % of its limit, rising 1 %/min, full in about 20 min"


def test_the_order_is_that_of_the_contributions_and_what_lowers_is_left_out() -> None:
    assert names(reasoned(with_contributions(1.0, 2.0)))[0] == ["pod_restarts", "pod_memory"]
    assert names(reasoned(with_contributions(1.0, -2.0)))[0] == ["pod_memory"]
    assert names(reasoned(with_contributions(-1.0, -2.0)))[0] == []
    shares = [one.share for one in next(iter(reasoned(with_contributions(1.0, 3.0)).values()))]
    assert shares == [0.75, 0.25]


def test_a_signal_that_was_on_top_stays_while_another_is_hardly_stronger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.reasons.TOP", 1)
    first = reasoned(with_contributions(1.0, 0.9))
    assert names(first)[0] == ["pod_memory"]
    assert names(reasoned(with_contributions(1.0, 1.2), first))[0] == ["pod_memory"]
    assert names(reasoned(with_contributions(1.0, 1.3), first))[0] == ["pod_restarts"]
    assert names(reasoned(with_contributions(1.0, 1.2)))[0] == ["pod_restarts"]


def test_there_are_never_more_than_the_top_reasons() -> None:
    assert all(len(several) <= TOP for several in reasoned(with_contributions(1.0, 1.0)).values())


def test_what_hardly_adds_anything_is_not_told() -> None:
    assert names(reasoned(with_contributions(1.0, 0.06)))[0] == ["pod_memory", "pod_restarts"]
    assert names(reasoned(with_contributions(1.0, 0.04)))[0] == ["pod_memory"]
    told = reasoned(with_contributions(1.0, 0.06))
    assert names(reasoned(with_contributions(1.0, 0.045), told))[0] == ["pod_memory", "pod_restarts"], "no flicker"
    assert names(reasoned(with_contributions(1.0, 0.04), told))[0] == ["pod_memory"]


def test_when_more_are_in_trouble_than_anybody_reads_the_most_probable_are_explained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    low = replace(plain_model(STEP), kinds={"pod": replace(plain_model(STEP).kinds["pod"], thresholds=(0.1, 0.1))})
    assert {entity for _, entity, _ in reasoned(low)} == set(PODS)
    monkeypatch.setattr("exporter.reasons.MOST", 1)
    assert {entity for _, entity, _ in reasoned(low)} == {("shop", "filling")}
    assert {entity for _, entity, _ in reasoned(low, failed=True)} == {("shop", "calm")}, "what is present comes last"
    monkeypatch.setattr("exporter.reasons.MOST", 0)
    assert reasoned(low) == {}


def test_an_outage_does_not_crowd_out_what_is_predicted() -> None:
    """Of 550 pods that failed and 50 that are likely to, the 50 are explained, and failed ones fill what is left."""
    model, calm = plain_model(STEP), panel()
    pods: tuple[Entity, ...] = tuple(("shop", f"web-{i}") for i in range(600))
    active = np.zeros((1, REACH, 600), dtype=np.bool_)
    active[:, -1, :550] = True
    values = np.full((2, REACH, 600), 0.97)
    one = replace(calm, entities=pods, values=values, active=active)
    snapshot = taken(0.0, {"pod": one}, [model.probabilities(one)], 0, Publishing(0.0, 10_000))
    explained = {entity for _, entity, _ in top_reasons(model, {"pod": one}, snapshot.forecasts, {})}
    assert explained >= set(pods[550:])
    assert len(explained) == MOST


def test_without_any_forecast_there_is_no_reason() -> None:
    assert top_reasons(plain_model(STEP), {}, [], {}) == {}


def test_on_request_every_signal_of_any_entity_is_told() -> None:
    model = plain_model(STEP)
    found = all_reasons(model, panel(), ("shop", "calm"))
    assert [outcome.horizon for outcome in found] == ["15m", "1h"]
    for one in found.values():
        assert {reason.reading.signal.name for reason in one.reasons} == {s.name for s in CATALOGUE.signals_of("pod")}
    near = next(iter(found.values()))
    assert near.base + sum(reason.contribution for reason in near.reasons) == pytest.approx(0.3)


def test_a_model_of_before_reasons_has_none() -> None:
    model = plain_model(STEP)
    bare = replace(model, kinds={"pod": replace(model.kinds["pod"], explained=None)})
    assert reasoned(bare) == {}
    assert all_reasons(bare, panel(), ("shop", "calm")) == {}


@pytest.mark.parametrize("step_seconds", [30.0, 60.0, 300.0])
def test_a_trend_is_seen_however_long_the_step(step_seconds: float) -> None:
    model = replace(with_contributions(0.2, 0.0), step_seconds=step_seconds)
    reach = features.reach_steps(step_seconds)
    steps = np.arange(reach, dtype=np.float64)
    memory = np.tile((0.8 + (steps - steps[-1]) * step_seconds / 6000)[:, None], (1, 2))
    values = np.stack([memory, np.zeros((reach, 2))])
    active = np.zeros((1, reach, 2), dtype=np.bool_)
    one = Panel("pod", step_seconds * steps, PODS, ("pod_memory", "pod_restarts"), values, ("pod_failure",), active)
    (found, *_) = all_readings(model.kinds["pod"], one, PODS[0], step_seconds)
    assert found.per_minute == pytest.approx(0.01)
    assert found.moves
