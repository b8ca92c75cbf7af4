"""The ablation: its groups are what they are called, and a learner without the only signal recalls less."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import ablation
from benchmarks.ablation import GROUPS, NONE, Rival, blanked, parts, without
from predictor import artifact, catalogue, features
from predictor.entities import KINDS
from tests.trainer.pasts import CATALOGUE, HORIZONS, START, STEP, Past, panel, ramps
from trainer import history
from trainer.candidates import SEATS
from trainer.dataset import gather
from trainer.evaluate import watched
from trainer.hard import with_hard
from trainer.history import Stretch
from trainer.settings import TrainSettings
from trainer.train import train
from trainer.windows import Panels

STEPS = 1_000
WHEN = Stretch(START, START + (STEPS - 1) * STEP, STEP)


def past(seed: int) -> Past:
    """Three pods whose signal rises before each issue."""
    strain, active = ramps(STEPS, 3, every=100, seed=seed)
    return Past({"pod": panel("pod", strain, {"pod_failure": active})})


def test_every_feature_belongs_to_a_group_of_features_and_every_group_to_something() -> None:
    signals = {kind: catalogue.default().signals_of(kind) for kind in KINDS}
    of_features = [GROUPS[name] for name in list(GROUPS)[:6]]
    for some in signals.values():
        assert np.sum([blanked(some, one) for one in of_features], axis=0).tolist() == [1] * len(features.names(some))
        assert not blanked(some, NONE).any()
    for name, belongs in GROUPS.items():
        assert any(blanked(some, belongs).any() for some in signals.values()), name


def test_a_learner_without_anything_to_see_recalls_less(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablation, "STEP_SECONDS", STEP)
    given = {"prometheus_url": "http://127.0.0.1:9", "model_dir": tmp_path, "step": STEP, "horizons": HORIZONS}
    settings = TrainSettings.model_validate({**given, "estimator": "hist_gradient_boosting"})
    train(past(0), CATALOGUE, WHEN, settings, START)
    model, _ = artifact.load(tmp_path, {})
    read = list(history.chunks(past(0), CATALOGUE, WHEN, 15))
    drawn = gather(read, CATALOGUE, WHEN, HORIZONS, settings.max_rows)
    rows = with_hard(read, CATALOGUE, WHEN, drawn, settings.seed, settings.max_rows)["pod"]
    shared: dict[str, object] = {}
    everything = tuple(dict.fromkeys(name.split(":")[1] for name in features.names(CATALOGUE.signals_of("pod"))))
    rivals = [
        Rival(name, {"pod": without(rows, model, belongs, SEATS)}, model, shared)
        for name, belongs in {"nothing": NONE, "everything": parts(*everything)}.items()
    ]
    unseen = watched(model, Panels(history.chunks(past(1), CATALOGUE, WHEN)), rivals)
    whole = unseen["pod"].beside("nothing", model.kinds["pod"].outcomes[0])
    said = unseen["pod"].track(model.kinds["pod"].outcomes[0])
    quiet = said.present & ~said.active
    np.testing.assert_allclose(whole[quiet], said.probability[quiet], atol=1e-6)  # the same rows, the same model
    ablation.print_table(unseen, rivals)
    table = [line.split("|") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")][1:]
    shares = {row[1].strip(): float(row[-2].rsplit("(", 1)[1].rstrip(") ")) for row in table}
    assert shares["nothing"] > 0.8
    assert shares["everything"] < 0.2
