"""Settings: flags over environment over file over defaults, and one line for everything unknown or wrong."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from commandline.settings import Settings, SettingsError, add_flags, flag, joined, load, run_command, subcommands
from commandline.siblings import VARIABLES
from commandline.times import Span


class Example(Settings):
    """Settings for these tests."""

    web_listen_address: str = flag("web.listen-address", ":1", "where to listen")
    step: Span = flag("step", 30.0, "grid", gt=0)
    model_dir: Path = flag("model.dir", ..., "directory")
    variable: dict[str, str] = flag("catalogue.variable", {}, "variables")
    lifecycle: bool = flag("web.enable-lifecycle", False, "allow POST")


def file(folder: Path, text: str) -> Path:
    path = folder / "kip.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_flags_win_over_environment_over_file_over_defaults(tmp_path: Path) -> None:
    path = file(tmp_path, "web: {listen-address: ':2'}\nstep: 1m\nmodel.dir: /from/file")
    environ = {"KIP_STEP": "2m", "KIP_MODEL_DIR": "/from/env", "HOME": "/root"}
    settings = load(Example, {"config_file": str(path), "model_dir": "/from/flag"}, environ)
    assert settings.web_listen_address == ":2"
    assert settings.step == 120.0
    assert settings.model_dir == Path("/from/flag")
    assert settings.lifecycle is False


def test_repeated_pairs_become_a_mapping_from_any_source(tmp_path: Path) -> None:
    flags = load(Example, {"model_dir": "m", "variable": ["rate=4m", 'cadvisor=job="a"']}, {})
    assert flags.variable == {"rate": "4m", "cadvisor": 'job="a"'}
    assert load(Example, {"model_dir": "m"}, {"KIP_CATALOGUE_VARIABLE": "rate=4m; http="}).variable == {
        "rate": "4m",
        "http": "",
    }
    path = file(tmp_path, "catalogue.variable: {rate: 4m}\nmodel.dir: m")
    assert load(Example, {"config_file": str(path)}, {}).variable == {"rate": "4m"}


BAD_FILES = {
    "colour: red": "unknown key 'colour' in",
    "modl.dir: x": "did you mean model.dir?",
    "step: soon": "step in ",
    "- a": "must hold a mapping of settings, not list",
    "a: [": "is not YAML",
    "catalogue.variable: [rate]": "--catalogue.variable takes NAME=VALUE, got 'rate'",
}


@pytest.mark.parametrize("text", BAD_FILES)
def test_a_wrong_file_is_refused_with_one_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(Example, {"config_file": str(file(tmp_path, text)), "model_dir": "m"}, {})
    assert BAD_FILES[text] in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_misspelt_variable_is_refused_and_a_siblings_is_not() -> None:
    with pytest.raises(SettingsError, match="unknown environment variable KIP_MODEL_DIRR; did you mean KIP_MODEL_DIR"):
        load(Example, {"model_dir": "m"}, {"KIP_MODEL_DIRR": "x"})
    load(Example, {"model_dir": "m"}, {"KIP_HORIZONS": "15m"}, VARIABLES)


def test_the_variables_that_kubernetes_makes_of_a_service_are_not_ours() -> None:
    links = ("KIP_EXPORTER_SERVICE_HOST", "KIP_EXPORTER_SERVICE_PORT_METRICS", "KIP_EXPORTER_PORT")
    deep = ("KIP_EXPORTER_PORT_9877_TCP", "KIP_EXPORTER_PORT_9877_TCP_ADDR", "KIP_EXPORTER_SERVICE_PORT")
    load(Example, {"model_dir": "m"}, dict.fromkeys((*links, *deep), "x"))


def test_a_missing_and_a_wrong_value_name_their_source() -> None:
    with pytest.raises(SettingsError, match=r"--model\.dir is required \(or KIP_MODEL_DIR\)"):
        load(Example, {}, {})
    with pytest.raises(SettingsError, match=r"KIP_STEP: '-1s' is not a duration"):
        load(Example, {"model_dir": "m"}, {"KIP_STEP": "-1s"})
    with pytest.raises(SettingsError, match="--step: 'soon' is not a duration"):
        load(Example, {"model_dir": "m", "step": "soon"}, {})


def test_a_relative_time_may_follow_its_flag() -> None:
    assert joined(["train", "--start", "-14d", "--end=now", "-v"]) == ["train", "--start=-14d", "--end=now", "-v"]


class Expected(Exception):
    """An error that commands announce."""


def _command(settings: Example) -> int:
    """Do what the model directory's name says."""
    if settings.model_dir.name == "fail":
        raise Expected("it\nfailed")
    return 3


COMMANDS = {"do": (Example, _command)}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["do", "--model.dir", "m"], 3, ""),
        (["do", "--model.dir", "fail"], 1, "prog do: it failed\n"),
        (["do"], 2, "prog do: --model.dir is required (or KIP_MODEL_DIR)\n"),
        (["do", "--modle.dir", "m"], 2, "unrecognized arguments: --modle.dir m\n"),
    ],
)
def test_a_command_ends_with_its_code_and_at_most_one_line(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KIP_MODEL_DIR", raising=False)
    parser = argparse.ArgumentParser(prog="prog", allow_abbrev=False)
    subcommands(parser, COMMANDS)
    with pytest.raises(SystemExit) as ended:
        run_command(parser, arguments, COMMANDS, frozenset(), (Expected,))
    assert ended.value.code == code
    assert capsys.readouterr().err.endswith(said)


def test_every_flag_explains_itself_with_its_default() -> None:
    parser = argparse.ArgumentParser()
    add_flags(parser, Example)
    text = " ".join(parser.format_help().split())
    assert "--step STEP grid (default 30)" in text
    assert "--web.enable-lifecycle, --no-web.enable-lifecycle" in text
