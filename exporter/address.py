"""Where the exporter listens: an address as Prometheus' flags write it, and the socket behind it."""

from __future__ import annotations

import os
import re
import socket
from typing import Annotated, Any, NamedTuple

from pydantic import PlainValidator

_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]]*):(?P<port>\d{1,5})")


class ListenError(Exception):
    """One line that says why an address cannot be listened on."""


class Address(NamedTuple):
    """A host, empty for all interfaces, and a port, 0 for any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parsed(text: Any) -> Address:
    """The address of host:port, :port or [IPv6]:port. Raises ValueError with the text when it is none."""
    if isinstance(text, Address):
        return text
    match = _ADDRESS.fullmatch(str(text))
    if not match or int(match["port"]) > 65535:
        raise ValueError(f"{str(text)[:80]!r} is not host:port; write for example :9877, 127.0.0.1:9877 or [::1]:9877")
    return Address(match["host"].strip("[]"), int(match["port"]))


ListenAddress = Annotated[Address, PlainValidator(parsed)]
"""A setting that names an address."""


def bound(address: Address) -> socket.socket:
    """A listening socket. Raises ListenError when the port is in use or the host is not this machine's."""
    try:
        if not address.host and socket.has_dualstack_ipv6():
            return socket.create_server(("", address.port), family=socket.AF_INET6, dualstack_ipv6=True)
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        return socket.create_server((address.host, address.port), family=family)
    except OSError as error:
        # socket.create_server adds the address to the text, which stands there already; a name's error has no number.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise ListenError(f"cannot listen on {address}: {reason}") from error
