"""What was arranged and when it really began, as one JSON document."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from emitter.conditions import Present
from emitter.episodes import Episode
from emitter.world import World

SETTLE_SECONDS: Final = 600.0
"""What a fault did may be an issue so long after its end: rules wait, the kubelet backs off. Later ones are others'."""


def observe(world: World, episodes: list[Episode], present: Present) -> None:
    """Write down the first step at which an episode's own issue is present on its target, and hold it from there on."""
    for episode in episodes:
        if episode.issue is None or episode.onset is not None or world.now > episode.ends_at + SETTLE_SECONDS:
            continue
        if _present(world, episode, present):
            episode.onset = world.now
            if not episode.over:
                episode.end = max(episode.end, world.now + episode.plan.hold_seconds)


def _present(world: World, episode: Episode, present: Present) -> bool:
    assert episode.issue is not None, "look-alikes have no issue"
    kind, index = _subject(world, episode)
    return index is not None and bool(present[(episode.issue, kind)][index])


def _subject(world: World, episode: Episode) -> tuple[str, int | None]:
    if "node" in episode.entity:
        return "node", episode.target
    if "service" in episode.entity:
        return "service", episode.target
    for slot in np.flatnonzero(world.pods.phase > 0):
        identity = world.pods.identity[slot]
        if identity and {"namespace": identity.namespace, "pod": identity.name} == episode.entity:
            return "pod", int(slot)
    return "pod", None


def fault_record(episode: Episode) -> dict[str, Any]:
    """One fault; onset is null until its issue was present."""
    return {
        "id": episode.plan.id,
        "type": episode.type,
        "issue": episode.issue,
        "kind": next(k for k in ("pod", "node", "service") if k in episode.entity),
        "entity": episode.entity,
        "start": episode.plan.start,
        "expected_onset": episode.expected_onset,
        "onset": episode.onset,
        "end": episode.ends_at,
        "shape": episode.plan.shape,
        "ramp_seconds": episode.ramp_seconds if episode.predictable else 0.0,
        "severity": episode.plan.severity,
        "abrupt": not episode.predictable,
        "predictable": episode.predictable,
        "leading_signals": list(episode.leading_signals),
    }


def lookalike_record(episode: Episode) -> dict[str, Any]:
    """One harmless episode; of kind namespace where it acts on all that is in one."""
    return {
        "id": episode.plan.id,
        "type": episode.type,
        "kind": next(k for k in ("pod", "node", "service", "namespace") if k in episode.entity),
        "entity": episode.entity,
        "start": episode.plan.start,
        "end": episode.end,
    }
