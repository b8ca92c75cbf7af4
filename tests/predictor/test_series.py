"""Series: samples on the grid, entities from labels, and what is no measurement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from predictor.panel import FloatArray
from predictor.reader import NoData, with_data
from predictor.series import MAX_LABEL_CHARS, DuplicateSeries, Reading, Series, decoded, reading, rounded
from tests.exporter.models import CATALOGUE

STEP = 30.0
START = 1_795_000_020.0
TIMES: FloatArray = START + STEP * np.arange(6, dtype=np.float64)
NAN = float("nan")
POD = {"namespace": "shop", "pod": "web-1"}

Placed = list[tuple[int, Series]]


def answer(values: list[Any], labels: Mapping[str, Any] = POD) -> dict[str, Any]:
    """One series as Prometheus sends it."""
    return {"metric": dict(labels), "values": values}


def of(labels: Mapping[str, str], *samples: float | None) -> Series:
    """A series with one sample per step, None where there is none."""
    steps = [i for i, sample in enumerate(samples) if sample is not None]
    return Series(labels, np.array(steps, dtype=np.intp), np.array([samples[i] for i in steps], dtype=np.float64))


def read(**answers: Placed) -> Reading:
    """The reading of a few answers, by the names of signals and issues; all other queries found nothing."""
    names = [s.name for s in CATALOGUE.signals] + [f"{r.issue}_of_{r.kind}" for r in CATALOGUE.rules]
    assert set(answers) <= set(names)
    return reading(CATALOGUE, TIMES, [answers.get(name, []) for name in names])


@given(st.lists(st.one_of(st.none(), st.floats(-9e17, 9e17)), min_size=1, max_size=6))
def test_every_sample_lands_on_its_step_with_seven_digits(samples: list[float | None]) -> None:
    values = [[TIMES[i], repr(s)] for i, s in enumerate(samples) if s is not None]
    one = decoded(answer(values), TIMES, STEP)
    found = dict(zip(one.steps.tolist(), one.values.tolist(), strict=True))
    assert found == {i: pytest.approx(s, rel=6.2e-7, abs=6.2e-9) for i, s in enumerate(samples) if s is not None}


@given(st.floats(1e-2, 1e17), st.integers(-3, 3))
def test_the_last_digits_of_a_sum_in_another_order_do_not_matter(value: float, steps: int) -> None:
    short = float(f"{value:.6e}")
    other = short
    for _ in range(abs(steps)):
        other = float(np.nextafter(other, np.inf if steps > 0 else -np.inf))
    assert rounded(np.array([other, -other])).tolist() == [short, -short]


@given(st.integers(-(10**6), 10**6), st.floats(-1e-15, 1e-15))
def test_no_noise_is_left_of_two_shares(hundred_millionths: int, noise: float) -> None:
    short = hundred_millionths / 1e8
    assert rounded(np.array([short + noise])).tolist() == [short]


@given(st.integers(1, 10**6), st.integers(1, 12), st.floats(-1e-15, 1e-15))
@example(129, 7, -5e-16)  # 1.0078125
@example(1, 9, -5e-16)  # 0.001953125
def test_a_count_over_a_power_of_two_is_rounded_alike_whatever_its_last_digits(
    count: int, halvings: int, noise: float
) -> None:
    share = count / 2**halvings
    assert rounded(np.array([share * (1.0 + noise)])).tolist() == rounded(np.array([share])).tolist()


def test_seven_digits_are_kept_and_eight_decimals() -> None:
    found = rounded(np.array([12_345_678.0, 1_234_567.8, 0.012345678, 0.0123456789, -0.0123456781]))
    assert found.tolist() == [12_345_680.0, 1_234_568.0, 0.01234568, 0.01234568, -0.01234568]


def test_nothing_is_rounded_to_something() -> None:
    found = rounded(np.array([0.0, -0.0, 1e-12, -1e-12, NAN]))
    assert [str(value) for value in found] == ["0.0", "0.0", "0.0", "0.0", "nan"]


@pytest.mark.parametrize("text", ["NaN", "+Inf", "-Inf", "1e30", "-1e30", "1.7976931348623157e308"])
def test_what_is_no_measurement_is_missing(text: str) -> None:
    one = decoded(answer([[START, text], [START + STEP, "9e15"]]), TIMES, STEP)
    np.testing.assert_array_equal(one.values, [NAN, 9e15])


def test_a_series_without_samples_is_empty() -> None:
    assert len(decoded(answer([]), TIMES, STEP).steps) == 0


NOT_A_SERIES: dict[str, Any] = {
    "no values": {"metric": POD},
    "an instant vector": {"metric": POD, "value": [START, "1"]},
    "no labels": {"values": [[START, "1"]]},
    "labels in a list": {"metric": ["shop"], "values": [[START, "1"]]},
    "a sample that is no number": answer([[START, "many"]]),
    "a sample that is null": answer([[START, None]]),
    "half a sample": answer([[START]]),
    "samples that are text": answer(["ab", "cd"]),
    "a list": [],
    "nothing": None,
}


@pytest.mark.parametrize("wrong", NOT_A_SERIES.values(), ids=NOT_A_SERIES)
def test_what_is_no_series_is_refused_with_a_known_error(wrong: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError, IndexError)):
        decoded(wrong, TIMES, STEP)


@pytest.mark.parametrize("moment", [START - STEP, START + 1, START + 6 * STEP])
def test_a_moment_that_was_not_asked_for_is_refused(moment: float) -> None:
    with pytest.raises(ValueError, match="timestamps that were not asked for"):
        decoded(answer([[moment, "1"]]), TIMES, STEP)


def test_a_panel_has_the_entities_of_signals_and_rules_in_order() -> None:
    both = read(
        pod_memory=[(0, of(POD, 0.1, None, 0.3)), (3, of(POD, 0.4))],
        pod_restarts=[(0, of(POD | {"pod": "api-1"}, 1.0))],
        pod_failure_of_pod=[(0, of(POD | {"pod": "gone"}, None, 1.0))],
    ).panels["pod"]
    assert both.entities == (("shop", "api-1"), ("shop", "gone"), ("shop", "web-1"))
    assert both.signals == ("pod_memory", "pod_restarts")
    np.testing.assert_array_equal(both.times, TIMES)
    np.testing.assert_array_equal(both.values[0, :, 2], [0.1, NAN, 0.3, 0.4, NAN, NAN])
    np.testing.assert_array_equal(both.values[1, :, 0], [1, NAN, NAN, NAN, NAN, NAN])
    assert np.isnan(both.values[:, :, 1]).all()
    np.testing.assert_array_equal(both.active[0].T, [[False] * 6, [False, True] + [False] * 4, [False] * 6])


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {"namespace": "shop"},
        {"namespace": "shop", "pod": ""},
        {"pod": "web-1"},
        {"namespace": "shop", "pod": "p" * (MAX_LABEL_CHARS + 1)},
    ],
    ids=["none", "no pod", "an empty pod", "no namespace", "longer than any name"],
)
def test_a_series_without_usable_labels_is_dropped_and_counted(labels: dict[str, str]) -> None:
    found = read(pod_memory=[(0, of(POD, 0.5)), (0, of(labels, 0.7))], pod_failure_of_pod=[(0, of(labels, 1.0))])
    assert found.dropped == 2
    assert found.panels["pod"].entities == (("shop", "web-1"),)
    assert not found.panels["pod"].active.any()


@pytest.mark.parametrize("name", ["größe-😀", 'a"b\\c\nd', "p" * MAX_LABEL_CHARS, " "])
def test_any_other_label_comes_through_as_it_is(name: str) -> None:
    found = read(pod_memory=[(0, of({"namespace": "shop", "pod": name}, 0.5))])
    assert found.dropped == 0
    assert found.panels["pod"].entities == (("shop", name),)


def test_two_series_of_one_signal_for_one_entity_are_refused_by_name() -> None:
    with pytest.raises(DuplicateSeries) as refused:
        read(pod_memory=[(0, of(POD | {"uid": "a"}, 1.0, 1.0)), (0, of(POD | {"uid": "b"}, None, 2.0))])
    message = str(refused.value)
    assert message.startswith("signal pod_memory gave two series for pod shop/web-1; aggregate by ")
    assert "'namespace', 'pod'" in message
    assert refused.value.reason == "duplicate_series"


def test_two_series_that_follow_each_other_in_time_are_one() -> None:
    found = read(pod_memory=[(0, of(POD | {"uid": "a"}, 1.0, 1.0)), (0, of(POD | {"uid": "b"}, None, None, 2.0))])
    np.testing.assert_array_equal(found.panels["pod"].values[0, :, 0], [1, 1, 2, NAN, NAN, NAN])


def test_two_series_of_one_rule_are_the_same_issue() -> None:
    found = read(pod_failure_of_pod=[(0, of(POD | {"reason": "a"}, 1.0)), (0, of(POD | {"reason": "b"}, 0.0, 0.0))])
    assert found.panels["pod"].active[0, :, 0].tolist() == [True, True, False, False, False, False]


@pytest.mark.parametrize("text", ["0", "-1", "+Inf", "NaN", "1e31"])
def test_a_rule_is_an_issue_whatever_value_it_returns(text: str) -> None:
    """As in an alert: errors / requests > 0.5 is +Inf when only requests are missing, and fires."""
    one = decoded(answer([[START, text]]), TIMES, STEP)
    found = read(pod_failure_of_pod=[(0, one)])
    assert found.panels["pod"].active[0, :, 0].tolist() == [True] + [False] * 5


@pytest.mark.parametrize("nothing", [{}, {"pod_memory": [(0, of({}, 0.5))]}], ids=["no series", "no usable series"])
def test_a_reading_without_entities_is_empty_and_where_data_is_a_must_says_where_to_look(
    nothing: dict[str, Placed],
) -> None:
    found = read(**nothing)
    assert found.empty
    with pytest.raises(NoData, match="no series; check its targets") as refused:
        with_data(found)
    assert refused.value.reason == "no_data"


def test_a_reading_with_one_entity_is_passed_on_as_it_is() -> None:
    found = read(pod_failure_of_pod=[(0, of(POD, 1.0))])
    assert not found.empty
    assert with_data(found) is found


def test_kinds_without_series_have_empty_panels_of_the_same_steps() -> None:
    found = read(pod_memory=[(0, of(POD, 0.5))])
    assert found.panels["node"].values.shape == (1, 6, 0)
    assert found.panels["service"].active.shape == (1, 6, 0)


@given(st.permutations(range(4)), st.lists(st.lists(st.floats(0, 1), min_size=6, max_size=6), min_size=4, max_size=4))
def test_the_order_of_the_answers_does_not_matter(order: list[int], samples: list[list[float]]) -> None:
    series = [(0, of(POD | {"pod": f"web-{i}"}, *samples[i])) for i in range(4)]
    one, other = read(pod_memory=series), read(pod_memory=[series[i] for i in order])
    assert one.panels["pod"].entities == other.panels["pod"].entities
    np.testing.assert_array_equal(one.panels["pod"].values, other.panels["pod"].values)
