"""Exposition: a snapshot as the text that Prometheus scrapes, written once per tick.

prometheus_client would take a second for what joins in milliseconds here: all that changes from tick to tick is the
numbers, so everything before them is kept from the last time. Gauges without exemplars or units look the same in the
text format 0.0.4 and in OpenMetrics, so one body serves both.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final

from exporter.remediation import steps
from exporter.snapshot import Forecast, Snapshot
from predictor.entities import LABELS, Entity, Kind
from predictor.reasons import Reading

FAMILIES: Final = {
    "kip_issue_probability": "Calibrated probability that the issue is present at some moment of the coming horizon.",
    "kip_issue_active": "1 while the issue is present, 0 while it is not.",
    "kip_anomaly_score": "Share of a quiet life that looks less odd; 0.99 is odder than 99 % of it.",
    "kip_issue_contribution": "Share of a top signal in all that raised a probability above its threshold.",
    "kip_signal_value": "What such a signal shows, in its own unit.",
    "kip_signal_per_minute": "By how much such a signal moves in a minute, in its own unit, where it is worth telling.",
    "kip_signal_seconds_to_limit": "Seconds until such a signal is at its limit, if it goes on as it does.",
    "kip_issue_remediation_info": "1 for what to do first about such an issue, chosen by its top signals.",
    "kip_alert_threshold": "Probability from which an alert keeps within the false-alarm budget.",
    "kip_issues_expected": "Sum of probabilities over all entities, which is the expected number with the issue.",
    "kip_signal_coverage_ratio": "Share of the entities of a kind that have the signal.",
    "kip_entities": "Entities that Prometheus knew at the last tick.",
    "kip_series_dropped": "Series of the last tick without usable labels or beyond the limit on published series.",
}
_Prefixes = tuple[list[str], list[str], str]
"""What stands before each probability, each active flag and the anomaly score of an entity."""

_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})

_GZIP: Final = 31  # zlib's code for a gzip header and trailer around the largest window
_LEVEL: Final = 1  # the network is local; higher levels cost ten times the CPU for a fifth fewer bytes


class Page:
    """A rendered snapshot, to which each scrape adds what changes between ticks.

    The large part is compressed once; a scrape continues that very stream.
    """

    def __init__(self, body: bytes) -> None:
        self.body = body
        self._stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        self._head = self._stream.compress(body) + self._stream.flush(zlib.Z_SYNC_FLUSH)

    def plain(self, tail: bytes) -> bytes:
        """The body with the tail behind it."""
        return self.body + tail

    def gzipped(self, tail: bytes) -> bytes:
        """The same as one gzip member."""
        stream = self._stream.copy()
        return self._head + stream.compress(tail) + stream.flush()


class Exposition:
    """Writes the snapshots of one model, and remembers the text before each number."""

    def __init__(self) -> None:
        self._prefixes: dict[tuple[Kind, Entity], _Prefixes] = {}

    def page(self, snapshot: Snapshot) -> Page:
        """The snapshot's families, without the end mark of OpenMetrics."""
        probabilities: list[str] = []
        active: list[str] = []
        odd: list[str] = []
        kept: dict[tuple[Kind, Entity], _Prefixes] = {}
        for forecast in snapshot.forecasts:
            self._entities(forecast, kept, probabilities, active, odd)
        self._prefixes = kept
        families = {
            "kip_issue_probability": probabilities,
            "kip_issue_active": active,
            "kip_anomaly_score": odd,
            **_reasons(snapshot),
            "kip_issue_remediation_info": _remedies(snapshot),
            "kip_alert_threshold": _thresholds(snapshot.forecasts),
            "kip_issues_expected": _expected(snapshot.forecasts),
            "kip_signal_coverage_ratio": _coverage(snapshot),
            "kip_entities": [
                f"kip_entities{labels(kind=one.kind)} {len(one.entities)}\n" for one in snapshot.forecasts
            ],
            "kip_series_dropped": [f"kip_series_dropped {snapshot.dropped}\n"],
        }
        text = "".join(_family(name, lines) for name, lines in families.items() if lines)
        return Page(text.encode("utf-8", "replace"))  # half a surrogate pair is no character

    def _entities(
        self,
        forecast: Forecast,
        kept: dict[tuple[Kind, Entity], _Prefixes],
        probabilities: list[str],
        active: list[str],
        odd: list[str],
    ) -> None:
        columns = forecast.probability.T.tolist()
        states = forecast.active.T.tolist()
        anomaly = forecast.anomaly.tolist()
        for i in forecast.published.nonzero()[0].tolist():
            key = (forecast.kind, forecast.entities[i])
            prefixes = kept[key] = self._prefixes.get(key) or _prefixes(forecast, key[1])
            for prefix, value in zip(prefixes[0], columns[i], strict=True):
                if value == value:  # not NaN
                    probabilities.append(f"{prefix}{value!r}\n")
            for prefix, state in zip(prefixes[1], states[i], strict=True):
                active.append(f"{prefix}{1 if state else 0}\n")
            if anomaly[i] == anomaly[i]:
                odd.append(f"{prefixes[2]}{anomaly[i]!r}\n")


def labels(**pairs: str) -> str:
    """The labels in the order given, in braces, their values escaped."""
    return "{" + ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in pairs.items()) + "}"


def _prefixes(forecast: Forecast, entity: Entity) -> _Prefixes:
    own = dict(zip(LABELS[forecast.kind], entity, strict=True))
    probability = [
        f"kip_issue_probability{labels(issue=o.issue, horizon=o.horizon, kind=forecast.kind, **own)} "
        for o in forecast.outcomes
    ]
    active = [f"kip_issue_active{labels(issue=issue, kind=forecast.kind, **own)} " for issue in forecast.issues]
    return probability, active, f"kip_anomaly_score{labels(kind=forecast.kind, **own)} "


def _reasons(snapshot: Snapshot) -> dict[str, list[str]]:
    shares: list[str] = []
    shown: dict[tuple[Kind, Entity, str], Reading] = {}
    for (kind, entity, outcome), several in snapshot.reasons.items():
        own = dict(zip(LABELS[kind], entity, strict=True))
        for one in several:
            signal = one.reading.signal.name
            whole = labels(issue=outcome.issue, horizon=outcome.horizon, kind=kind, **own, signal=signal)
            shares.append(f"kip_issue_contribution{whole} {one.share!r}\n")
            shown[(kind, entity, signal)] = one.reading
    values, moving, left = [], [], []
    for (kind, entity, signal), reading in shown.items():
        own = dict(zip(LABELS[kind], entity, strict=True))
        # Unit and phrase belong to the signal, so they add no series; templates of alerts need them for words.
        said = labels(signal=signal, kind=kind, **own, unit=reading.signal.unit, phrase=reading.signal.saying)
        if reading.value == reading.value:  # not NaN
            values.append(f"kip_signal_value{said} {reading.value!r}\n")
        if reading.moves:
            whole = labels(signal=signal, kind=kind, **own, unit=reading.signal.unit)
            moving.append(f"kip_signal_per_minute{whole} {reading.per_minute!r}\n")
        if reading.seconds_to_limit == reading.seconds_to_limit:
            whole = labels(signal=signal, kind=kind, **own)
            left.append(f"kip_signal_seconds_to_limit{whole} {reading.seconds_to_limit!r}\n")
    return {
        "kip_issue_contribution": shares,
        "kip_signal_value": values,
        "kip_signal_per_minute": moving,
        "kip_signal_seconds_to_limit": left,
    }


def _remedies(snapshot: Snapshot) -> list[str]:
    """One for each issue of an entity, by the reasons of its nearest horizon: outcomes come in that order."""
    first: dict[tuple[Kind, Entity, str], list[str]] = {}
    for (kind, entity, outcome), several in snapshot.reasons.items():
        first.setdefault((kind, entity, outcome.issue), [one.reading.signal.name for one in several])
    lines = []
    for (kind, entity, issue), leading in first.items():
        for step in steps(kind, entity, issue, leading, nodes=snapshot.nodes)[:1]:
            own = dict(zip(LABELS[kind], entity, strict=True))
            said = labels(issue=issue, kind=kind, **own, step=step.do, command=step.command)
            lines.append(f"kip_issue_remediation_info{said} 1\n")
    return lines


def _thresholds(forecasts: Iterable[Forecast]) -> list[str]:
    return [
        f"kip_alert_threshold{labels(issue=o.issue, horizon=o.horizon, kind=one.kind)} {float(threshold)!r}\n"
        for one in forecasts
        for o, threshold in zip(one.outcomes, one.thresholds, strict=True)
    ]


def _expected(forecasts: Iterable[Forecast]) -> list[str]:
    return [
        f"kip_issues_expected{labels(issue=o.issue, horizon=o.horizon, kind=one.kind, namespace=namespace)} {value!r}\n"
        for one in forecasts
        for o, by_namespace in one.expected()
        for namespace, value in by_namespace.items()
    ]


def _coverage(snapshot: Snapshot) -> list[str]:
    return [
        f"kip_signal_coverage_ratio{labels(signal=signal, kind=kind)} {ratio!r}\n"
        for kind, by_signal in snapshot.coverage.items()
        for signal, ratio in by_signal.items()
    ]


def _family(name: str, lines: list[str]) -> str:
    return f"# HELP {name} {FAMILIES[name]}\n# TYPE {name} gauge\n" + "".join(lines)
