"""Settings of kip-trainer: what is refused, and that the other commands know its variables."""

from __future__ import annotations

from typing import Any

import pytest

from commandline.settings import SettingsError, load, variables_of
from commandline.siblings import VARIABLES
from trainer.settings import EvaluateSettings, ReplaySettings, ThresholdsSettings, TrainSettings

GOOD = {"prometheus_url": "http://127.0.0.1:9090", "model_dir": "m"}


def test_the_other_commands_know_every_variable() -> None:
    assert variables_of(TrainSettings, EvaluateSettings, ReplaySettings, ThresholdsSettings) <= VARIABLES


def test_horizons_are_read_from_one_flag() -> None:
    assert load(TrainSettings, {**GOOD, "horizons": "15m, 1h"}, {}).horizons == (900.0, 3600.0)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"horizons": "15m,100s"}, "must be multiples of --step"),
    ({"step": "0.5s"}, "--step: Input should be"),
    ({"prometheus_url": "localhost:9090"}, "'localhost:9090' is not a Prometheus URL"),
    ({"start": "yesterday"}, "'yesterday' is not a time"),
    ({"false_alarms_per_entity_day": "-1"}, "Input should be greater than 0"),
    ({"false_alarms_per_entity_day": "inf"}, "Input should be a finite number"),
    ({"false_alarms_price": "inf"}, "Input should be a finite number"),
    ({"false_alarms_price": "nan"}, "Input should be"),
    ({"issues_factor": "0"}, "--issues.factor: Input should be greater than 0"),
    ({"issues_factor": "nan"}, "--issues.factor: Input should be"),
]


@pytest.mark.parametrize(("given", "message"), BAD)
def test_a_wrong_setting_is_refused_with_one_line(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(TrainSettings, {**GOOD, **given}, {})
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_replay_writes_only_formats_it_knows() -> None:
    with pytest.raises(SettingsError, match=r"rows\.csv must end in \.parquet"):
        load(ReplaySettings, {**GOOD, "output_file": "rows.csv"}, {})
