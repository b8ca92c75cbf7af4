"""Reload: the model directory, read at the start and again on request."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock

import structlog

from commandline.times import span_text
from exporter.settings import ExporterSettings
from exporter.snapshot import Publishing
from exporter.tick import Limits, Live
from predictor import artifact
from predictor.artifact import ArtifactError, Manifest
from predictor.catalogue import CatalogueError
from predictor.model import Model
from predictor.series import ReadError

log = structlog.get_logger()


class LimitsError(Exception):
    """One line that says which limits contradict each other."""


class ModelSource:
    """A directory with a model, and what this cluster sets in its catalogue."""

    def __init__(self, directory: Path, variables: Mapping[str, str], limits: Limits) -> None:
        self._directory = directory
        self._variables = variables
        self.limits = limits
        self._one_at_a_time = Lock()

    @staticmethod
    def of(settings: ExporterSettings) -> ModelSource:
        """The directory, variables and limits that the settings name."""
        publishing = Publishing(settings.publish_floor, settings.publish_max_series)
        limits = Limits(settings.read_delay, settings.staleness, publishing)
        return ModelSource(settings.model_dir, settings.catalogue_variable, limits)

    def load(self) -> tuple[Model, Manifest]:
        """The model as it is on disk now. Raises ArtifactError, CatalogueError or LimitsError."""
        model, manifest = artifact.load(self._directory, self._variables)
        stale_seconds = self.limits.staleness_steps * model.step_seconds
        # The newest predictions speak of a moment up to one step before the delay.
        if self.limits.read_delay_seconds + model.step_seconds > stale_seconds:
            raise LimitsError(
                f"with --read-delay {span_text(self.limits.read_delay_seconds)} every prediction would be older than "
                f"--staleness {self.limits.staleness_steps} steps of {span_text(model.step_seconds)}; "
                "read earlier or allow more steps"
            )
        return model, manifest

    def replace(self, live: Live) -> str:
        """Put the model on disk in the place of the one in use.

        Returns an empty text, or the line that says why the one in use stays.
        """
        with self._one_at_a_time:
            try:
                model, manifest = self.load()
                live.adopt(model, manifest)
            except (ArtifactError, CatalogueError, LimitsError, ReadError) as error:
                line = " ".join(str(error).split())
            except Exception as error:  # whatever is wrong with the new model, the one in use is not
                line = f"internal: {' '.join(str(error).split())}"
                log.exception("reload broke")
            else:
                log.info("reloaded", model=manifest.fingerprint)
                return ""
            live.telemetry.reload_failed()
            log.warning("reload failed", error=line)
            return line
