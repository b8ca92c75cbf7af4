"""A tick brings everything or nothing, whatever Prometheus answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter.telemetry import REASONS
from predictor.series import ReadError
from tests.exporter.conftest import START, STEP, Bench
from tests.exporter.fake_prometheus import Answer, FakePrometheus, Value, always, success
from tests.exporter.models import (
    NODE_CPU,
    POD_FAILED,
    POD_MEMORY,
    QUERIES,
)

WEB_1 = 'kip_issue_probability{issue="pod_failure",horizon="15m",kind="pod",namespace="shop",pod="web-1"}'
WEB_1_ACTIVE = 'kip_issue_active{issue="pod_failure",kind="pod",namespace="shop",pod="web-1"}'
WEB_1_LABELS = {"namespace": "shop", "pod": "web-1"}


def answer_of(status: int, body: bytes, content_type: str = "application/json") -> Callable[[FakePrometheus], None]:
    """Misbehave by giving this answer to every query."""

    def begin(fake: FakePrometheus) -> None:
        answer: Answer = (status, content_type, body)
        fake.misbehave = lambda _: answer

    return begin


def pod_memory_of(*series: tuple[dict[str, str], Value]) -> Callable[[FakePrometheus], None]:
    """Misbehave by having only these series of one signal, and no other signal at all."""

    def begin(fake: FakePrometheus) -> None:
        fake.table = {POD_MEMORY: list(series)}

    return begin


def hang(fake: FakePrometheus) -> None:
    """Misbehave by not answering."""
    fake.hang = True


def half_way(fake: FakePrometheus) -> None:
    """Misbehave on the last query only, when all the others have been answered."""
    refusal: Answer = (422, "application/json", b'{"status":"error","errorType":"execution","error":"too many"}')
    fake.misbehave = lambda query: refusal if query == "service_down{} == 1" else None


TRUNCATED = success([{"metric": WEB_1_LABELS, "values": [[START + STEP, "0.5"]]}])[:-20]
TWICE = ((WEB_1_LABELS | {"uid": "a"}, always(0.5)), (WEB_1_LABELS | {"uid": "b"}, always(0.6)))
FAILURES = {
    "400": (answer_of(400, b'{"status":"error","errorType":"bad_data","error":"parse error"}'), "status"),
    "500": (answer_of(500, b"oops", "text/plain"), "status"),
    "503": (answer_of(503, b"<html>no backend</html>", "text/html"), "status"),
    "one query of all is refused": (half_way, "status"),
    "HTML": (answer_of(200, b"<!DOCTYPE html><p>Log in</p>", "text/html"), "garbled"),
    "truncated JSON": (answer_of(200, TRUNCATED), "garbled"),
    "JSON of another kind": (answer_of(200, b'{"hello":"world"}'), "garbled"),
    "a list": (answer_of(200, b"[]"), "garbled"),
    "a sample that is no number": (pod_memory_of((WEB_1_LABELS, always("many"))), "garbled"),
    "no data": (pod_memory_of(), "no_data"),
    "two series for one pod": (pod_memory_of(*TWICE), "duplicate_series"),
    "no answer": (hang, "timeout"),
}


@pytest.mark.parametrize(("misbehave", "reason"), FAILURES.values(), ids=FAILURES)
def test_a_failed_tick_is_counted_and_the_last_snapshot_stays_until_it_is_stale(
    bench: Bench, misbehave: Callable[[FakePrometheus], None], reason: str
) -> None:
    bench.warm()
    table = bench.fake.table
    misbehave(bench.fake)
    bench.step()
    assert bench.failures() == {reason: 1}
    assert bench.value(WEB_1) == 0.25
    assert bench.value("kip_up") == 0
    assert bench.value("kip_ticks_total") == 1
    assert bench.value("kip_last_tick_timestamp_seconds") == pytest.approx(START, abs=0.5)

    bench.clock.now = START + 5 * STEP
    assert bench.value(WEB_1) == 0.25
    bench.clock.now += 1
    assert "kip_issue" not in bench.metrics()
    assert bench.value("kip_up") == 0
    assert bench.client.get("/-/ready").status_code == 503
    assert f"last failure: {reason}: " in bench.client.get("/-/ready").text

    bench.fake.misbehave, bench.fake.hang, bench.fake.table = None, False, table
    bench.step()
    assert bench.failures() == {reason: 1}
    assert bench.value(WEB_1) == 0.25
    assert bench.value("kip_up") == 1
    assert bench.client.get("/-/ready").status_code == 200


def test_a_prometheus_that_nobody_listens_at_fails_the_tick(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.warm()
    reader = bench.live._reader
    monkeypatch.setattr(reader._client, "url", "http://127.0.0.1:1")  # type: ignore[attr-defined]  # the real reader
    bench.step()
    assert bench.failures() == {"unavailable": 1}
    assert bench.value(WEB_1) == 0.25


@pytest.mark.parametrize("text", ["NaN", "+Inf", "-Inf"])
def test_what_is_no_number_is_a_missing_sample_and_fails_nothing(bench: Bench, text: str) -> None:
    bench.warm()
    bench.fake.table[POD_MEMORY] = [
        (WEB_1_LABELS, always(text)),
        ({"namespace": "shop", "pod": "web-2"}, always(0.5)),
    ]
    bench.step()
    assert bench.failures() == {}
    assert bench.value(WEB_1) is None
    assert bench.value(WEB_1.replace("web-1", "web-2")) == 0.5
    assert all(v not in bench.metrics() for v in (" nan", " NaN", " inf", " Inf"))


def test_series_without_entity_labels_are_counted_and_the_others_published(bench: Bench) -> None:
    bench.fake.table[POD_MEMORY] += [({"pod": "web-3"}, always(0.5)), ({}, always(0.5))]
    bench.warm()
    assert bench.value("kip_series_dropped") == 2
    assert bench.value(WEB_1) == 0.25
    assert "web-3" not in bench.metrics()


def test_a_label_value_beyond_all_sense_is_dropped(bench: Bench) -> None:
    bench.fake.table[POD_MEMORY].append(({"namespace": "shop", "pod": "x" * 100_000}, always(0.9)))
    bench.warm()
    assert bench.value("kip_series_dropped") == 1
    assert len(bench.metrics()) < 40_000


HOSTILE = {
    "quotes": 'a"b"c',
    "newlines": "a\nb\r\nc",
    "backslashes": "a\\n\\\\b\\",
    "HTML": "<script>alert(1)</script>&amp;'\"",
    "template": "{{ 7 * 7 }}{% raw %}",
    "not ASCII": "größe-日本-\u202eevil-🙂",
    "4 KB": "long-" * 800,
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_hostile_label_values_come_through_as_what_they_are(bench: Bench, name: str) -> None:
    bench.fake.table[POD_MEMORY] = [({"namespace": "shop", "pod": name}, always(0.75))]
    bench.warm()
    families = {family.name: family for family in text_string_to_metric_families(bench.metrics())}
    pods = {s.labels["pod"] for s in families["kip_issue_probability"].samples if "pod" in s.labels}
    assert pods == {name}

    page = bench.client.get("/").text
    assert re.findall("<script[^>]*>", page) == ['<script src="assets/page.js" defer>']  # the page's own
    assert name in unescape(page)

    found = bench.client.get("/api/v1/predictions", params={"kind": "pod"}).json()["data"]["predictions"]
    assert {row["name"] for row in found} == {name}


def test_every_error_of_the_reader_has_its_reason_at_zero_from_the_start(bench: Bench) -> None:
    def below(error: type[ReadError]) -> set[type[ReadError]]:
        return {error}.union(*(below(one) for one in error.__subclasses__()))

    assert {error.reason for error in below(ReadError) - {ReadError}} <= set(REASONS)
    for reason in REASONS:
        assert bench.value(f'kip_tick_failures_total{{reason="{reason}"}}') == 0


def test_an_error_nobody_expected_is_counted_as_internal_and_the_next_tick_tries_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.warm()
    with monkeypatch.context() as patch:
        patch.setattr("exporter.tick.taken", lambda *_: 1 / 0)
        bench.step()
    assert bench.failures() == {"internal": 1}
    assert bench.value(WEB_1) == 0.25
    bench.step()
    assert bench.failures() == {"internal": 1}
    assert bench.value("kip_ticks_total") == 2


def test_a_tick_reads_one_step_more_and_missed_ticks_are_filled_in_one_read(bench: Bench) -> None:
    bench.warm()
    assert {(start, end) for _, start, end in bench.fake.asked} == {(START - 29 * STEP, START)}
    bench.fake.asked.clear()
    bench.step()
    assert {(start, end) for _, start, end in bench.fake.asked} == {(START, START + STEP)}
    bench.fake.asked.clear()
    bench.step(3)
    assert {(start, end) for _, start, end in bench.fake.asked} == {(START + STEP, START + 4 * STEP)}
    assert len(bench.fake.asked) == QUERIES


def test_a_gap_longer_than_the_window_is_read_whole(bench: Bench) -> None:
    bench.warm()
    bench.fake.asked.clear()
    bench.step(100)
    assert {(start, end) for _, start, end in bench.fake.asked} == {(START + 71 * STEP, START + 100 * STEP)}


def test_a_failed_tick_leaves_the_window_so_that_the_next_one_fills_the_gap(bench: Bench) -> None:
    bench.warm()
    half_way(bench.fake)
    bench.step()
    bench.fake.misbehave = None
    bench.fake.asked.clear()
    bench.step()
    assert {(start, end) for _, start, end in bench.fake.asked} == {(START, START + 2 * STEP)}


def test_a_second_tick_for_the_same_grid_point_does_nothing(bench: Bench) -> None:
    bench.warm()
    bench.fake.asked.clear()
    bench.live.tick()
    bench.clock.now -= 3600  # nor does one after the clock was set back
    bench.live.tick()
    assert bench.fake.asked == []
    assert bench.value("kip_ticks_total") == 1


def test_a_tick_before_the_first_window_does_nothing(bench: Bench) -> None:
    bench.live.tick()
    assert bench.fake.asked == []
    assert bench.failures() == {}


def test_a_tick_that_finds_another_one_running_is_skipped_and_counted(bench: Bench) -> None:
    bench.warm()
    with bench.live._running:
        bench.step()
    assert bench.failures() == {"overrun": 1}


def test_an_entity_that_leaves_prometheus_leaves_the_metrics_at_once(bench: Bench) -> None:
    bench.warm()
    bench.fake.table[POD_MEMORY] = [({"namespace": "shop", "pod": "web-2"}, always(0.5))]
    bench.step()
    assert "web-1" not in bench.metrics()
    assert bench.value('kip_entities{kind="pod"}') == 1


def test_an_issue_that_ends_goes_back_to_zero(bench: Bench) -> None:
    bench.fake.table[POD_FAILED] = [(WEB_1_LABELS, lambda t: 1 if t <= START else None)]
    bench.warm()
    assert bench.value(WEB_1_ACTIVE) == 1
    assert bench.value(WEB_1) == 1
    bench.step()
    assert bench.value(WEB_1_ACTIVE) == 0
    assert bench.value(WEB_1) == 0.25


def test_the_log_of_a_tick_is_one_line(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    from commandline import logs

    logs.configure("info", "json")
    bench.warm()
    bench.fake.table[NODE_CPU] = [({"node": "worker-1"}, always("many"))]
    bench.step()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["tick done", "tick failed"]
    assert lines[0]["pod"] == 2
    assert lines[1]["reason"] == "garbled"
