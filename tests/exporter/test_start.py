"""A start that cannot go well ends with one clear line and code 1, or 2 for settings."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exporter.address import Address, bound
from exporter.cli import main
from predictor.artifact import MANIFEST, MODEL
from tests.exporter.fake_prometheus import FakePrometheus, always
from tests.exporter.models import POD_MEMORY, fitted_model, saved

Refused = Callable[..., str]
"""Start with these flags more and an exit code; gives the one line, without the command's name."""


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    saved(fitted_model(), tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def refused(
    fake: FakePrometheus, model_dir: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Refused]:
    """Run `serve` in this process, which must end it; signal handlers are put back."""
    for name in [name for name in os.environ if name.startswith("KIP_")]:
        monkeypatch.delenv(name)
    handlers = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    given = ("--prometheus.url", fake.url, "--model.dir", str(model_dir), "--web.listen-address", "127.0.0.1:0")

    def start(*more: str, code: int = 1) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["serve", *given, "--log.level", "error", *more])
        output = capsys.readouterr()
        assert ended.value.code == code
        assert output.out == ""
        assert output.err.count("\n") == 1, output.err
        assert output.err.startswith("kip-exporter serve: ")
        return output.err.removeprefix("kip-exporter serve: ").rstrip("\n")

    yield start
    for one, handler in handlers.items():
        signal.signal(one, handler)


def test_no_model_is_one_line(refused: Refused, tmp_path: Path) -> None:
    missing = tmp_path / "nothing"
    assert (
        refused("--model.dir", str(missing))
        == f"no model in {missing} (manifest.json is missing); run kip-trainer train"
    )


def test_a_truncated_manifest_is_one_line(refused: Refused, model_dir: Path) -> None:
    path = model_dir / MANIFEST
    path.write_text(path.read_text()[:200])
    line = refused()
    assert line.startswith(f"{path} is cut short or not JSON (")
    assert line.endswith("); train the model again")


def test_a_tampered_model_is_one_line_and_is_not_unpickled(refused: Refused, model_dir: Path) -> None:
    path = model_dir / MODEL
    path.write_bytes(path.read_bytes() + b"\0")
    assert refused() == (f"{path} is not the file its manifest names (sha256 differs); train the model again")


def test_a_missing_model_file_is_one_line(refused: Refused, model_dir: Path) -> None:
    path = model_dir / MODEL
    path.unlink()
    assert refused() == (f"cannot read {path}: [Errno 2] No such file or directory: '{path}'; train the model again")


def edited(model_dir: Path, **changes: object) -> dict[str, object]:
    """Change the manifest; what stood there before."""
    path = model_dir / MANIFEST
    before: dict[str, object] = json.loads(path.read_text())
    path.write_text(json.dumps(before | changes))
    return before


def test_a_model_of_another_scikit_learn_is_one_line(refused: Refused, model_dir: Path) -> None:
    versions = json.loads((model_dir / MANIFEST).read_text())["versions"]
    edited(model_dir, versions=versions | {"scikit-learn": "0.1.0"})
    assert refused() == (
        f"the model in {model_dir} was trained with scikit-learn 0.1.0, here is {versions['scikit-learn']}; "
        "train it again with kip-trainer train"
    )


def test_a_model_of_another_schema_is_one_line(refused: Refused, model_dir: Path) -> None:
    edited(model_dir, schema_version=99)
    assert refused() == (f"{model_dir / MANIFEST} has schema version 99, this release reads 2; train again")


def test_a_model_of_other_features_is_one_line(refused: Refused, model_dir: Path) -> None:
    before = edited(model_dir, fingerprint="0123456789abcdef")
    assert refused() == (
        f"the model in {model_dir} was trained with other signals or features (0123456789abcdef, "
        f"this version has {before['fingerprint']}); train it again with kip-trainer train"
    )


def test_a_port_in_use_is_one_line(refused: Refused, fake: FakePrometheus) -> None:
    with bound(Address("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        line = refused("--web.listen-address", address)
    assert line == f"cannot listen on {address}: Address already in use"
    assert fake.asked == []


def test_a_prometheus_that_nobody_listens_at_is_one_line(refused: Refused) -> None:
    with bound(Address("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    line = refused("--prometheus.url", url)
    assert line.startswith(f"cannot reach {url}: ")
    assert "Connection refused" in line


AT_START = {
    "4xx": ((401, "text/plain", b"who are you"), "refused signal node_cpu: HTTP Status Code 401"),
    "5xx": ((502, "text/html", b"<html>bad gateway"), "refused signal node_cpu: HTTP Status Code 502"),
    "HTML": ((200, "text/html", b"<html>log in"), "with something that is not JSON; is it a Prometheus?"),
    "truncated JSON": ((200, "application/json", b'{"status":'), "with something that is not JSON"),
    "JSON of another kind": ((200, "application/json", b'{"status":"ok"}'), "without data.result; is it a Prometheus?"),
}


@pytest.mark.parametrize(("answer", "part"), AT_START.values(), ids=AT_START)
def test_an_answer_that_is_not_prometheus_is_one_line(
    refused: Refused, fake: FakePrometheus, answer: tuple[int, str, bytes], part: str
) -> None:
    fake.misbehave = lambda _: answer
    line = refused()
    assert line.startswith(f"{fake.url} ")
    assert part in line


def test_no_answer_in_time_is_one_line(refused: Refused, fake: FakePrometheus) -> None:
    fake.hang = True
    line = refused("--prometheus.timeout", "500ms")
    assert line.startswith(f"{fake.url} gave no answer within 0.5 s (signal ")


def test_no_data_at_all_is_one_line(refused: Refused, fake: FakePrometheus) -> None:
    fake.table = {}
    assert refused().startswith("Prometheus answered every query with no series; check its targets")


def test_two_series_for_one_entity_are_one_line(refused: Refused, fake: FakePrometheus) -> None:
    labels = {"namespace": "shop", "pod": "web-1"}
    fake.table[POD_MEMORY] = [(labels | {"uid": uid}, always(1)) for uid in "ab"]
    assert refused().startswith("signal pod_memory gave two series for pod shop/web-1;")


def test_wrong_settings_end_with_code_2(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused("--prometheus.url", "localhost", code=2).startswith(
        "--prometheus.url: 'localhost' is not a Prometheus URL"
    )
    monkeypatch.setenv("KIP_STALENES", "3")
    assert refused(code=2).startswith("unknown environment variable KIP_STALENES; did you mean KIP_STALENESS?")
