"""docker-compose.yml without a Docker engine at hand: valid, and everything that it names exists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import jsonschema
import pytest

from tests.deploy import shipped

SCHEMA: Final = shipped.ROOT / "build/bin/compose_spec.json"
SERVICES: Final = shipped.services()
ONE_SHOT: Final = frozenset({"backfill", "trainer"})
LONG_RUNNING: Final = sorted(set(SERVICES) - ONE_SHOT)
PORTS: Final = {
    "emitter": 9101,
    "node-exporter": 9100,
    "prometheus": 9090,
    "exporter": 9877,
    "alertmanager": 9093,
    "sink": 9094,
    "grafana": 3000,
}


def test_the_file_follows_the_compose_specification() -> None:
    assert SCHEMA.exists(), "no Compose schema at build/bin/compose_spec.json; make setup links Debian's copy of it"
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    # Debian's copy names a draft by a URL that no validator knows; the keywords it uses mean the same in draft 7.
    validator = jsonschema.Draft7Validator(schema)
    errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator.iter_errors(_resolved())]
    assert errors == []


def test_the_schema_would_catch_a_misspelt_key() -> None:
    assert SCHEMA.exists(), "no Compose schema at build/bin/compose_spec.json; make setup links Debian's copy of it"
    broken = _resolved()
    broken["services"]["prometheus"]["helthcheck"] = {}
    assert list(jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).iter_errors(broken))


def test_the_services_are_those_of_the_loop() -> None:
    assert set(SERVICES) == {*PORTS, *ONE_SHOT}


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_ports_are_published_on_this_machine_only(name: str) -> None:
    assert SERVICES[name]["ports"] == [f"127.0.0.1:{PORTS[name]}:{PORTS[name]}"]


def test_no_two_services_publish_the_same_port() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(published) == len(set(published))


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_every_long_running_service_is_asked_for_its_health_on_its_own_port(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    kind, program, *arguments = check["test"]
    assert kind == "CMD"
    assert program == ("python" if "build" in SERVICES[name] else "wget"), "what its image has"
    assert f"http://127.0.0.1:{PORTS[name]}/" in " ".join(arguments)
    assert {"interval", "timeout", "retries"} <= set(check)
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(ONE_SHOT))
def test_what_runs_once_is_not_restarted_and_publishes_nothing(name: str) -> None:
    assert not {"restart", "ports", "healthcheck"} & set(SERVICES[name])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_image_is_pinned_to_a_full_version(name: str) -> None:
    assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+", SERVICES[name]["image"])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_mounted_path_exists_and_every_volume_is_declared(name: str) -> None:
    declared = set(shipped.document(shipped.COMPOSE)["volumes"])
    for volume in SERVICES[name].get("volumes", []):
        source, target, *mode = volume.split(":")
        assert target.startswith("/")
        if source.startswith(("./", "/")):
            assert (shipped.ROOT / source).exists(), volume
            assert mode == ["ro"], "files of ours and of the host are only read"
        else:
            assert source in declared, volume


def test_every_declared_volume_is_used() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert set(shipped.document(shipped.COMPOSE)["volumes"]) <= used


@pytest.mark.parametrize("name", sorted(name for name, service in SERVICES.items() if "build" in service))
def test_every_build_target_is_a_stage_of_the_dockerfile(name: str) -> None:
    build = SERVICES[name]["build"]
    assert (shipped.ROOT / build["context"] / "Dockerfile").exists()
    assert build["target"] in shipped.stages()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_container_may_gain_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid"} & set(service)


@pytest.mark.parametrize(
    ("name", "before", "condition"),
    [
        (name, before, how["condition"])
        for name, service in SERVICES.items()
        for before, how in service.get("depends_on", {}).items()
    ],
)
def test_services_wait_for_health_and_for_completion(name: str, before: str, condition: str) -> None:
    assert condition == ("service_completed_successfully" if before in ONE_SHOT else "service_healthy"), name


def test_the_order_is_history_prometheus_model_exporter() -> None:
    assert list(_all_before("exporter")) == ["prometheus", "backfill", "emitter", "trainer"]
    assert "exporter" in _all_before("grafana")
    assert "sink" in _all_before("alertmanager")


def test_every_host_that_prometheus_and_alertmanager_know_is_a_service_on_that_port() -> None:
    text = "".join(
        (shipped.ROOT / f"prometheus/{name}.yml").read_text(encoding="utf-8") for name in ("prometheus", "alertmanager")
    )
    text += (shipped.ROOT / "grafana/provisioning/datasources/prometheus.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"([a-z-]+):(\d{4})\b", re.sub(r"#.*|instance: .*", "", text))) - {("localhost", "9090")}
    assert named == {(name, str(port)) for name, port in PORTS.items() if name != "grafana"}


def test_past_and_present_of_the_pretend_cluster_read_the_same_settings() -> None:
    backfill, emitter = SERVICES["backfill"], SERVICES["emitter"]
    assert backfill["environment"] == emitter["environment"]
    assert set(backfill["environment"]) == {"KIP_NODES", "KIP_PODS", "KIP_SCENARIO", "KIP_SEED", "KIP_STEP"}
    for service in (backfill, emitter):
        assert '--start "$$start"' in service["command"][-1]
        assert '--anchor "$$anchor"' in service["command"][-1]
    assert backfill["volumes"][0].split(":")[0] == emitter["volumes"][0].split(":")[0]


def test_prometheus_opens_the_very_directory_that_the_backfill_writes() -> None:
    written = re.findall(r"--output\.dir (\S+)", SERVICES["backfill"]["command"][-1])
    opened = [
        flag.split("=")[1] for flag in SERVICES["prometheus"]["command"] if flag.startswith("--storage.tsdb.path")
    ]
    assert [_in_volume("backfill", path) for path in written] == [_in_volume("prometheus", path) for path in opened]


def _in_volume(name: str, path: str) -> tuple[str, str]:
    """The volume and the path inside it of a path in a service's container."""
    for volume in SERVICES[name]["volumes"]:
        source, target, *_ = volume.split(":")
        if path.startswith(f"{target}/"):
            return source, path.removeprefix(target)
    raise AssertionError(f"{path} of {name} is in no volume")


def _all_before(name: str) -> dict[str, None]:
    """Every service that has to be there first, nearest first."""

    def before(one: str) -> Iterator[str]:
        for other in SERVICES[one].get("depends_on", {}):
            yield other
            yield from before(other)

    return dict.fromkeys(before(name))


def _resolved() -> dict[str, Any]:
    """The document with merge keys resolved and, as the schema knows them from JSON, without YAML's shorthands."""
    found: dict[str, Any] = json.loads(json.dumps(shipped.document(shipped.COMPOSE)))
    return found
