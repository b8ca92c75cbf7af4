"""Loopback: ports of this machine that are free, and HTTP to them that never takes a proxy."""

from __future__ import annotations

import json
import os
import random
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

HOSTS: Final = ("127.0.0.1", "localhost")
PORTS: Final = range(20_000, 30_000)
"""Below the ports that Linux (32768 on) and others (49152 on) give to outgoing connections, so that none of those
takes a port between our choice and the server's start."""

_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_ports(count: int) -> list[int]:
    """Different loopback ports on which nobody listens at the moment. Raises OSError when there are too few."""
    ports: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        if len(ports) == count:
            break
        if _is_free(port):
            ports.append(port)
    if len(ports) < count:
        raise OSError(f"fewer than {count} free ports from {PORTS.start} to {PORTS.stop - 1} on 127.0.0.1")
    return ports


def environment() -> Mapping[str, str]:
    """This environment for the processes we start: without settings of ours, and no proxy between them."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("KIP_")}
    # Both spellings are in use; programs differ in which one they read first.
    direct = [host for name in ("NO_PROXY", "no_proxy") for host in kept.get(name, "").split(",") if host]
    no_proxy = ",".join(dict.fromkeys([*direct, *HOSTS]))
    return {**kept, "NO_PROXY": no_proxy, "no_proxy": no_proxy}


def answers(url: str, timeout_seconds: float = 2.0) -> bool:
    """Whether a GET gives 200."""
    try:
        with _DIRECT.open(url, timeout=timeout_seconds) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def fetch(url: str, timeout_seconds: float = 5.0) -> Any:
    """The JSON behind a URL; None while the server does not answer with JSON."""
    try:
        with _DIRECT.open(url, timeout=timeout_seconds) as response:
            return json.load(response)
    except (urllib.error.URLError, OSError, ValueError):
        return None


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOSTS[0], port))
        except OSError:
            return False
    return True
