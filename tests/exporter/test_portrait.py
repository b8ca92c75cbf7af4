"""An entity's page: what it says, what it draws, and what to do."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from exporter.web import application
from tests.exporter.conftest import START, STEP, Bench
from tests.exporter.fake_prometheus import always
from tests.exporter.markup import Page, loose
from tests.exporter.models import POD_MEMORY, POD_RESTARTS


def test_links_of_the_page_lead_to_the_entity_and_from_there_to_its_json(bench: Bench) -> None:
    bench.fake.table[POD_MEMORY] = [({"namespace": "a b", "pod": "x/y?z=1#é"}, always(0.9))]
    bench.warm()
    href = re.findall(r'<a class="clamp" href="(entity/pod[^"]*)">', bench.client.get("/").text)[0]
    html = bench.client.get(f"/{href}").text
    assert "x/y?z=1#é</span></h1>" in html
    json_path = re.findall(r'href="\.\./\.\./\.\./(api/v1/predictions/[^"]*)"', html)[0]
    data = bench.client.get(f"/{json_path}").json()["data"]
    assert (data["namespace"], data["name"]) == ("a b", "x/y?z=1#é")


def test_links_go_up_as_many_levels_as_the_path_has(bench: Bench) -> None:
    bench.warm()
    assert 'href="../../assets/page.css"' in bench.client.get("/entity/node/worker-1").text
    assert 'href="assets/page.css"' in bench.client.get("/model").text


def test_an_entity_says_everything_also_below_the_floor(bench: Bench) -> None:
    bench.fake.table[POD_RESTARTS] = [
        ({"namespace": "shop", "pod": "web-2"}, lambda t: 2 if t > START - 3 * STEP else None)
    ]
    bench.warm()
    html = bench.client.get("/entity/pod/shop/web-2").text
    assert "Not published singly" in html
    assert "Probability 0.1 % within 15m, alert from 50.0 %" in html
    assert "no line" not in html
    assert "memory 0.1 % of its limit" in loose(html)
    assert "2 restarts" in loose(html)


def test_the_chart_of_a_rising_signal_shows_range_limit_and_forecast(bench: Bench) -> None:
    # 0.6 now, one percent a minute: full in 40 minutes; usual is 0.5 % to 49.5 %.
    bench.fake.table[POD_MEMORY] = [
        ({"namespace": "shop", "pod": "web-1"}, lambda t: 0.6 + (t - START) / 60 * 0.01),
    ]
    bench.warm()
    html = loose(bench.client.get("/entity/pod/shop/web-1").text)
    page = Page(html)
    drawn = [one.get("class") for tag, one in page.elements if tag in ("path", "rect")]
    for part in ("band", "limit", "forecast", "course"):
        assert drawn.count(part) >= 2, part  # in the legend and in the chart
    assert "Over 29 min from 31 % to 60 %; between 31 % and 60 %; usual is 0.5 % to 50 %" in html
    assert "along a straight line at the limit in about 40 min." in html
    assert "memory 60 % of its limit, rising 1 %/min, full in about 40 min" in html
    assert "<strong>raises</strong> it by" in html
    assert "0.50</span>: memory 60 %" in html


def test_every_drawing_has_a_text_alternative_or_is_hidden(bench: Bench) -> None:
    bench.warm()
    for path in ("/", "/entity/pod/shop/web-1"):
        html = bench.client.get(path).text
        for svg in re.findall(r"<svg[^>]*>.*?</svg>", html, re.DOTALL):
            assert 'aria-hidden="true"' in svg or ('role="img"' in svg and re.search(r"<title>[^<]{10,}</title>", svg))


def test_steps_stand_beside_what_is_predicted_and_are_left_out_where_it_is_quiet(bench: Bench) -> None:
    bench.warm()
    html = bench.client.get("/entity/node/worker-1").text
    assert "<h3>What to do</h3>" in html
    assert "<li>Read conditions and events of the node.<pre" in html
    assert "<code>kubectl describe node worker-1</code>" in html
    assert "The rest is told in <code>docs/runbooks/KipNodeFailurePredicted.md</code>." in html
    assert "What to do" not in bench.client.get("/entity/pod/shop/web-1").text


def test_the_runbook_is_a_link_where_somebody_said_where_they_are(bench: Bench) -> None:
    bench.warm()
    told = TestClient(application(bench.live, lambda: "", lifecycle=False, runbooks="https://wiki.example.com/a&b"))
    link = (
        '<a href="https://wiki.example.com/a&amp;b/KipNodeFailurePredicted">the runbook of KipNodeFailurePredicted</a>'
    )
    assert link in told.get("/entity/node/worker-1").text
    (found,) = told.get("/api/v1/predictions/node/worker-1").json()["data"]["remediation"]
    assert found["runbook_url"] == "https://wiki.example.com/a&b/KipNodeFailurePredicted"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("pod/shop/web-9", "no pod 'shop/web-9' at 2026-11-18T11:07:00Z"),
        ("node/<b>", "no node '<b>' at 2026-11-18T11:07:00Z"),
        ("volume/x", "unknown kind 'volume'; there are node, pod, service"),
    ],
)
def test_an_entity_that_is_not_there_is_a_page_with_one_line(bench: Bench, path: str, line: str) -> None:
    bench.warm()
    response = bench.client.get(f"/entity/{path}")
    assert response.status_code == 404
    assert line in Page(response.text).text
    assert "<b>" not in response.text
