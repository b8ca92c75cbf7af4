"""A picture of every committed dashboard, whatever it is answered."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image, ImageColor

from dashboards.__main__ import main, moment
from dashboards.drawn import pictures
from dashboards.drawn.answers import Series, Span, answered
from dashboards.drawn.sheet import WASH, Sheet
from tests.dashboards.drawn.sources import Stub

SPAN = Span(end=1_795_624_800.0, seconds=900, step=15)
BOARDS = pictures.committed()


@pytest.mark.parametrize("name", BOARDS)
def test_every_title_is_on_the_picture_and_no_text_on_another(name: str) -> None:
    sheet = _drawn(name, 24)
    texts = [one.get_text() for one in sheet.figure.texts]
    titles = [BOARDS[name]["title"], *(panel["title"] for panel in BOARDS[name]["panels"])]
    assert [title for title in titles if texts.count(title) < titles.count(title)] == []
    assert texts[-1] == pictures.FOOT
    assert _clashes(sheet) == []


@pytest.mark.parametrize("name", BOARDS)
def test_a_panel_without_an_answer_says_why(name: str) -> None:
    sheet = _drawn(name, 0)
    texts = [one.get_text() for one in sheet.figure.texts]
    panels = [panel for panel in BOARDS[name]["panels"] if panel["type"] != "row"]
    assert texts.count("no data") == len(panels)
    said = " ".join(texts)
    reasons = pictures.reasons(BOARDS[name]["uid"])
    assert reasons.keys() == {panel["title"] for panel in panels}
    assert [why for why in reasons.values() if why not in said] == []
    assert _clashes(sheet) == []


def test_panels_lie_on_grafanas_grid() -> None:
    left = pictures.placed({"x": 0, "y": 1, "w": 16, "h": 12})
    right = pictures.placed({"x": 16, "y": 1, "w": 8, "h": 5})
    below = pictures.placed({"x": 16, "y": 6, "w": 8, "h": 7})
    assert left.x == pytest.approx(16)
    assert right.right == pytest.approx(pictures.WIDTH - 16)
    assert right.x - left.right == pytest.approx(8)
    assert below.y - right.bottom == pytest.approx(8)
    assert below.bottom == left.bottom


def test_a_panel_of_an_unknown_type_is_not_left_out() -> None:
    board = BOARDS["overview"]
    other = {**board, "panels": [panel | {"type": "heatmap"} for panel in board["panels"] if panel["type"] != "row"]}
    with pytest.raises(ValueError, match="no picture of panels of type heatmap"):
        pictures.picture(other, answered(other, Stub(2), SPAN, {}))


def test_the_files_are_of_one_width_and_small(tmp_path: Path) -> None:
    written = list(pictures.write(Stub(2), SPAN, {}, tmp_path / "img"))
    assert [path.name for path in written] == [f"dashboard-{name}.png" for name in BOARDS]
    for path in written:
        assert Image.open(path).width == pictures.WIDTH
        corner = Image.open(path).convert("RGB").getpixel((2, 2))
        assert corner == pytest.approx(ImageColor.getrgb(WASH), abs=6), "few colours do not tint the paper"
        assert path.stat().st_size < 250_000


def test_one_entity_is_one_that_was_predicted_and_came() -> None:
    class OfANode(Stub):
        def instant(self, promql: str, at: float) -> list[Series]:
            super().instant(promql, at)
            return [] if "active:max" in promql else [{"metric": {"kind": "node", "node": "n-1"}, "value": [at, "7"]}]

    source = OfANode(1)
    assert pictures.worth_seeing(source, SPAN) == {"kind": "node", "entity": "n-1"}
    assert "entity:kip_issue_probability:predicted[900s]" in source.asked[0]
    assert "count_over_time(kip_issue_contribution[900s])" in source.asked[1]
    assert pictures.worth_seeing(Stub(0), SPAN) == {}


@pytest.mark.parametrize("name", BOARDS)
def test_the_committed_pictures_are_there(name: str) -> None:
    path = pictures.FOLDER / f"dashboard-{name}.png"
    assert Image.open(path).width == pictures.WIDTH
    assert path.stat().st_size < 250_000


def test_the_command_refuses_variables_that_no_dashboard_has(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["pictures", "--prometheus.url", "http://127.0.0.1:1", "--variable", "pod=cart-0"])
    assert "no dashboard has the variable pod; there are cluster, entity," in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["pictures", "--prometheus.url", "http://127.0.0.1:1", "--variable", "entity"])
    assert "entity is not NAME=VALUE" in capsys.readouterr().err


def test_the_command_looks_back_from_a_moment_that_is_given() -> None:
    parsed = [moment("2026-01-31T09:30Z"), moment("2026-01-31T09:30"), moment("2026-01-31T10:30+01:00")]
    assert parsed == [1_769_851_800.0] * 3


def test_the_command_says_in_one_line_that_nobody_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["pictures", "--prometheus.url", "http://127.0.0.1:1", "--output.dir", str(tmp_path)]
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith("dashboards: http://127.0.0.1:1 does not answer as a Prometheus does: ")


def _drawn(name: str, series: int) -> Sheet:
    return pictures.picture(BOARDS[name], answered(BOARDS[name], Stub(series), SPAN, {}))


def _clashes(sheet: Sheet) -> list[str]:
    """Texts that touch each other or leave the sheet."""
    renderer = FigureCanvasAgg(sheet.figure).get_renderer()  # type: ignore[no-untyped-call]  # matplotlib's
    places = [(one.get_text(), one.get_window_extent(renderer)) for one in sheet.figure.texts if one.get_text()]
    out = [text for text, box in places if box.x0 < 0 or box.x1 > sheet.width or box.y0 < 0 or box.y1 > sheet.height]
    near = [
        f"{one} / {two}"
        for (one, a), (two, b) in combinations(places, 2)
        # Descenders of one line may reach the accents of the next.
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 0.5 and min(a.y1, b.y1) - max(a.y0, b.y0) > 3
    ]
    return out + near
