"""/metrics, as Prometheus reads it."""

from __future__ import annotations

import gzip
import re
import subprocess
import zlib
from collections.abc import Callable, Iterable

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from exporter.exposition import FAMILIES, Page, labels
from tests.exporter.conftest import START, Bench
from tests.exporter.fake_prometheus import always
from tests.exporter.models import NODE_CPU, POD_FAILED, POD_MEMORY, POD_RESTARTS, fitted_model

# Their parser of OpenMetrics has no types.
openmetrics_families: Callable[[str], Iterable[Metric]] = openmetrics.text_string_to_metric_families

# What Prometheus 2.42 sends.
PROMETHEUS_ACCEPTS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


@pytest.fixture
def busy(bench: Bench) -> Bench:
    """An active pod, one that fills, an unusable series and an awkward node name, after two ticks and a failure."""
    filling = ({"namespace": "shop", "pod": "web-3"}, lambda t: 0.75 + (t - START) / 60 / 64)
    bench.fake.table[POD_MEMORY].append(filling)
    bench.fake.table[POD_FAILED] = [({"namespace": "shop", "pod": "web-2"}, lambda t: 1 if t > START else None)]
    bench.fake.table[POD_RESTARTS] = [({"namespace": "shop", "pod": "web-2"}, always(3)), ({}, always(1))]
    bench.fake.table[NODE_CPU].append(({"node": 'rack "7"\\a'}, always(1 / 3)))
    bench.warm()
    bench.step()
    bench.fake.misbehave = lambda _: (500, "text/plain", b"oops")
    bench.step()
    return bench


def test_the_text_format_is_the_golden_one(busy: Bench, golden: Callable[[str, str], None]) -> None:
    golden("exporter/metrics.txt", busy.metrics())


def test_openmetrics_is_the_golden_one(busy: Bench, golden: Callable[[str, str], None]) -> None:
    response = busy.client.get("/metrics", headers={"Accept": PROMETHEUS_ACCEPTS})
    assert response.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert response.text.endswith("\n# EOF\n")
    golden("exporter/metrics.openmetrics.txt", response.text)


def test_every_metric_we_publish_is_in_the_golden_text(busy: Bench) -> None:
    published = set(re.findall(r"^# TYPE (\S+)", busy.metrics(), re.MULTILINE))
    telemetry = {family.name for family in busy.live.telemetry.registry.collect()}
    assert {name.removesuffix("_total").removesuffix("_info") for name in published} == {
        name.removesuffix("_total").removesuffix("_info") for name in {*FAMILIES, *telemetry}
    }


def test_both_formats_parse_and_say_the_same(busy: Bench) -> None:
    accepting = {"Accept": "application/openmetrics-text; version=1.0.0"}
    text = {s for f in text_string_to_metric_families(busy.metrics()) for s in map(_sample, f.samples)}
    other = busy.client.get("/metrics", headers=accepting).text
    assert text == {s for f in openmetrics_families(other) for s in map(_sample, f.samples)}


def test_no_series_says_when_it_was_created(busy: Bench) -> None:
    accepting = {"Accept": "application/openmetrics-text; version=1.0.0"}
    assert "_created" not in busy.metrics()
    assert "_created" not in busy.client.get("/metrics", headers=accepting).text


def test_promtool_finds_nothing_to_complain_about(busy: Bench) -> None:
    result = subprocess.run(
        ["promtool", "check", "metrics"], input=busy.metrics(), capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "accept", ["", "*/*", "text/plain", "text/html", "application/openmetrics-text;q=0", "application/json;;=,,"]
)
def test_whoever_does_not_ask_for_openmetrics_gets_the_text_format(bench: Bench, accept: str) -> None:
    response = bench.client.get("/metrics", headers={"Accept": accept})
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# EOF" not in response.text


def test_whoever_accepts_gzip_gets_the_same_text_compressed(busy: Bench) -> None:
    with busy.client.stream("GET", "/metrics", headers={"Accept-Encoding": "gzip"}) as response:
        compressed = b"".join(response.iter_raw())
    assert response.headers["Content-Encoding"] == "gzip"
    with busy.client.stream("GET", "/metrics", headers={"Accept-Encoding": "identity"}) as response:
        plain = b"".join(response.iter_raw())
    assert "Content-Encoding" not in response.headers
    assert gzip.decompress(compressed) == plain


@pytest.mark.parametrize("body", [b"", b"a", b"kip_issue_probability 0.5\n" * 5000])
def test_a_compressed_page_is_one_gzip_member_at_every_scrape(body: bytes) -> None:
    page = Page(body)
    for tail in (b"", b"first\n", b"second\n" * 1000):
        reader = zlib.decompressobj(31)  # stops at the end of the first member, as browsers and curl do
        assert reader.decompress(page.gzipped(tail)) == page.plain(tail) == body + tail
        assert reader.eof
        assert not reader.unused_data


def test_numbers_are_written_so_that_they_read_back_as_the_same_float(bench: Bench) -> None:
    bench.warm(fitted_model())
    published = bench.live.published
    assert published is not None
    written = {
        (s.labels["pod"], s.labels["horizon"]): s.value
        for f in text_string_to_metric_families(bench.metrics())
        for s in f.samples
        if s.name == "kip_issue_probability" and s.labels["kind"] == "pod"
    }
    forecast = published.snapshot.forecast("pod")
    assert forecast is not None
    assert written == {
        (entity[1], outcome.horizon): forecast.probability[i, j]
        for i, outcome in enumerate(forecast.outcomes)
        for j, entity in enumerate(forecast.entities)
    }


def test_label_values_are_escaped_as_the_format_asks() -> None:
    assert labels(node='a"b\\c\nd') == r'{node="a\"b\\c\nd"}'


def _sample(sample: Sample) -> tuple[str, frozenset[tuple[str, str]], float]:
    own = sample.labels
    if "le" in own:
        own = own | {"le": str(float(own["le"]))}
    return sample.name, frozenset(own.items()), sample.value
