"""The pages for people: what they say, how they are chosen and sorted, and that nothing in them is taken for HTML."""

from __future__ import annotations

import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from exporter.tick import Live
from predictor.tried import Tried
from tests.exporter.conftest import STEP, Bench
from tests.exporter.fake_prometheus import always
from tests.exporter.markup import Page
from tests.exporter.models import NODE_CPU, POD_FAILED, POD_MEMORY, SERVICE_ERRORS

NASTY = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>{{7*7}}" + "x" * 4096


def names(html: str) -> list[str]:
    """The entities of the listing in order."""
    return re.findall(r'<a class="clamp" href="entity/[^"]*">([^<]*)</a>', html)


def test_the_page_shows_what_is_predicted_then_what_is_present_then_the_rest(bench: Bench) -> None:
    bench.fake.table[POD_FAILED] = [({"namespace": "shop", "pod": "web-2"}, always(1))]
    bench.warm()
    html = bench.client.get("/").text
    assert names(html) == ["worker-1", "web-2", "web-1", "web"]
    rows = html[html.index("<tbody") :]
    assert rows.index("predicted") < rows.index("present now") < rows.index("quiet")
    assert '<span class="over">50.0 %</span> <small>alert from 50.0 %</small>' in html
    assert "plain on 10.0 days at 1m, horizons 15m, 1h" in html
    assert "pod_restarts" in html  # the signal that nobody has
    assert "<li>cpu 50\N{NO-BREAK SPACE}%</li>" in html  # why, its numbers tied to their units


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort=entity", ["worker-1", "web-1", "web"]),
        ("sort=entity&order=desc", ["web", "web-1", "worker-1"]),
        ("sort=issue", ["worker-1", "web-1", "web"]),
        ("sort=15m&order=asc", ["web", "web-1", "worker-1"]),
        ("sort=1h", ["worker-1", "web-1", "web"]),
        ("sort=state&order=desc", ["web-1", "web", "worker-1"]),
        ("kind=pod", ["web-1"]),
        ("namespace=shop&kind=&issue=&sort=probability", ["web-1", "web"]),
        ("issue=service_disruption", ["web"]),
        ("min_probability=0.3", ["worker-1", "web-1"]),
        ("namespace=elsewhere", []),
        ("state=predicted", ["worker-1"]),
        ("state=quiet&kind=pod", ["web-1"]),
        ("state=present+now", []),
    ],
)
def test_the_page_is_sorted_and_filtered_by_its_query(bench: Bench, query: str, expected: list[str]) -> None:
    bench.warm()
    assert names(bench.client.get(f"/?{query}").text) == expected


def test_the_counts_of_states_choose_by_them_and_count_the_others_all_the_same(bench: Bench) -> None:
    bench.warm()
    for query, link in (
        ("", "?state=predicted&sort=probability&order=desc"),
        ("?state=predicted", "?sort=probability"),
    ):
        html = bench.client.get(f"/{query}").text
        page = Page(html[: html.index("<form")])
        assert any(str(one.get("href", "")).startswith(link) for one in page.all("a")), query
        assert "● present now 0 ▲ predicted 1 – quiet 2" in " ".join(page.text.split())
    page = Page(bench.client.get("/?state=predicted").text)
    assert [one["value"] for one in page.all("option") if "selected" in one] == ["predicted", "probability"]


def test_the_form_shows_what_was_chosen_and_the_heads_sort_and_keep_it(bench: Bench) -> None:
    bench.warm()
    page = Page(bench.client.get("/?kind=pod&sort=1h").text)
    selected = [one["value"] for one in page.all("option") if "selected" in one]
    assert selected == ["pod", "1h"]
    heads = [one["href"] for one in page.all("a") if str(one.get("href")).startswith("?")]
    assert "?kind=pod&sort=15m&order=desc" in heads
    assert "?kind=pod&sort=1h&order=asc" in heads  # the other way round
    assert [one["aria-sort"] for one in page.all("th") if "aria-sort" in one] == ["descending"]


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("kind=volume", "unknown kind 'volume'; there are node, pod, service"),
        ("sort=name", "unknown sort 'name'; there are entity, issue, state, probability, 15m, 1h"),
        ("state=gone", "unknown state 'gone'; there are present now, predicted, quiet"),
        ("order=up", "unknown order 'up'; there are asc, desc"),
        ("page=<b>", "unknown parameter 'page'; there are kind, namespace, issue, min_probability"),
    ],
)
def test_what_the_page_does_not_know_is_refused_with_one_line(bench: Bench, query: str, line: str) -> None:
    bench.warm()
    response = bench.client.get(f"/?{query}")
    assert response.status_code == 400
    assert line in unescape(response.text)


def test_pages_allow_no_script_but_their_own_file_and_name_no_other_host(bench: Bench) -> None:
    bench.warm()
    for path in ("/", "/entity/pod/shop/web-1", "/model", "/api", "/nothing"):
        response = bench.client.get(path)
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        page = Page(response.text)
        assert all(str(one["src"]).endswith("assets/page.js") for one in page.all("script"))
        assert not [tag for tag, attributes in page.elements if "style" in attributes or tag == "style"]
        assert "http://" not in response.text
        assert "https://" not in response.text


def test_a_page_without_script_reloads_itself(bench: Bench) -> None:
    bench.warm()
    assert '<noscript><meta http-equiv="refresh" content="60"></noscript>' in bench.client.get("/").text
    assert "http-equiv" not in bench.client.get("/model").text  # it does not change by itself


def test_assets_are_served_and_nothing_beside_them(bench: Bench) -> None:
    assert bench.client.get("/assets/page.css").headers["Content-Type"] == "text/css; charset=utf-8"
    assert bench.client.get("/assets/page.js").headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert bench.client.get("/assets/landing.html").status_code == 404


def test_the_page_says_that_it_is_starting(bench: Bench) -> None:
    assert "The first window is still being read" in bench.client.get("/").text
    for path in ("/entity/pod/shop/web-1", "/model"):
        response = bench.client.get(path)
        assert response.status_code == 503
        assert "the first window is still being read" in response.text


def test_the_page_shows_no_old_number(bench: Bench) -> None:
    bench.warm()
    bench.fake.misbehave = lambda _: (500, "text/plain", b"<b>oops</b>")
    bench.step()
    html = bench.client.get("/").text
    assert "The last tick failed:" in html
    assert "&lt;b&gt;oops" in html
    assert "worker-1" in html
    bench.clock.now += 6 * STEP
    html = bench.client.get("/").text
    assert "no longer shown" in html
    assert "worker-1" not in html
    assert bench.client.get("/entity/node/worker-1").status_code == 503


def test_an_unknown_path_is_a_page_that_says_so(bench: Bench) -> None:
    response = bench.client.get("/admin<i>")
    assert response.status_code == 404
    assert "no /admin<i>" in Page(response.text).text
    assert 'href="assets/page.css"' in response.text


def test_a_defect_is_a_page_without_its_details(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Live) -> None:
        raise RuntimeError("secret")

    bench.warm()
    monkeypatch.setattr(Live, "fresh", broken)
    client = TestClient(bench.client.app, raise_server_exceptions=False)
    assert client.get("/api/v1/predictions").json()["errorType"] == "internal"
    response = client.get("/model")
    assert response.status_code == 500
    assert "secret" not in response.text


def test_a_hostile_label_value_reaches_every_page_as_text(bench: Bench) -> None:
    namespace = NASTY.replace("/", "")  # a namespace ends at the first slash of a path
    bench.fake.table[POD_MEMORY] = [({"namespace": namespace, "pod": NASTY}, always(0.9))]
    bench.fake.table[NODE_CPU] = [({"node": NASTY}, always(0.9))]
    bench.fake.table[SERVICE_ERRORS] = [({"namespace": "<select>", "service": NASTY}, always(0.9))]
    bench.warm()
    listing = bench.client.get("/").text
    hrefs = re.findall(r'href="(entity/[^"]*)"', listing)
    assert len(hrefs) == 3
    for html in (listing, *(bench.client.get(f"/{href}").text for href in hrefs)):
        page = Page(html)
        assert NASTY in page.text
        assert {str(one["src"]).rpartition("/")[2] for one in page.all("script")} == {"page.js"}
        assert not page.all("img")
        assert not [a for _, a in page.elements if any(name.startswith("on") for name in a)]
    assert Page(listing).all("select") == [{"name": n} for n in ("kind", "namespace", "issue", "state", "sort")]


def test_a_label_value_that_is_no_valid_text_does_no_harm(bench: Bench) -> None:
    bench.fake.table[NODE_CPU] = [({"node": "a\ud800b"}, always(0.9))]
    bench.warm()
    assert bench.client.get("/").status_code == 200
    assert bench.client.get("/?namespace=%ff").status_code == 200


def test_lines_begin_where_the_exporter_started_and_say_so(bench: Bench) -> None:
    bench.warm()
    html = bench.client.get("/").text
    assert "They begin at 2026-11-18T11:07:00Z, when this exporter started or loaded its model" in html
    for _ in range(59):
        bench.step()
    html = bench.client.get("/").text
    assert "They begin" not in html
    assert "Probability of pod failure over the last ticks: within 15m: now 25.0 % over 59 min" in html


def test_the_model_card_says_what_it_was_trained_on_and_not_and_why(bench: Bench) -> None:
    bench.warm()
    published = bench.live.published
    assert published is not None
    scores = {
        "pod": {
            "fitted_rows": 18_880,
            "calibration_rows": 21_785,
            "calibration_base_rate": {"pod_failure/15m": 0.023341},
            "candidates": {"hist_gradient_boosting": {"recall": 0.5, "average_precision": 0.25}},
            "trained_without": {"pod_restarts": "no sample in this history"},
            "tried": {"pod_failure/15m": Tried(13, 9, 0.0123, 0.8996).document(), "pod_failure/1h": {"odd": 1}},
        }
    }
    known = published.served.manifest.model_copy(
        update={
            "scores": scores,
            "estimator": "node forest, pod hist_gradient_boosting",
            "untrained": {"service/service_disruption/1h": "it came <once>"},
            "false_alarms_per_entity_day": 0.02,
            "false_alarms_price": 1.5,
            "issues_factor": 2.5,
        }
    )
    bench.live.adopt(published.served.model, known)
    text = " ".join(Page(bench.client.get("/model").text).text.split())
    assert "was trained on 2026-09-21T14:13:20Z from 10.0 days of history" in text
    assert "one row for each entity every 1m" in text
    assert "within 15m and within 1h" in text
    assert "Gradient boosting, fitted on 18 880 rows and calibrated on 21 785 it had not seen, from 2 signals." in text
    line = "pod failure 15m 50.0 % 2.33 % of rows are to be followed by it 9 of 13 0.012 per entity and day 89.9 %"
    assert f"{line} never critical pod failure 1h 75.0 % not recorded not recorded" in text
    assert "A critical alert takes 90 % within 15m" in text
    assert "of a contest on fewer rows with smaller ensembles; the winner was then fitted in full." in text
    assert "gradient boosting (chosen): recall 0.50, average precision 0.25" in text
    assert "pod_restarts: no sample in this history" in text
    assert "service disruption service 1h it came <once>" in text
    assert "Thresholds allow 0.02 false alarms per entity and day," in text
    assert "Each has to foretell 1.5 issues more." in text
    assert "in which issues are rarer by a factor of 2.5 than in that history" in text


def test_the_card_says_what_no_rule_alerts_about(bench: Bench) -> None:
    bench.warm()
    published = bench.live.published
    assert published
    own = published.served.manifest.model_copy(update={"horizons_seconds": (1800.0,)})
    bench.live.adopt(published.served.model, own)
    text = " ".join(Page(bench.client.get("/model").text).text.split())
    assert "Thresholds allow" not in text, "older trainers did not say"
    assert "in which issues are rarer" not in text
    assert "As shipped, no rule alerts within 30m (prometheus/rules knows 15m and 1h):" in text
    assert "which the model leaves out." in text
