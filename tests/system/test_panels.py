"""Every panel, variable and annotation of the dashboards, asked of the demo's own Prometheus."""

from __future__ import annotations

import dataclasses
import time

import pytest

from dashboards.board import Board, Row
from dashboards.files import boards
from demo.stack import Stack
from predictor.entities import KINDS, LABELS
from tests.system.boards import Scene, Series, findings

FORETOLD_SECONDS = 360.0
"""The demo's faults begin 2.5 to 4.5 minutes after its anchor."""

# The first test waits for the scene, and where it is run alone, for the model and the stack as well.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def scene(stack: Stack) -> Scene:
    """The latest pod that was predicted to have an issue and then had it, while its alert fired."""
    stack.processes.await_that(lambda: _foretold(stack) is not None, "an issue to be foretold", FORETOLD_SECONDS)
    found = _foretold(stack)
    assert found is not None
    return found


@pytest.mark.parametrize("board", boards(), ids=lambda board: board.uid)
def test_every_question_of_a_board_is_answered(scene: Scene, board: Board) -> None:
    assert list(findings(board, scene)) == []


@pytest.mark.parametrize("board", boards(), ids=lambda board: board.uid)
def test_a_renamed_metric_is_found_in_every_panel_that_asks_for_it(scene: Scene, board: Board) -> None:
    metric = {"kip-exporter": "kip_entities", "kip-model-quality": "kip_alert_threshold"}.get(
        board.uid, "kip_issue_probability"
    )
    using = [tile for tile in board.tiles() if any(f"{metric}{{" in query.expression for query in tile.queries)]
    assert using, f"no panel of {board.uid} asks for {metric}"
    renamed = [
        dataclasses.replace(
            tile,
            queries=[
                dataclasses.replace(q, expression=q.expression.replace(f"{metric}{{", "renamed{")) for q in tile.queries
            ],
        )
        for tile in using
    ]
    told = list(findings(dataclasses.replace(board, rows=[Row("renamed", renamed)], marks=()), scene))
    assert {line.split(":")[0] for line in told} == {f"panel {tile.title}" for tile in using}


def test_few_questions_may_stay_unanswered() -> None:
    """Each for a stated reason; a board of excuses would prove nothing."""
    queries = [query for board in boards() for tile in board.tiles() for query in tile.queries]
    excused = [query for query in queries if query.empty_because]
    assert all(len(query.empty_because.split()) > 5 for query in excused)
    assert len(excused) <= len(queries) // 4


def _foretold(stack: Stack) -> Scene | None:
    now = time.time()
    whole = Scene(stack.urls["prometheus"], now, now, {})
    firing = 'group by (issue, kind, namespace, pod) (ALERTS{alertstate="firing",state="predicted",kind="pod"})'
    predicted = f"({firing}) and on (issue, kind, namespace, pod) entity:kip_issue_probability:predicted"
    came = _moments(dataclasses.replace(whole, at=stack.anchor).over_time('entity:kip_issue_active:max{kind="pod"}'))
    for entity, moments in _moments(dataclasses.replace(whole, at=stack.anchor).over_time(predicted)).items():
        later = [moment for moment in came.get(entity, []) if moment > moments[-1]]
        if later:
            _, kind, _, name = entity
            chosen = {"kind": kind, "entity": name, "horizon": "15m"}
            # The middle of the streak: what was scraped there is on both sides of the rules' evaluation.
            return Scene(whole.url, moments[len(moments) // 2], min(now, later[0] + 60), chosen)
    return None


def _moments(result: list[Series]) -> dict[tuple[str, ...], list[float]]:
    """(issue, kind, namespace, pod) -> the times at which there is a series."""
    labels = ("issue", "kind", *LABELS[KINDS[1]])
    return {tuple(one["metric"][label] for label in labels): [float(at) for at, _ in one["values"]] for one in result}
