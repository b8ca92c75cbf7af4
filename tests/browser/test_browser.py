"""The pages in Chromium: accessible, narrow enough for a phone, usable without script, unhurt by hostile names."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Route, expect

from exporter.pages import entity_path
from tests.browser.cluster import CRASHING, LEAKING
from tests.browser.conftest import HOSTILE, HOSTILE_NAMESPACE, Open
from tests.browser.serving import Served, exporter
from tests.browser.weights import STEP

pytestmark = pytest.mark.system

PHONE = 360
LEAKING_PATH = "entity/" + entity_path("pod", *LEAKING)
HOSTILE_PATH = "entity/" + entity_path("pod", HOSTILE_NAMESPACE, HOSTILE)
PATHS = {
    "risk": "",
    "risk, filtered": "?kind=pod&namespace=shop&sort=1h",
    "nothing found": "?namespace=nowhere",
    "hostile": "?namespace=" + quote(HOSTILE_NAMESPACE),
    "leaking": LEAKING_PATH,
    "crashing": "entity/" + entity_path("pod", *CRASHING),
    "node": "entity/node/worker-2",
    "hostile entity": HOSTILE_PATH,
    "model": "model",
    "api": "api",
    "missing": "entity/pod/shop/none",
}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}}


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (PHONE, "dark")])
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_pages_violate_no_rule_of_accessibility(look: Open, path: str, width: int, scheme: str) -> None:
    found = Axe().run(look(path, width=width, scheme=scheme), options=RULES)
    assert found.violations_count == 0, found.generate_report()


def test_the_rules_of_accessibility_find_what_is_wrong(look: Open) -> None:
    page = look("")
    page.evaluate("document.querySelectorAll('form label').forEach(one => one.replaceWith(...one.children))")
    page.evaluate("document.querySelector('h1').style.color = '#aaa'")  # script may; the policy forbids attributes
    assert {one["id"] for one in Axe().run(page, options=RULES).response["violations"]} == {
        "color-contrast",
        "select-name",
    }


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_no_page_scrolls_sideways_at_any_width(look: Open, path: str) -> None:
    page = look(path)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    outside = """() => [...document.querySelectorAll('main *')].filter(one => {
        const box = one.getBoundingClientRect();
        return box.width > 1 && box.right > innerWidth + 1 && !one.closest('svg');
    }).map(one => one.outerHTML.slice(0, 120))"""
    for width in (320, PHONE, 768, 1090, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(outside) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_hostile_name_is_text_and_no_taller_than_a_screen(look: Open) -> None:
    page = look("?kind=pod&namespace=" + quote(HOSTILE_NAMESPACE))
    link = page.get_by_role("row").nth(1).get_by_role("link")
    assert link.text_content() == HOSTILE
    box = page.get_by_role("row").nth(1).bounding_box()
    assert box is not None
    assert box["height"] < 200
    link.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(HOSTILE[:80])
    assert HOSTILE in (page.get_by_role("heading", level=1).text_content() or "")
    assert page.evaluate("window.hurt") is None
    assert page.locator("main script, main img, main b").count() == 0


def test_a_pod_is_found_sorted_filtered_and_opened_without_script(look: Open, served: Served) -> None:
    page = look("", script=False)
    assert page.locator("noscript meta, meta[http-equiv=refresh]").count() == 1
    page.get_by_label("Namespace").select_option("shop")
    page.get_by_label("Kind").select_option("pod")
    page.get_by_role("button", name="Show").click()
    assert "namespace=shop" in page.url
    assert page.locator("tbody tr").first.get_by_role("link").text_content() == LEAKING[1]
    page.get_by_role("columnheader", name="Entity").get_by_role("link").click()
    names = page.locator(".risks a.clamp").all_text_contents()
    assert names == sorted(names)
    assert "namespace=shop" in page.url  # sorting keeps the choice
    page.get_by_role("link", name=LEAKING[1]).first.click()
    assert page.url == served.url + LEAKING_PATH
    expect(page.get_by_role("heading", name="Pod failure predicted")).to_be_visible()
    expect(page.get_by_text("memory working set 88 % of its limit").first).to_be_visible()
    page.get_by_role("link", name="At risk").click()
    assert page.url == served.url


def test_drawings_have_names_and_what_they_show_in_words(look: Open) -> None:
    page = look(LEAKING_PATH)
    memory = page.get_by_role("img", name="working set of the fullest container as a share of its limit")
    assert "along a straight line at the limit in about 6 min" in (memory.text_content() or "")
    forecast = memory.locator(".forecast").bounding_box()
    course = memory.locator(".course").bounding_box()
    assert forecast is not None
    assert course is not None
    assert forecast["x"] >= course["x"] + course["width"] - 2  # it goes on where the samples end


def test_the_page_renews_itself_in_place(look: Open) -> None:
    page = look("")
    page.clock.install()
    with exporter(ticks=2) as (served, live):
        page.goto(served.url + LEAKING_PATH)
        before = page.locator("#live strong").first.text_content()
        page.evaluate("window.here = true")
        page.get_by_text("Why, within 15m").first.click()  # closes it
        page.get_by_role("link", name="All of this as JSON").focus()
        served.now += STEP
        live.tick()
        page.clock.run_for(31_000)
        expect(page.locator("#live strong").first).not_to_have_text(before or "")
        assert page.evaluate("window.here")  # the same document
        assert page.locator("#why-pod_failure").get_attribute("open") is None
        expect(page.get_by_role("link", name="All of this as JSON")).to_be_focused()


def test_renewing_can_be_paused_and_says_when_nobody_answers(look: Open, complaints: list[str]) -> None:
    page = look("")
    page.clock.install()
    page.reload()
    asked: list[str] = []

    def refused(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    page.route("**/*", refused)
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(35_000)
    assert asked == []
    expect(page.locator("#offline")).to_contain_text("Paused; what stands below is of before.")
    page.get_by_role("button", name="Go on renewing").click()
    expect(page.locator("#offline")).to_be_hidden()
    page.clock.run_for(35_000)
    expect(page.locator("#offline")).to_contain_text("No answer from the exporter since")
    assert len(asked) >= 1
    page.close()
    complaints.clear()  # the browser says the same in its console


def test_what_a_proxy_says_instead_of_the_exporter_is_no_answer(look: Open, complaints: list[str]) -> None:
    page = look("")
    page.clock.install()
    page.reload()
    page.route("**/*", lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>", content_type="text/html"))
    page.clock.run_for(31_000)  # no longer: a fetch is given up after ten seconds of this clock
    expect(page.locator("#offline")).to_contain_text("No answer from the exporter since")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Bad Gateway")
    page.unroute("**/*")
    page.clock.run_for(31_000)
    expect(page.locator("#offline")).to_be_hidden()
    page.close()
    complaints.clear()


def test_a_page_that_waits_for_the_hand_in_its_form_says_so(look: Open) -> None:
    page = look("")
    page.clock.install()
    page.reload()
    page.get_by_role("combobox").first.focus()
    page.clock.run_for(35_000)
    expect(page.locator("#offline")).to_contain_text("Not renewed while")
    page.get_by_role("button", name="Pause").focus()
    page.clock.run_for(2_000)
    expect(page.locator("#offline")).to_be_hidden()


def test_an_answer_that_comes_when_the_form_has_the_focus_waits_as_well(look: Open) -> None:
    page = look("")
    page.clock.install()
    page.reload()
    on_their_way: list[Route] = []
    page.route("**/*", lambda route: on_their_way.append(route))
    with page.expect_request("**/*"):
        page.clock.run_for(31_000)
    page.evaluate("document.getElementById('live').dataset.kept = 'yes'")
    page.get_by_role("combobox").first.focus()
    with page.expect_response("**/*"):
        on_their_way[0].continue_()
    page.unroute("**/*")
    page.clock.run_for(2_000)
    expect(page.locator("#offline")).to_contain_text("Not renewed while")
    expect(page.locator("#live[data-kept]")).to_have_count(1)
    expect(page.get_by_role("combobox").first).to_be_focused()
    page.get_by_role("button", name="Pause").focus()
    page.clock.run_for(2_000)
    expect(page.locator("#offline")).to_be_hidden()
    expect(page.locator("#live[data-kept]")).to_have_count(0)


def test_marked_text_stays_and_the_page_says_that_it_waits(look: Open) -> None:
    page = look(LEAKING_PATH)
    page.clock.install()
    page.reload()
    page.get_by_role("heading", level=1).select_text()
    page.clock.run_for(35_000)
    expect(page.locator("#offline")).to_contain_text("Not renewed while text is marked")
    page.evaluate("document.getSelection().removeAllRanges()")
    page.clock.run_for(2_000)
    expect(page.locator("#offline")).to_be_hidden()


def test_the_keyboard_reaches_the_content_first_and_its_place_is_seen(look: Open) -> None:
    page = look("")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_every_page_has_its_landmarks_and_one_heading_of_its_own(look: Open, path: str) -> None:
    page = look(path)
    landmarks = [page.get_by_role(role) for role in ("banner", "navigation", "main", "contentinfo")]
    assert [one.count() for one in landmarks] == [1, 1, 1, 1]
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert page.locator("table th:not([scope])").count() == 0
