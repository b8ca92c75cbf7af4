"""Network namespaces: one for the node and one for each pod, joined by veth pairs, and a wire that gets too narrow.

What counts as a drop: /proc/net/dev holds what the device's driver and the receive path dropped. It does not hold what
a queueing discipline (tc) or a packet filter (nft, iptables) dropped: those count for themselves. A veth counts, at the
sender as transmit and at the receiver as receive drop, a packet longer than the receiver's MTU. So loss is made the way
in which overlay networks make it after a change: the far end's MTU shrinks under a sender that keeps its own.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

PREFIX: Final = "kip-kernel-"
NODE: Final = f"{PREFIX}node"
FOLDER: Final = Path("/run/netns")
TOOLS: Final = {"ip": "iproute2", "nsenter": "util-linux"}
"""Programs and the Debian packages that hold them."""


class NoNamespaces(Exception):
    """One line that says what is missing or what went wrong."""


def missing() -> str:
    """What to install, in one line; empty when all is there."""
    packages = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    return f"apt-get install {' '.join(packages)}" if packages else ""


def make_node() -> None:
    """The namespace at the far end of every pod's wire. Raises NoNamespaces."""
    _ip("netns", "add", NODE)
    _ip("-n", NODE, "link", "set", "lo", "up")


def make_pod(name: str, number: int) -> str:
    """A pod's namespace with eth0, wired to the node; the node's address on that wire. Raises NoNamespaces.

    number: 0 to 250, another one for each pod; it chooses the network 10.77.<number>.0/30.
    """
    space, far = f"{PREFIX}{name}", f"veth{number}"
    _ip("netns", "add", space)
    _ip("link", "add", "eth0", "netns", space, "type", "veth", "peer", "name", far, "netns", NODE)
    for where, device, host in ((space, "eth0", 2), (NODE, far, 1)):
        _ip("-n", where, "address", "add", f"10.77.{number}.{host}/30", "dev", device)
        _ip("-n", where, "link", "set", device, "up")
    _ip("-n", space, "link", "set", "lo", "up")
    return f"10.77.{number}.1"


def narrow(number: int, mtu_bytes: int) -> None:
    """Set the MTU of the node's end of a pod's wire; the pod's own end keeps 1500. Raises NoNamespaces."""
    _ip("-n", NODE, "link", "set", f"veth{number}", "mtu", str(mtu_bytes))


def inside(space: str, command: Sequence[str]) -> list[str]:
    """The command, run in a pod's namespace (its name) or in the node's (NODE)."""
    full = space if space.startswith(PREFIX) else f"{PREFIX}{space}"
    return ["nsenter", f"--net={FOLDER / full}", "--", *command]


def remove_all() -> None:
    """Remove every namespace of ours, also those an earlier run left behind."""
    spaces = sorted(path.name for path in FOLDER.glob(f"{PREFIX}*")) if FOLDER.is_dir() else []
    for space in spaces:
        with suppress(NoNamespaces):
            _ip("netns", "delete", space)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoNamespaces(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
