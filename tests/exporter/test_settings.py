"""Settings: every wrong one is told in one line, with exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from commandline.settings import SettingsError, load, variables_of
from commandline.siblings import VARIABLES
from exporter.address import Address, ListenError, bound, parsed
from exporter.cli import main
from exporter.settings import CheckSettings, ServeSettings

REQUIRED = {"prometheus_url": "http://127.0.0.1:9090", "model_dir": "model"}


def test_the_other_commands_know_our_variables() -> None:
    assert variables_of(ServeSettings, CheckSettings) <= VARIABLES


def test_defaults_are_those_of_the_design() -> None:
    settings = load(ServeSettings, REQUIRED, {})
    assert str(settings.web_listen_address) == ":9877"
    assert (settings.prometheus_timeout, settings.read_delay, settings.staleness) == (10.0, 10.0, 5)
    assert (settings.publish_floor, settings.publish_max_series) == (0.01, 50_000)
    assert settings.web_enable_lifecycle is False


WRONG = [
    ({"model_dir": "m"}, "--prometheus.url is required (or KIP_PROMETHEUS_URL)"),
    ({"prometheus_url": "http://p:9090"}, "--model.dir is required (or KIP_MODEL_DIR)"),
    (
        REQUIRED | {"prometheus_url": "p:9090"},
        "--prometheus.url: 'p:9090' is not a Prometheus URL; write for example http://127.0.0.1:9090",
    ),
    (
        REQUIRED | {"web_listen_address": "9877"},
        "--web.listen-address: '9877' is not host:port; write for example :9877, 127.0.0.1:9877 or [::1]:9877",
    ),
    (
        REQUIRED | {"web_listen_address": ":70000"},
        "--web.listen-address: ':70000' is not host:port; write for example :9877, 127.0.0.1:9877 or [::1]:9877",
    ),
    (
        REQUIRED | {"read_delay": "soon"},
        "--read-delay: 'soon' is not a duration; write for example 30s, 15m, 1h30m or 14d",
    ),
    (REQUIRED | {"prometheus_timeout": "0s"}, "--prometheus.timeout: Input should be greater than 0, got '0.0'"),
    (REQUIRED | {"staleness": "0"}, "--staleness: Input should be greater than or equal to 1, got '0'"),
    (
        REQUIRED | {"runbooks_url": "javascript:alert(1)"},
        "--runbooks.url: 'javascript:alert(1)' is no place for pages; write for example https://wiki.example.com/runbooks",
    ),
    (
        REQUIRED | {"runbooks_url": "https://me:secret@wiki/index.php?title="},
        "--runbooks.url: 'wiki/index.php?title=' is no place for pages; "
        "write for example https://wiki.example.com/runbooks",
    ),
    (REQUIRED | {"publish_floor": "2"}, "--publish.floor: Input should be less than or equal to 1, got '2'"),
    (
        REQUIRED | {"publish_max_series": "-1"},
        "--publish.max-series: Input should be greater than or equal to 0, got '-1'",
    ),
    (REQUIRED | {"log_level": "loud"}, "--log.level: Input should be 'debug', 'info', 'warn' or 'error', got 'loud'"),
    (REQUIRED | {"catalogue_variable": ["rate"]}, "--catalogue.variable takes NAME=VALUE, got 'rate'"),
]


@pytest.mark.parametrize(("given", "line"), WRONG, ids=[line.split(":")[0] for _, line in WRONG])
def test_a_wrong_setting_is_one_line(given: dict[str, object], line: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(ServeSettings, given, {})
    assert str(caught.value) == line


def test_a_misspelt_variable_is_an_error_and_a_siblings_is_not() -> None:
    with pytest.raises(SettingsError, match="unknown environment variable KIP_READ_DELY; did you mean KIP_READ_DELAY"):
        load(ServeSettings, REQUIRED, {"KIP_READ_DELY": "5s"}, VARIABLES)
    load(ServeSettings, REQUIRED, {"KIP_RESULTS_DIR": "r", "KIP_SCENARIO": "demo"}, VARIABLES)


def test_an_unknown_key_of_the_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "exporter.yml"
    path.write_text("web: {listen-adress: ':1'}\n")
    with pytest.raises(SettingsError, match="unknown key 'web\\.listen-adress'"):
        load(ServeSettings, {"config_file": path}, {})


def test_flags_win_over_variables_and_those_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "exporter.yml"
    path.write_text("prometheus.url: http://file:9090\nmodel: {dir: m}\nread-delay: 1s\nstaleness: 9\n")
    settings = load(
        ServeSettings,
        {"config_file": path, "read_delay": "3s"},
        {"KIP_PROMETHEUS_URL": "http://variable:9090", "KIP_READ_DELAY": "2s"},
    )
    assert settings.prometheus_url == "http://variable:9090"
    assert (settings.read_delay, settings.staleness) == (3.0, 9)


def test_catalogue_variables_may_hold_equals_signs_and_quotes() -> None:
    given = REQUIRED | {"catalogue_variable": ['kubelet=job="kubelet",', "rate=4m"]}
    assert load(ServeSettings, given, {}).catalogue_variable == {"kubelet": 'job="kubelet",', "rate": "4m"}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":9877", Address("", 9877)),
        ("127.0.0.1:0", Address("127.0.0.1", 0)),
        ("[::1]:9877", Address("::1", 9877)),
        ("localhost:80", Address("localhost", 80)),
    ],
)
def test_addresses_are_read_and_written_as_prometheus_does(text: str, address: Address) -> None:
    assert parsed(text) == address
    assert str(address) == text


def test_a_port_in_use_is_one_line() -> None:
    with bound(Address("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError, match=f"^cannot listen on 127.0.0.1:{port}: Address already in use$"):
            bound(Address("127.0.0.1", port))


def test_all_interfaces_means_loopback_too() -> None:
    with bound(Address("", 0)) as listening:
        assert listening.getsockname()[1] > 0


def test_check_config_validates_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {})
    arguments = ["serve", "--prometheus.url", "http://p:9090", "--model.dir", str(tmp_path), "--check-config"]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0


@pytest.mark.parametrize("arguments", [["serve", "--modle.dir", "m"], ["predict"], ["serve", "--model", "m"], []])
def test_an_unknown_flag_or_command_ends_with_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
