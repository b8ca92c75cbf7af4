"""Patience: who has answered once is asked again, and who never did is not."""

from __future__ import annotations

import pytest

from predictor import catalogue
from predictor.catalogue import Catalogue
from predictor.reader import PrometheusOverloaded, PrometheusRefused, PrometheusTimeout, PrometheusUnavailable
from predictor.series import ReadError, Reading
from trainer.patience import Patient

CATALOGUE = catalogue.default()
ANSWER = Reading({}, 0)


class Moody:
    """A reader that answers as it is told, None for an answer."""

    def __init__(self, *moods: ReadError | None) -> None:
        self.moods = list(moods)
        self.asked: list[tuple[float, float, float]] = []

    def read(self, _catalogue: Catalogue, start: float, end: float, step_seconds: float) -> Reading:
        self.asked.append((start, end, step_seconds))
        if (mood := self.moods.pop(0)) is not None:
            raise mood
        return ANSWER


@pytest.mark.parametrize("why", [PrometheusTimeout, PrometheusUnavailable, PrometheusOverloaded])
def test_who_has_answered_is_asked_again_after_longer_and_longer_pauses(why: type[ReadError]) -> None:
    error = why("slow")
    moody, slept = Moody(None, error, error, None, error, None), list[float]()
    patient = Patient(moody, (1.0, 2.0), slept.append)
    for start in (0.0, 60.0, 120.0):
        assert patient.read(CATALOGUE, start, start + 30.0, 30.0) is ANSWER
    assert slept == [1.0, 2.0, 1.0]
    assert [start for start, _, _ in moody.asked] == [0.0, 60.0, 60.0, 60.0, 120.0, 120.0]
    assert not moody.moods


def test_the_last_failure_is_raised() -> None:
    last = PrometheusTimeout("last")
    patient = Patient(Moody(None, PrometheusTimeout("first"), last), (1.0,), lambda _: None)
    patient.read(CATALOGUE, 0.0, 30.0, 30.0)
    with pytest.raises(PrometheusTimeout) as raised:
        patient.read(CATALOGUE, 60.0, 90.0, 30.0)
    assert raised.value is last


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        pytest.param(0, PrometheusUnavailable("nobody"), id="who never answered"),
        pytest.param(1, PrometheusRefused("bad query"), id="a refusal, which another time would be the same"),
    ],
)
def test_what_waiting_cannot_mend_fails_at_once(answers: int, error: ReadError) -> None:
    moody, slept = Moody(*[None] * answers, error), list[float]()
    patient = Patient(moody, (1.0,), slept.append)
    for start in range(answers):
        patient.read(CATALOGUE, start, start + 30.0, 30.0)
    with pytest.raises(type(error)):
        patient.read(CATALOGUE, 60.0, 90.0, 30.0)
    assert not slept
    assert not moody.moods
