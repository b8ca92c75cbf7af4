"""Catalogue: which PromQL gives the signals, and which says that an issue is present.

It is data (catalogue.yaml beside this module), because clusters differ in job names and HTTP metrics. A user's file
is laid over it: variables and rules of the same name are replaced, new ones added, `select` and `drop` choose signals.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self

import promql_parser
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from predictor.alerts import AlertOutcome, OutcomesFrom, expressions
from predictor.entities import Issue, Kind

# A digit first is a group of label_replace.
_VARIABLE = re.compile(r"\$\{([a-zA-Z_][a-zA-Z0-9_]*)\}")


class CatalogueError(ValueError):
    """One line that says what in which catalogue is wrong."""


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as its fields alone: pydantic adds a set, whose order no two processes share."""
        return type(self).model_validate, (self.model_dump(),)


class Signal(_Data):
    """One named PromQL expression that gives one series per entity."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    kind: Kind
    source: Literal["node_exporter", "cadvisor", "kubelet", "kube_state_metrics", "http"]
    unit: str
    description: str
    promql: str
    phrase: str = ""  # how a person says it, with {} where the value stands; the name in plain words when there is none
    limit: float | None = None  # the value, in the signal's unit, at which the resource is used up
    worse: Literal["up", "down", "either"] = "up"  # the way it moves before trouble; training holds models to it
    relative: bool = False  # healthy levels differ from entity to entity: features are shares of the own recent mean
    beside: Literal["siblings", "past"] | None = None  # what it compares with: who is alone or new has no such thing
    context: bool = False  # says how others are to be read, though it may tell of nothing: boosting always looks at it
    limit_template: str | None = None  # the ${variable} that the limit is; one writes it as the limit itself

    @field_validator("phrase")
    @classmethod
    def _one_value(cls, phrase: str) -> str:
        if phrase and (phrase.count("{}") != 1 or re.search(r"[{}]", phrase.replace("{}", ""))):
            raise ValueError(f"the phrase {phrase!r} needs one {{}} where the value stands, and no other brace")
        return phrase

    @property
    def saying(self) -> str:
        """The phrase, or the name in plain words, with {} where the value stands."""
        return self.phrase or f"{self.name.removeprefix(f'{self.kind}_').replace('_', ' ')} {{}}"

    @model_validator(mode="before")
    @classmethod
    def _limit_or_template(cls, document: Any) -> Any:
        if isinstance(document, Mapping) and isinstance(document.get("limit"), str):
            return {**document, "limit": None, "limit_template": document["limit"]}
        return document


class Rule(_Data):
    """When an issue is present: every series that the expression returns is an entity that has it, as in an alert."""

    issue: Issue
    kind: Kind
    description: str
    promql: str


class Catalogue(_Data):
    """Signals and rules, with the variables that both may use as ${name}."""

    variables: dict[str, str]
    signals: tuple[Signal, ...]
    rules: tuple[Rule, ...]

    @field_validator("signals")
    @classmethod
    def _limited(cls, signals: tuple[Signal, ...], info: ValidationInfo) -> tuple[Signal, ...]:
        return tuple(_limited(signal, info.data.get("variables", {})) for signal in signals)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [(s.kind, s.name) for s in self.signals]
        doubles = {n for n in names if names.count(n) > 1}
        if doubles:
            raise ValueError(f"signal {sorted(doubles)[0][1]!r} is defined twice")
        rules = [(r.issue, r.kind) for r in self.rules]
        if len(set(rules)) < len(rules):
            raise ValueError("an issue has two rules for the same kind; join them with `or`")
        if not self.signals:
            raise ValueError("no signal is left")
        for what, template in self._templates():
            _checked_promql(what, self.promql(template))
        return self

    def promql(self, template: str) -> str:
        """The template with every ${variable} replaced. Raises ValueError for a variable that is not defined."""

        return _filled(template, self.variables)

    def signals_of(self, kind: Kind) -> tuple[Signal, ...]:
        """The signals of one kind, in catalogue order."""
        return tuple(s for s in self.signals if s.kind == kind)

    def rules_of(self, kind: Kind) -> tuple[Rule, ...]:
        """The rules of one kind, in catalogue order."""
        return tuple(r for r in self.rules if r.kind == kind)

    @cached_property
    def fingerprint(self) -> str:
        """Digest of everything a model's features depend on: names, templates and limits, but not the variables.

        Variables are what differs between two clusters with the same meaning (job names, rate windows).
        """
        signals = [
            s.model_dump(include={"name", "kind", "promql", "relative"}) | {"limit": s.limit_template or s.limit}
            for s in self.signals
        ]
        rules = [r.model_dump(include={"issue", "kind", "promql"}) for r in self.rules]
        text = json.dumps({"signals": signals, "rules": rules}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def with_variables(self, variables: Mapping[str, str]) -> Catalogue:
        """The same catalogue on another cluster. Raises CatalogueError for a variable it does not know."""
        unknown = sorted(set(variables) - set(self.variables))
        if unknown:
            raise CatalogueError(f"unknown catalogue variable {unknown[0]!r}; there are {sorted(self.variables)}")
        return _validated("catalogue variables", self.model_dump() | {"variables": {**self.variables, **variables}})

    def _templates(self) -> list[tuple[str, str]]:
        signals = [(f"signal {s.name}", s.promql) for s in self.signals]
        return signals + [(f"rule {r.issue}/{r.kind}", r.promql) for r in self.rules]


class _Overlay(_Data):
    variables: dict[str, str] = {}
    alerts: tuple[AlertOutcome, ...] = ()
    outcomes_from: OutcomesFrom = "both"
    signals: tuple[Signal, ...] = ()
    rules: tuple[Rule, ...] = ()
    select: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()


def default() -> Catalogue:
    """The catalogue that ships with the predictor."""
    text = files("predictor").joinpath("catalogue.yaml").read_text(encoding="utf-8")
    return _validated("catalogue.yaml", yaml.safe_load(text))


def load(path: Path | None, variables: Mapping[str, str]) -> Catalogue:
    """The default catalogue with a user's file and variables laid over it.

    Raises CatalogueError with one line that names the file and the first thing wrong in it.
    """
    base = default()
    if path is not None:
        base = _laid_over(base, _overlay(path), path)
    return base.with_variables(variables) if variables else base


def from_document(document: Any) -> Catalogue:
    """The catalogue a manifest holds. Raises CatalogueError."""
    return _validated("the catalogue in the manifest", document)


def _overlay(path: Path) -> _Overlay:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"cannot read catalogue {path}: {error}") from error
    except yaml.YAMLError as error:
        raise CatalogueError(f"catalogue {path} is not YAML: {' '.join(str(error).split())}") from error
    try:
        return _Overlay.model_validate(document or {})
    except ValidationError as error:
        raise CatalogueError(f"catalogue {path}: {_first(error)}") from error


def _laid_over(base: Catalogue, overlay: _Overlay, path: Path) -> Catalogue:
    signals = {(s.kind, s.name): s for s in base.signals} | {(s.kind, s.name): s for s in overlay.signals}
    names = {name for _, name in signals}
    for name in (*overlay.select, *overlay.drop):
        if name not in names:
            raise CatalogueError(f"catalogue {path}: unknown signal {name!r}; there are {sorted(names)}")
    chosen = [s for s in signals.values() if s.name not in overlay.drop]
    if overlay.select:
        chosen = [s for s in chosen if s.name in overlay.select]
    rules = {(r.issue, r.kind): r for r in base.rules} | {(r.issue, r.kind): r for r in overlay.rules}
    document = {
        "variables": {**base.variables, **overlay.variables},
        "signals": [s.model_dump() for s in chosen],
        "rules": _with_alerts([r.model_dump() for r in rules.values()], overlay),
    }
    return _validated(f"catalogue {path}", document)


def _with_alerts(rules: list[dict[str, Any]], overlay: _Overlay) -> list[dict[str, Any]]:
    """The rules with the user's alerts beside them, or instead of them."""
    from_alerts = {
        key: {"issue": key[0], "kind": key[1], "description": "an alert of the catalogue fires", "promql": promql}
        for key, promql in expressions(overlay.alerts).items()
    }
    if overlay.outcomes_from == "alerts":
        return list(from_alerts.values())
    if overlay.outcomes_from == "rules":
        return rules
    for rule in rules:
        alerts = from_alerts.pop((rule["issue"], rule["kind"]), None)
        if alerts:
            rule["description"] += ", or an alert of the catalogue fires"
            rule["promql"] = f"{rule['promql'].strip()}\nor {alerts['promql']}"
    return [*rules, *from_alerts.values()]


def _validated(what: str, document: Any) -> Catalogue:
    try:
        return Catalogue.model_validate(document)
    except ValidationError as error:
        raise CatalogueError(f"{what}: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    message = str(first["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def _filled(template: str, variables: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in variables:
            raise ValueError(f"${{{name}}} is not a variable of the catalogue; there are {sorted(variables)}")
        return variables[name]

    return _VARIABLE.sub(value, template).strip()


def _limited(signal: Signal, variables: Mapping[str, str]) -> Signal:
    """The signal with the limit that its template gives with these variables. Raises ValueError if that is none."""
    if signal.limit_template is None:
        return signal
    text = _filled(signal.limit_template, variables)
    try:
        limit = float(text)
    except ValueError:
        limit = math.nan
    if not math.isfinite(limit):
        raise ValueError(f"the limit of signal {signal.name} is {text!r}, which is not a number")
    return signal.model_copy(update={"limit": limit})


def _checked_promql(what: str, promql: str) -> None:
    try:
        promql_parser.parse(promql)
    except ValueError as error:
        raise ValueError(f"{what} has invalid PromQL: {' '.join(str(error).split())}") from error
