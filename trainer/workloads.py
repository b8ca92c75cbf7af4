"""Workloads: which entities belong together, so that none of them is on both sides of a split."""

from __future__ import annotations

import re
from typing import Final
from zlib import crc32

import numpy as np

from predictor.entities import Entity, Kind
from trainer.sample import IntArray

_RANDOM: Final = "[bcdfghjklmnpqrstvwxz2456789]"
_ENDINGS: Final = (
    re.compile(rf"-{_RANDOM}{{6,10}}-{_RANDOM}{{5}}$"),  # of a Deployment: replica set and pod
    re.compile(rf"-{_RANDOM}{{5}}$"),  # of a DaemonSet or Job
    re.compile(r"-\d+$"),  # of a StatefulSet
)


def workload(kind: Kind, entity: Entity) -> str:
    """What an entity is one of: for a pod, its name without what Kubernetes appends for each pod.

    A guess from the name alone, since owners are not in every cluster's metrics; a wrong one only makes a split less
    strict. Random parts have no vowels: https://pkg.go.dev/k8s.io/apimachinery/pkg/util/rand
    """
    *place, name = entity
    for ending in _ENDINGS if kind == "pod" else ():
        shorter = ending.sub("", name)
        if shorter != name:
            return "/".join((*place, shorter))
    return "/".join(entity)


def groups(kind: Kind, entities: tuple[Entity, ...], count: int) -> IntArray:
    """(entities,): each one's group of workloads, from 0 to count - 1."""
    return np.array([crc32(workload(kind, e).encode()) % count for e in entities], dtype=np.int64)
