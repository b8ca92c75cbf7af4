"""Loopback: free ports, and HTTP that goes to this machine directly even where a proxy is set."""

from __future__ import annotations

import socket

import pytest

from demo import loopback
from demo.loopback import PORTS, answers, environment, fetch, free_ports
from demo.sink import Sink


@pytest.fixture
def proxy_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request that takes this proxy fails."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")


@pytest.mark.usefixtures("proxy_that_is_none")
def test_requests_to_our_servers_take_no_proxy(sink: Sink) -> None:
    url = f"http://127.0.0.1:{sink.server_address[1]}"
    assert answers(f"{url}/-/healthy")
    assert fetch(f"{url}/notifications") == []


def test_what_does_not_answer_or_is_no_json_is_none(sink: Sink) -> None:
    url = f"http://127.0.0.1:{sink.server_address[1]}"
    assert fetch(f"{url}/-/healthy") is None
    assert fetch(f"{url}/elsewhere") is None
    assert not answers(f"{url}/elsewhere")
    assert fetch("http://127.0.0.1:1/") is None
    assert not answers("http://127.0.0.1:1/")


def test_processes_are_told_to_take_no_proxy_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "example.org,localhost")
    monkeypatch.setenv("no_proxy", "intra.net")
    told = environment()
    assert told["NO_PROXY"] == told["no_proxy"] == "example.org,localhost,intra.net,127.0.0.1"


def test_processes_do_not_see_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIP_MODEL_DIR", "/elsewhere")
    monkeypatch.setenv("UNRELATED", "kept")
    assert "KIP_MODEL_DIR" not in environment()
    assert environment()["UNRELATED"] == "kept"


def test_free_ports_differ_and_are_none_of_those_for_outgoing_connections() -> None:
    ports = free_ports(50)
    assert len(set(ports)) == 50
    assert set(ports) <= set(PORTS)
    assert PORTS.stop <= 32_768


def test_a_port_on_which_somebody_listens_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr(loopback, "PORTS", range(port, port + 1))
        with pytest.raises(OSError, match="fewer than 1 free ports"):
            free_ports(1)
