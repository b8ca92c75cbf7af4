"""Random draws that depend on nothing but the arguments: same seed, same cluster, same bytes."""

from __future__ import annotations

import uuid
import zlib
from typing import Final

import numpy as np
from numpy.random import Generator

SAFE_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
"""Kubernetes' own: no vowels, no look-alike digits (k8s.io/apimachinery/pkg/util/rand)."""


def generator(seed: int, scenario: str, purpose: str) -> Generator:
    """The generator of one purpose; purposes never share a stream, so a new one does not move the others."""
    return np.random.default_rng([seed, zlib.crc32(scenario.encode()), zlib.crc32(purpose.encode())])


def suffix(rng: Generator, length: int) -> str:
    """A name part such as "x2x9q"."""
    return "".join(SAFE_ALPHABET[i] for i in rng.integers(0, len(SAFE_ALPHABET), length))


def uid(rng: Generator) -> str:
    """An object's uid, a version 4 UUID."""
    return str(uuid.UUID(bytes=rng.bytes(16), version=4))


def hexadecimal(rng: Generator, digits: int) -> str:
    """An identifier such as a container's."""
    return rng.bytes((digits + 1) // 2).hex()[:digits]
