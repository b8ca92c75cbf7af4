"""The listing: lines made once for all who look, and what a filter leaves of them."""

from __future__ import annotations

import pytest

from exporter.api import Filter, Row, rows
from exporter.listing import View, listed
from exporter.snapshot import Snapshot
from exporter.tick import Published
from tests.exporter.conftest import Bench
from tests.exporter.fake_prometheus import always
from tests.exporter.models import POD_FAILED


def shown(bench: Bench) -> Published:
    """What the bench's exporter shows."""
    published = bench.live.fresh()
    assert published is not None
    return published


def test_rows_are_grouped_once_however_many_views_of_a_snapshot_are_asked_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Snapshot] = []

    def counted(snapshot: Snapshot) -> tuple[Row, ...]:
        asked.append(snapshot)
        return rows(snapshot)

    monkeypatch.setattr("exporter.listing.rows", counted)
    bench.warm()
    first = shown(bench)
    for chosen in (Filter(), Filter(kind="pod"), Filter(min_probability=0.3)):
        listed(first, View(chosen))
    assert asked == [first.snapshot]
    bench.step()
    listed(shown(bench), View(Filter()))
    assert asked == [first.snapshot, shown(bench).snapshot]


def test_a_filter_narrows_the_lines_and_their_count_but_not_what_can_be_chosen(bench: Bench) -> None:
    bench.fake.table[POD_FAILED] = [({"namespace": "shop", "pod": "web-2"}, always(1))]
    bench.warm()
    every, pods = listed(shown(bench), View(Filter())), listed(shown(bench), View(Filter(kind="pod")))
    assert (every.found, every.states) == (4, {"present now": 1, "predicted": 1, "quiet": 2})
    assert (pods.found, pods.states) == (2, {"present now": 1, "predicted": 0, "quiet": 1})
    assert [line.first.name for line in pods.lines] == ["web-2", "web-1"]
    assert (pods.kinds, pods.namespaces, pods.issues) == (every.kinds, every.namespaces, every.issues)


def test_the_lowest_probability_leaves_out_horizons_and_harms_nobody_elses_view(bench: Bench) -> None:
    bench.warm()
    (narrow,) = listed(shown(bench), View(Filter(namespace="shop", min_probability=0.3))).lines
    assert [(row.name, row.horizon) for row in narrow.rows] == [("web-1", "1h")]  # 25 % within 15m is too little
    wide = listed(shown(bench), View(Filter(namespace="shop"))).lines
    assert [len(line.rows) for line in wide] == [2, 2]
