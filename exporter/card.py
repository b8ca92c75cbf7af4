"""Card: what the model in use was made from and how it decides, for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from commandline.times import span_text
from exporter.pages import Pages
from exporter.tick import Published
from predictor.artifact import Manifest
from predictor.entities import KINDS
from predictor.tried import NEAR, Tried, tried, unheard
from predictor.waits import CRITICAL


@dataclass(frozen=True)
class Judged:
    """One outcome: issue of a kind within a horizon. base_rate, tried: None where the manifest has none."""

    issue: str
    horizon: str
    threshold: float
    base_rate: float | None
    tried: Tried | None

    @property
    def never_critical(self) -> bool:
        """Whether an alert about it is never critical."""
        return self.horizon == NEAR and self.tried is not None and self.tried.never_critical


@dataclass(frozen=True)
class Candidate:
    """An estimator that competed, with what validation gave it."""

    name: str
    figures: tuple[tuple[str, str], ...]
    chosen: bool


@dataclass(frozen=True)
class KindCard:
    """What was learned of one kind; rows are entities at steps, None where the manifest says nothing."""

    kind: str
    estimator: str
    fitted_rows: int | None
    calibration_rows: int | None
    judged: tuple[Judged, ...]
    candidates: tuple[Candidate, ...]
    without: tuple[tuple[str, str], ...]
    """Signals that training could not use, each with the reason."""

    @property
    def recorded(self) -> bool:
        """Whether the manifest says how the thresholds did."""
        return any(one.tried for one in self.judged)


def card(request: Request, pages: Pages, published: Published) -> Response:
    """The model card of the model in use."""
    manifest = published.served.manifest
    return pages.page(
        request,
        "model.html",
        manifest=manifest,
        critical=CRITICAL,
        near=NEAR,
        unheard=unheard(manifest),
        days=(manifest.training_end - manifest.training_start) / 86_400.0,
        horizons=[span_text(seconds) for seconds in manifest.horizons_seconds],
        kinds=[kind_card(manifest, kind) for kind in KINDS if kind in manifest.thresholds],
        untrained=[(*_outcome_of(name), why) for name, why in sorted(manifest.untrained.items())],
        signals={kind: len(published.served.model.catalogue.signals_of(kind)) for kind in KINDS},
    )


def kind_card(manifest: Manifest, kind: str) -> KindCard:
    """One kind's part of the manifest. What its scores do not hold is left out: older trainers wrote fewer."""
    scores = _mapping(manifest.scores.get(kind))
    rates = _mapping(scores.get("calibration_base_rate"))
    estimator = _estimator(manifest.estimator, kind)
    known = tried(manifest, kind)
    judged = [
        Judged(issue, horizon, threshold, _number(rates.get(name)), known.get(name))
        for name, threshold in manifest.thresholds[kind].items()
        for issue, _, horizon in [name.partition("/")]
    ]
    candidates = [
        Candidate(plain(name), tuple(_figures(figures)), name == estimator)
        for name, figures in _mapping(scores.get("candidates")).items()
    ]
    return KindCard(
        kind,
        plain(estimator),
        _count(scores.get("fitted_rows")),
        _count(scores.get("calibration_rows")),
        tuple(judged),
        tuple(candidates),
        tuple((name, str(why)) for name, why in _mapping(scores.get("trained_without")).items()),
    )


def plain(estimator: str) -> str:
    """The name of an estimator as people say it: "hist_gradient_boosting" -> "gradient boosting"."""
    return estimator.replace("hist_", "").replace("_", " ")


def _estimator(text: str, kind: str) -> str:
    """The part of "node boosting, pod forest" that is the kind's own; the whole text where it names no kind."""
    parts = (part.strip().partition(" ") for part in text.split(","))
    return next((name for of, _, name in parts if of == kind), text)


def _outcome_of(name: str) -> tuple[str, str, str]:
    kind, issue, horizon = (*name.split("/", 2), "", "")[:3]
    return kind, issue, horizon


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _figures(value: Any) -> list[tuple[str, str]]:
    numbers = ((name, _number(one)) for name, one in _mapping(value).items())
    return [(name.replace("_", " "), f"{number:.2f}") for name, number in numbers if number is not None]


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) else None
