"""kip-trainer's commands: what cannot go well ends with one line, code 2 for settings and 1 for the rest."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from predictor.artifact import MANIFEST, MODEL
from tests.exporter.fake_prometheus import FakePrometheus, serving
from tests.exporter.models import fitted_model, saved
from trainer.cli import main

Ended = Callable[..., str]
"""Run with these arguments and an exit code; gives the one line, without the command's name."""


@pytest.fixture
def ended(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ended:
    for name in [name for name in os.environ if name.startswith("KIP_")]:
        monkeypatch.delenv(name)

    def run(command: str, *arguments: str, code: int) -> str:
        with pytest.raises(SystemExit) as exit_:
            main([command, *arguments])
        output = capsys.readouterr()
        assert exit_.value.code == code, output.err
        assert output.out == ""
        assert "Traceback" not in output.err
        assert code == 1 or output.err.count("\n") == 1, output.err  # code 1 may follow the log of what went before
        last = output.err.rstrip("\n").splitlines()[-1]
        assert last.startswith(f"kip-trainer {command}: ")
        return last.removeprefix(f"kip-trainer {command}: ")

    return run


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus()) as one:
        yield one


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    saved(fitted_model(), tmp_path / "model")
    return tmp_path / "model"


URL = ("--prometheus.url", "http://127.0.0.1:9")
BAD_SETTINGS: list[tuple[tuple[str, ...], str]] = [
    (("--prometheus.url", "localhost:9090"), "--prometheus.url: 'localhost:9090' is not a Prometheus URL"),
    (("--prometheus.url", "ftp://127.0.0.1"), "--prometheus.url: 'ftp://127.0.0.1' is not a Prometheus URL"),
    (("--prometheus.timeout", "0"), "--prometheus.timeout: Input should be greater than 0"),
    (("--prometheus.timeout", "soon"), "--prometheus.timeout: 'soon' is not a duration"),
    (("--prometheus.timeout", "-5"), "--prometheus.timeout: "),
    (("--start", "yesterday"), "--start: 'yesterday' is not a time"),
    (("--end", "2026-11-22T18:00:00"), "--end: '2026-11-22T18:00:00' has no time zone"),
    (("--log.level", "loud"), "--log.level: "),
    (("--catalogue.variable", "job"), "--catalogue.variable takes NAME=VALUE, got 'job'"),
]
BAD_TRAINING: list[tuple[tuple[str, ...], str]] = [
    (("--horizons", "15m,900"), "--horizons: a horizon is named twice in '15m,900'"),
    (("--horizons", "15m,100s"), "--horizons must be multiples of --step"),
    (("--horizons", "15"), "--horizons must be multiples of --step, 30s; write for example 15m,1h"),
    (("--estimator", "xgboost"), "'extra_trees', 'hist_gradient_boosting' or 'logistic_regression', got 'xgboost'"),
    (("--horizons", ""), "--horizons: '' is not a duration"),
    (("--step", "0"), "--step: Input should be greater than or equal to 1"),
    (("--step", "1h"), "--step: Input should be less than or equal to 300"),
    (("--max-rows", "10"), "--max-rows: Input should be greater than or equal to 1000"),
    (("--seed", "-1"), "--seed: Input should be greater than or equal to 0"),
    (("--false-alarms.per-entity-day", "0"), "--false-alarms.per-entity-day: Input should be greater than 0"),
]


@pytest.mark.parametrize("command", ["train", "evaluate", "replay"])
@pytest.mark.parametrize(("arguments", "line"), BAD_SETTINGS, ids=[" ".join(a) for a, _ in BAD_SETTINGS])
def test_a_bad_setting_ends_with_code_2_and_says_which(
    ended: Ended, tmp_path: Path, command: str, arguments: tuple[str, ...], line: str
) -> None:
    output = ("--output.file", str(tmp_path / "a.om")) if command == "replay" else ()
    assert line in ended(command, *URL, "--model.dir", str(tmp_path), *output, *arguments, code=2)


@pytest.mark.parametrize(("arguments", "line"), BAD_TRAINING, ids=[" ".join(a) for a, _ in BAD_TRAINING])
def test_a_bad_training_setting_ends_with_code_2_and_says_which(
    ended: Ended, tmp_path: Path, arguments: tuple[str, ...], line: str
) -> None:
    assert line in ended("train", *URL, "--model.dir", str(tmp_path), *arguments, code=2)


@pytest.mark.parametrize(
    ("command", "arguments", "line"),
    [
        ("train", ("--model.dir", "m"), "--prometheus.url is required (or KIP_PROMETHEUS_URL)"),
        ("evaluate", URL, "--model.dir is required (or KIP_MODEL_DIR)"),
        ("replay", (*URL, "--model.dir", "m"), "--output.file is required (or KIP_OUTPUT_FILE)"),
        ("replay", (*URL, "--model.dir", "m", "--output.file", "a.csv"), "a.csv must end in .parquet"),
        ("thresholds", (), "--model.dir is required (or KIP_MODEL_DIR)"),
        ("thresholds", ("--model.dir", "m", "--false-alarms.price", "-1"), "--false-alarms.price: Input should be"),
        ("thresholds", ("--model.dir", "m", "--false-alarms.price", "inf"), "--false-alarms.price: Input should be"),
        (
            "thresholds",
            ("--model.dir", "m", "--false-alarms.per-entity-day", "0"),
            "--false-alarms.per-entity-day: Input should be greater than 0",
        ),
    ],
)
def test_a_missing_or_impossible_setting_ends_with_code_2(
    ended: Ended, command: str, arguments: tuple[str, ...], line: str
) -> None:
    assert line in ended(command, *arguments, code=2)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["train", "--no-such-flag", "1"], "unrecognized arguments: --no-such-flag 1"),
        (["train", "--prom", "http://127.0.0.1:9"], "unrecognized arguments: --prom"),
        (["guess"], "invalid choice: 'guess'"),
        ([], "required: COMMAND"),
    ],
    ids=["an unknown flag", "half a flag", "an unknown command", "no command"],
)
def test_what_argparse_does_not_know_ends_with_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], part: str
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert part in capsys.readouterr().err


def test_a_misspelt_variable_ends_with_code_2(ended: Ended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIP_HORIZON", "15m")
    line = ended("train", *URL, "--model.dir", str(tmp_path), code=2)
    assert line.startswith("unknown environment variable KIP_HORIZON; did you mean KIP_HORIZONS?")


@pytest.mark.parametrize("command", ["evaluate", "replay"])
def test_a_missing_model_directory_ends_with_code_1(ended: Ended, tmp_path: Path, command: str) -> None:
    missing = tmp_path / "nothing"
    output = ("--output.file", str(tmp_path / "a.om")) if command == "replay" else ()
    assert (
        ended(command, *URL, "--model.dir", str(missing), *output, code=1)
        == f"no model in {missing} (manifest.json is missing); run kip-trainer train"
    )


@pytest.mark.parametrize("name", [MANIFEST, MODEL])
def test_a_model_that_was_tampered_with_ends_with_code_1(ended: Ended, model_dir: Path, name: str) -> None:
    path = model_dir / name
    path.write_bytes(path.read_bytes()[:-20])
    line = ended("evaluate", *URL, "--model.dir", str(model_dir), code=1)
    assert line.startswith(str(path))
    assert line.endswith("train the model again")


@pytest.mark.parametrize("command", ["train", "evaluate", "replay"])
def test_nobody_listening_ends_with_code_1_and_no_password(
    ended: Ended, model_dir: Path, tmp_path: Path, command: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    more = {
        "train": (),
        "evaluate": ("--results.dir", str(tmp_path / "results")),
        "replay": ("--output.file", str(tmp_path / "a.om")),
    }
    url = f"http://reader:s3cret@127.0.0.1:{port}"
    line = ended(command, "--prometheus.url", url, "--model.dir", str(model_dir), *more[command], code=1)
    assert line.startswith(f"cannot reach http://127.0.0.1:{port}: ")
    assert "s3cret" not in line
    assert not (tmp_path / "a.om").exists()


def test_a_prometheus_without_series_ends_training_with_code_1(
    ended: Ended, fake: FakePrometheus, tmp_path: Path
) -> None:
    line = ended("train", "--prometheus.url", fake.url, "--model.dir", str(tmp_path / "model"), code=1)
    assert line.startswith("Prometheus has no series of the catalogue between ")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("command", ["train", "evaluate", "replay"])
def test_an_end_before_the_start_ends_with_code_1(
    ended: Ended, fake: FakePrometheus, model_dir: Path, tmp_path: Path, command: str
) -> None:
    output = ("--output.file", str(tmp_path / "a.om")) if command == "replay" else ()
    given = ("--prometheus.url", fake.url, "--model.dir", str(model_dir), *output)
    line = ended(command, *given, "--start", "2026-11-22T18:00:00Z", "--end", "2026-11-22T17:00:00Z", code=1)
    assert line == "--end 2026-11-22T17:00:00Z is before --start 2026-11-22T18:00:00Z"
    assert fake.asked == []


def test_a_place_that_cannot_be_written_to_ends_with_code_1(
    ended: Ended, fake: FakePrometheus, model_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    given = ("--prometheus.url", fake.url, "--model.dir", str(model_dir))
    line = ended("replay", *given, "--output.file", str(tmp_path / "file" / "a.om"), code=1)
    assert str(tmp_path / "file") in line


def test_an_unknown_catalogue_variable_ends_with_code_1(ended: Ended, model_dir: Path) -> None:
    line = ended("evaluate", *URL, "--model.dir", str(model_dir), "--catalogue.variable", "no_such=1", code=1)
    assert "unknown catalogue variable 'no_such'; there are " in line


def test_a_catalogue_file_that_is_missing_ends_with_code_1(ended: Ended, tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    line = ended("train", *URL, "--model.dir", str(tmp_path), "--catalogue.file", str(missing), code=1)
    assert line.startswith(f"cannot read catalogue {missing}: ")


def test_a_password_in_a_url_that_is_none_is_not_shown(ended: Ended, tmp_path: Path) -> None:
    line = ended("train", "--prometheus.url", "htp://reader:s3cret@host", "--model.dir", str(tmp_path), code=2)
    assert "s3cret" not in line


def test_replaying_a_prometheus_without_series_writes_an_empty_file(
    fake: FakePrometheus, model_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.om"
    given = ("--prometheus.url", fake.url, "--model.dir", str(model_dir), "--log.format", "json")
    with pytest.raises(SystemExit) as exit_:
        main(["replay", *given, "--output.file", str(path)])
    assert exit_.value.code == 0
    assert path.read_text().endswith("# EOF\n")
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["rows"] == 0


def test_judging_a_prometheus_without_series_invents_nothing(
    fake: FakePrometheus, model_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--prometheus.url", fake.url, "--model.dir", str(model_dir), "--log.format", "json", "--start", "-1h")
    with pytest.raises(SystemExit) as exit_:
        main(["evaluate", *given, "--results.dir", str(tmp_path / "results")])
    assert exit_.value.code == 0
    scores = json.loads((tmp_path / "results" / "scores.json").read_text())
    assert {one["grade"] for one in scores["outcomes"]} == {"no episode to judge by"}
    assert scores["verdicts"][0]["model"]["interval_reasons"]["recall"] == "no entity had an episode"
    assert (tmp_path / "results" / "report.html").exists()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line]
    verdicts = [line["verdict"] for line in lines if line["event"] == "verdict"]
    assert len(verdicts) == 2
    assert all(v.startswith("No issue began, so nothing says ") for v in verdicts)


@pytest.mark.parametrize(("start", "warned"), [(1_789_864_000, False), (1_789_860_400, True)])
def test_judging_what_the_model_was_trained_on_is_said_and_what_follows_it_is_not(
    fake: FakePrometheus,
    model_dir: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    start: int,
    warned: bool,
) -> None:
    given = ["--prometheus.url", fake.url, "--model.dir", str(model_dir), "--start", f"{start}"]
    with pytest.raises(SystemExit):
        main(["evaluate", *given, "--end", f"{start + 7200}", "--results.dir", str(tmp_path / "results")])
    assert ("trained on" in capsys.readouterr().err) is warned


def test_judging_a_model_that_was_told_of_other_rates_warns_and_names_the_factor(
    fake: FakePrometheus, model_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = Path(shutil.copytree(model_dir, tmp_path / "told")) / MANIFEST
    told.write_text(json.dumps(json.loads(told.read_text()) | {"issues_factor": 2.0}))
    given = ["--prometheus.url", fake.url, "--model.dir", str(told.parent), "--start", "-1h"]
    with pytest.raises(SystemExit) as exit_:
        main(["evaluate", *given, "--results.dir", str(tmp_path / "results")])
    assert exit_.value.code == 0
    assert json.loads((tmp_path / "results" / "scores.json").read_text())["issues_factor"] == 2.0
    assert "at another rate than in its training history" in capsys.readouterr().err


def test_help_shows_a_default_as_it_is_written_and_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "how far ahead to predict (default 15m,1h) --seed" in text
