"""The exporter as a process: how it starts, reloads, and ends."""

from __future__ import annotations

import json
import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest

from predictor.artifact import MODEL
from tests.exporter.fake_prometheus import FakePrometheus
from tests.exporter.models import POD_MEMORY, fitted_model, saved
from tests.exporter.processes import completed, running, until

STEP = 2.0  # so that a test sees several ticks
ENDS_WITHIN_SECONDS = 5.0  # what the exporter promises


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    saved(fitted_model(STEP), tmp_path / "model")
    return tmp_path / "model"


def flags(fake: FakePrometheus, model_dir: Path) -> tuple[str, ...]:
    """The flags that every run here has."""
    return "--prometheus.url", fake.url, "--model.dir", str(model_dir), "--read-delay", "0s"


def test_it_is_ready_after_one_window_and_then_ticks_every_step(fake: FakePrometheus, model_dir: Path) -> None:
    with running(*flags(fake, model_dir)) as exporter:
        until("the first window", exporter.is_ready)
        assert 'pod="web-1"' in exporter.get("/metrics").text
        until("three ticks", lambda: "kip_ticks_total 3.0" in exporter.get("/metrics").text)
        done = [json.loads(line) for line in exporter.lines if '"tick done"' in line]
    assert done[0]["steps"] == 900
    assert all(one["time"] % STEP == 0 for one in done)
    assert all(0 < later["time"] - one["time"] <= later["steps"] * STEP for one, later in pairwise(done))


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_code_0(fake: FakePrometheus, model_dir: Path, sent: signal.Signals) -> None:
    with running(*flags(fake, model_dir)) as exporter:
        until("the first window", exporter.is_ready)
        exporter.process.send_signal(sent)
        assert exporter.process.wait(ENDS_WITHIN_SECONDS) == 0


def test_sigterm_ends_it_while_a_tick_hangs(fake: FakePrometheus, model_dir: Path) -> None:
    with running(*flags(fake, model_dir), "--prometheus.timeout", "60s") as exporter:
        until("the first window", exporter.is_ready)
        fake.hang = True
        fake.asked.clear()
        until("a tick that hangs", lambda: fake.asked)
        exporter.process.terminate()
        assert exporter.process.wait(ENDS_WITHIN_SECONDS) == 0


def test_sigterm_ends_it_while_the_first_window_hangs(fake: FakePrometheus, model_dir: Path) -> None:
    fake.hang = True
    with running(*flags(fake, model_dir), "--prometheus.timeout", "60s") as exporter:
        until("a query that hangs", lambda: fake.asked)
        assert exporter.get("/-/healthy").status_code == 200
        assert exporter.get("/-/ready").status_code == 503
        exporter.process.terminate()
        assert exporter.process.wait(ENDS_WITHIN_SECONDS) == 0


def test_sighup_reloads_a_good_model_and_refuses_a_bad_one(fake: FakePrometheus, model_dir: Path) -> None:
    with running(*flags(fake, model_dir)) as exporter:
        until("the first window", exporter.is_ready)
        saved(fitted_model(STEP, seed=2), model_dir, estimator="another forest")
        exporter.process.send_signal(signal.SIGHUP)
        until("the new model", lambda: 'estimator="another forest"' in exporter.get("/metrics").text)

        (model_dir / MODEL).write_bytes(b"tampered")
        exporter.process.send_signal(signal.SIGHUP)
        until("the refusal", lambda: "kip_config_last_reload_successful 0.0" in exporter.get("/metrics").text)
        until("the line about it", lambda: exporter.logged("reload failed"))
        line = exporter.logged("reload failed")
        assert line is not None
        assert "sha256 differs" in line["error"]
        text = exporter.get("/metrics").text
        assert 'estimator="another forest"' in text
        ticks = len([x for x in exporter.lines if '"tick done"' in x])
        until("a tick after it", lambda: len([x for x in exporter.lines if '"tick done"' in x]) > ticks)
        assert exporter.process.poll() is None


def test_reloading_over_http_is_off_unless_asked_for(fake: FakePrometheus, model_dir: Path) -> None:
    import requests

    with running(*flags(fake, model_dir)) as exporter:
        until("the first window", exporter.is_ready)
        assert requests.post(f"{exporter.url}/-/reload", timeout=10).status_code == 403
    with running(*flags(fake, model_dir), "--web.enable-lifecycle") as exporter:
        until("the first window", exporter.is_ready)
        assert requests.post(f"{exporter.url}/-/reload", timeout=30).status_code == 200


def test_a_prometheus_that_goes_away_and_comes_back_is_survived(fake: FakePrometheus, model_dir: Path) -> None:
    with running(*flags(fake, model_dir)) as exporter:
        until("the first window", exporter.is_ready)
        fake.misbehave = lambda _: (503, "text/plain", b"restarting")
        until("a failed tick", lambda: exporter.logged("tick failed"))
        until("staleness", lambda: not exporter.is_ready())
        assert "kip_issue_probability" not in exporter.get("/metrics").text
        fake.misbehave = None
        until("the recovery", exporter.is_ready)
        assert "kip_issue_probability" in exporter.get("/metrics").text


def test_a_start_that_fails_is_one_line_on_standard_error(fake: FakePrometheus, model_dir: Path) -> None:
    (model_dir / MODEL).write_bytes(b"tampered")
    result = completed("serve", *flags(fake, model_dir), "--web.listen-address", "127.0.0.1:0")
    assert (result.returncode, result.stdout, result.stderr) == (
        1,
        "",
        f"kip-exporter serve: {model_dir / MODEL} is not the file its manifest names (sha256 differs); "
        "train the model again\n",
    )


def test_prometheus_missing_at_the_start_ends_the_process_with_code_1(fake: FakePrometheus, model_dir: Path) -> None:
    fake.misbehave = lambda _: (503, "text/plain", b"starting")
    result = completed("serve", *flags(fake, model_dir), "--web.listen-address", "127.0.0.1:0", "--log.level", "error")
    assert result.returncode == 1
    assert result.stderr.startswith(f"kip-exporter serve: {fake.url} refused signal node_cpu: HTTP Status Code 503")
    assert result.stderr.count("\n") == 1


def test_missing_samples_and_infinity_at_the_start_are_no_errors(fake: FakePrometheus, model_dir: Path) -> None:
    started = time.time()
    fake.table[POD_MEMORY] = [
        ({"namespace": "shop", "pod": "web-1"}, lambda t: "NaN" if t < started else "+Inf"),
        ({"namespace": "shop", "pod": "web-2"}, lambda t: 0.5 if t > started - 60 else None),
    ]
    with running(*flags(fake, model_dir)) as exporter:
        until("the first window", exporter.is_ready)
        text = exporter.get("/metrics").text
    assert 'pod="web-2"' in text
    assert 'pod="web-1"' not in text
