"""Bad input ends with one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from commandline.settings import SettingsError, variables_of
from commandline.siblings import VARIABLES
from emitter.cli import main
from emitter.settings import BackfillSettings, ServeSettings, backfill_arguments, listen_address, serve_arguments

NOW = 1_700_000_015.0


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["serve", "--scenario", "storm"], 2, "--scenario: Input should be 'train', 'quiet', 'demo' or 'holdout'"),
        (["serve", "--nodes", "0"], 2, "--nodes: Input should be greater than or equal to 1"),
        (["serve", "--nodes", "3", "--pods", "5"], 2, "3 nodes need at least 13 pods, got 5"),
        (["serve", "--web.listen-address", "9101"], 2, "'9101' is not HOST:PORT"),
        (["serve", "--start", "+1h"], 2, "is in the future"),
        (["serve", "--start", "yesterday"], 2, "'yesterday' is not a time"),
        (["serve", "--episodes.without", "packet_loss,flood"], 2, "there is no episode of type 'flood'; there are "),
        (["backfill"], 2, "--output.dir is required"),
        (["backfill", "--start", "-1h", "--end", "-2h", "--output.dir", "x"], 2, "is not after --start"),
        (["backfill", "--step", "1s", "--output.dir", "x"], 2, "--step: Input should be greater than or equal to 5"),
    ],
)
def test_bad_settings_end_with_one_line(
    words: list[str], code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    said = capsys.readouterr().err
    assert ended.value.code == code
    assert line in said
    assert said.count("\n") == 1


def test_the_other_commands_know_every_variable() -> None:
    assert variables_of(ServeSettings, BackfillSettings) <= VARIABLES


def test_a_directory_with_foreign_content_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letters.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["backfill", "--start", "-1h", "--output.dir", str(tmp_path)])
    assert ended.value.code == 1
    assert "is not empty (it holds letters.txt)" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["letters.txt"]


def test_a_missing_promtool_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        main(["backfill", "--start", "-1h", "--output.dir", str(tmp_path / "out")])
    assert ended.value.code == 1
    assert "promtool is not on PATH" in capsys.readouterr().err


def test_moments_are_on_the_grid_and_the_anchor_defaults_to_the_start_of_serving_or_the_end_of_history() -> None:
    served = serve_arguments(ServeSettings(start="-1h"), NOW)
    assert serve_arguments(ServeSettings(scenario="quiet"), NOW).start == 1_700_000_010.0
    assert serve_arguments(ServeSettings(scenario="demo"), NOW).start == served.start
    assert (served.start, served.anchor) == (1_699_996_410.0, 1_700_000_010.0)
    history, end = backfill_arguments(BackfillSettings(start="-1h", end="now-30m", output_dir=Path("x")), NOW)
    assert (history.start, history.anchor, end) == (1_699_996_410.0, 1_699_998_210.0, 1_699_998_210.0)
    with pytest.raises(SettingsError, match="future"):
        serve_arguments(ServeSettings(start=NOW + 60), NOW)


@pytest.mark.parametrize(
    ("text", "address"),
    [(":9101", ("0.0.0.0", 9101)), ("127.0.0.1:0", ("127.0.0.1", 0)), ("[::1]:9101", ("::1", 9101))],
)
def test_a_listen_address_has_host_and_port(text: str, address: tuple[str, int]) -> None:
    assert listen_address(text) == address
