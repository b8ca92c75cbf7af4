"""Remediation: what to do about an issue of an entity, in order, as commands that can be pasted.

It is data (remediation.yaml beside this module): the signals that raise a probability most choose the steps.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from predictor import catalogue
from predictor.catalogue import Catalogue
from predictor.entities import LABELS, Entity, Issue, Kind

PLACEHOLDERS: Final[Mapping[Kind, frozenset[str]]] = {
    "node": frozenset({"node"}),
    "pod": frozenset({"namespace", "pod", "workload", "controller"}),
    "service": frozenset({"namespace", "service"}),
}
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_SYNTAX: Final = re.compile(r"[;|&<>`$\\\n]")
"""What a shell would act upon, and no command of ours needs."""

_HOSTILE: Final = "a b'\"$(c);d"
"""A value that shows whether a template leaves it one word."""

_RANDOM: Final = "[bcdfghjklmnpqrstvwxz2456789]"  # the alphabet of Kubernetes' random names, as in pod_workload
_CONTROLLERS: Final = (
    (re.compile(rf"-{_RANDOM}{{6,10}}-{_RANDOM}{{5}}"), "deployment"),
    (re.compile(rf"-{_RANDOM}{{5}}"), "daemonset"),
    (re.compile(r"-[0-9]+"), "statefulset"),
)
_JOB: Final = re.compile(rf"(.+-[0-9]{{8,}})(?:-[0-9]+)?-{_RANDOM}{{5}}")
"""A CronJob's jobs are named by the minute they were planned for; an index may follow.

This shape is asked first: of those minutes one in eight is made of digits that a ReplicaSet's hash may have, too, while
a hash hardly ever has nothing but digits.
"""

_UNKEPT: Final = frozenset({"pod", "job"})
"""Nothing that a rollout, more replicas or other limits could be asked of."""

_DELETED: Final = "delete pod {pod}"
"""Said of a pod that comes back; of one that stands alone, nothing would be left."""


class RemediationError(ValueError):
    """One line that says what in which entry is wrong."""


@dataclass(frozen=True)
class Step:
    """One thing to do. alert: the one that speaks of the issue, whose runbook has the rest."""

    do: str
    command: str
    alert: str


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Template(_Data):
    do: str = Field(pattern=r"^[A-Z][^\n]*\.$", max_length=120)
    command: str = Field(pattern=r"^kubectl ")

    @field_validator("command")
    @classmethod
    def _one_command(cls, command: str) -> str:
        """Every value that comes in stays one word, or part of one, whatever it is."""
        if found := _SYNTAX.search(command):
            raise ValueError(f"{command!r} has {found[0]!r}, which a shell would act upon")
        words = [_PLACEHOLDER.sub(lambda _: _HOSTILE, word) for word in shlex.split(command)]
        if shlex.split(_PLACEHOLDER.sub(lambda _: shlex.quote(_HOSTILE), command)) != words:
            raise ValueError(f"{command!r} quotes a placeholder; its value comes quoted")
        return command


class _Entry(_Data):
    issue: Issue
    kind: Kind
    leading: tuple[str, ...] = ()
    steps: tuple[_Template, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _known(self) -> Self:
        signals = {signal.name for signal in _catalogue().signals_of(self.kind)}
        if unknown := [name for name in self.leading if name not in signals]:
            raise ValueError(f"{unknown[0]!r} is no signal of a {self.kind}")
        for step in self.steps:
            if wrong := sorted(set(_PLACEHOLDER.findall(step.command)) - PLACEHOLDERS[self.kind]):
                raise ValueError(f"{{{wrong[0]}}} is unknown of a {self.kind}; known are {_listed(self.kind)}")
        return self


_ENTRIES: Final = TypeAdapter(tuple[_Entry, ...])


def steps(
    kind: Kind,
    entity: Entity,
    issue: str,
    leading: Sequence[str],
    active: bool = False,
    nodes: Collection[str] = (),
) -> tuple[Step, ...]:
    """What to do first, second and so on; empty for an issue that the default catalogue has no rule of for that kind.

    leading: names of signals, what raises the probability most first; the first that an entry names chooses it.
    active: whether the issue is present already, which has a runbook of its own.
    nodes: names of the cluster's nodes, by which a static pod is told from a StatefulSet's.
    """
    mine = [one for one in entries() if (one.issue, one.kind) == (issue, kind)]
    chosen = [one for name in leading for one in mine if name in one.leading] + mine[-1:]
    values, resource = _values(kind, entity, nodes)
    spoken = alert(issue, active)
    return tuple(
        Step(step.do, _filled(step.command, values), spoken)
        for one in chosen[:1]
        for step in one.steps
        if not (resource in _UNKEPT and "{controller}" in step.command)
        and not (resource == "pod" and _DELETED in step.command)
    )


def alert(issue: str, active: bool) -> str:
    """The alert that speaks of the issue, of which docs/runbooks has a page: "KipPodFailurePredicted"."""
    name = "".join(word.capitalize() for word in issue.split("_"))
    return f"Kip{name}{'Active' if active else 'Predicted'}"


def runbook(issue: str, active: bool) -> str:
    """The page of that alert, as a path in the repository."""
    return f"docs/runbooks/{alert(issue, active)}.md"


@cache
def entries() -> tuple[_Entry, ...]:
    """The entries that ship with the exporter. Raises RemediationError."""
    return parsed(yaml.safe_load(files("exporter").joinpath("remediation.yaml").read_text(encoding="utf-8")))


def parsed(document: Any) -> tuple[_Entry, ...]:
    """The entries of a document. Raises RemediationError with one line about the first thing wrong in it."""
    try:
        found = _ENTRIES.validate_python(document, strict=False)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        message = str(first["msg"]).removeprefix("Value error, ")
        raise RemediationError(f"remediation.yaml: {place}: {message}") from error
    general = [(one.issue, one.kind) for one in found if not one.leading]
    for i, entry in enumerate(found):
        key = (entry.issue, entry.kind)
        others = [(one.issue, one.kind) for one in found[i + 1 :]]
        if general.count(key) != 1 or (key in others) == (not entry.leading):
            raise RemediationError(
                f"remediation.yaml: {entry.issue} of a {entry.kind} needs one entry without leading, its last"
            )
    return found


def controller(pod: str, nodes: Collection[str] = ()) -> tuple[str, str]:
    """The resource and the name of what keeps the pod, as its name tells: ("deployment", "cart").

    ("pod", its name) for a pod that looks as if it stood alone, or is static: those end in their node's name, which may
    look like a StatefulSet's number where the nodes are not known. Source: the catalogue's variable pod_workload.
    """
    if any(pod.endswith(f"-{node}") for node in nodes if node):
        return "pod", pod
    if job := _JOB.fullmatch(pod):
        return "job", job[1]
    found = re.fullmatch(_catalogue().variables["pod_workload"], pod)
    name = next((group for group in found.groups() if group), pod) if found else pod
    rest = pod[len(name) :]
    return next((resource for shape, resource in _CONTROLLERS if shape.fullmatch(rest)), "pod"), name


@cache
def _catalogue() -> Catalogue:
    """The default catalogue, which takes a noticeable moment to read."""
    return catalogue.default()


def _values(kind: Kind, entity: Entity, nodes: Collection[str]) -> tuple[dict[str, str], str]:
    """What stands for each placeholder, and the resource that keeps a pod; empty for what is none."""
    values = dict(zip(LABELS[kind], entity, strict=True))
    if kind != "pod":
        return values, ""
    resource, name = controller(values["pod"], nodes)
    return values | {"workload": name, "controller": f"{resource}/{name}"}, resource


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The command with its values quoted; one that kubectl would take for a flag, or none can read, stays a capital."""

    def word(match: re.Match[str]) -> str:
        value = values[match[1]]
        harmless = value and value.isprintable() and not value.startswith("-")
        return shlex.quote(value) if harmless else match[1].upper()

    return _PLACEHOLDER.sub(word, template)


def _listed(kind: Kind) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(PLACEHOLDERS[kind]))
