"""One run per folder: the second is refused with the number of the first, whatever way that one ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from demo import training
from demo.folder import held
from demo.processes import ROOT, ProcessError
from demo.training import MODEL_DIR, make_model, working_folder

HOLDER = """
import sys, time
from pathlib import Path
from demo.folder import held
with held(Path(sys.argv[1]), "demo"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_run_is_refused_with_one_line_that_names_the_first(tmp_path: Path) -> None:
    with held(tmp_path / "demo", "demo"):
        with pytest.raises(ProcessError) as raised, held(tmp_path / "demo", "demo"):
            pass
        with held(tmp_path / "training", "training"):
            pass
    assert str(raised.value) == f"another demo runs in this folder (pid {os.getpid()}); end it first"


def test_a_run_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "demo")], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ProcessError, match=rf"\(pid {holder.pid}\)"), held(tmp_path / "demo", "demo"):
            pass
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    with held(tmp_path / "demo", "demo"):
        pass


def test_the_folder_may_be_deleted_while_it_is_held(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    with held(folder, "demo"):
        folder.rmdir()
        with pytest.raises(ProcessError), held(folder, "demo"):
            pass


def test_each_model_is_made_in_a_folder_of_its_own(tmp_path: Path) -> None:
    assert working_folder(MODEL_DIR) == training.WORK_DIR
    assert working_folder(tmp_path / "v1.2") == tmp_path / "v1.2-training"
    assert working_folder(Path("model")) == Path.cwd() / "model-training"


def test_a_training_that_is_refused_leaves_the_data_of_the_running_one_alone(tmp_path: Path) -> None:
    data = tmp_path / "model-training" / "tsdb" / "block"
    data.mkdir(parents=True)
    with held(data.parent.parent, "training"), pytest.raises(ProcessError, match="another training runs"):
        make_model(tmp_path / "model", hours=1)
    assert data.is_dir()
