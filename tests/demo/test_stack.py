"""The shipped configuration on loopback ports: every address is replaced, and nothing else changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from demo.processes import ROOT
from demo.stack import SERVICES, render

ADDRESSES = {service: f"127.0.0.1:{20_000 + i}" for i, service in enumerate(SERVICES)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    render(tmp_path, ADDRESSES)
    return tmp_path


def addresses(document: Any) -> Iterator[str]:
    """Every address that Prometheus or Alertmanager would connect to."""
    for key, value in document.items() if isinstance(document, dict) else enumerate(document):
        if key == "targets":
            yield from value
        elif key == "url":
            yield urlsplit(value).netloc
        elif isinstance(value, dict | list):
            yield from addresses(value)


def configured(folder: Path, name: str) -> list[str]:
    return list(addresses(yaml.safe_load((folder / name).read_text(encoding="utf-8"))))


def test_every_address_becomes_its_loopback_address(folder: Path) -> None:
    for name in ("prometheus.yml", "alertmanager.yml"):
        shipped = configured(ROOT / "prometheus", name)
        assert shipped
        assert configured(folder, name) == [ADDRESSES[address] for address in shipped]


def test_every_service_is_one_that_the_shipped_configuration_names() -> None:
    names = ("prometheus.yml", "alertmanager.yml")
    assert {one for name in names for one in configured(ROOT / "prometheus", name)} == set(SERVICES)


def test_no_address_of_the_shipped_configuration_is_left_behind(folder: Path) -> None:
    services = re.compile("|".join(map(re.escape, SERVICES)))
    for name in ("prometheus.yml", "alertmanager.yml"):
        assert services.findall((folder / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", ["rules", "templates"])
def test_rules_and_templates_are_those_that_are_shipped(folder: Path, name: str) -> None:
    shipped = {path.name: path.read_bytes() for path in (ROOT / "prometheus" / name).iterdir()}
    assert shipped
    assert {path.name: path.read_bytes() for path in (folder / name).iterdir()} == shipped
