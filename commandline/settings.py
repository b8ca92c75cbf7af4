"""One frozen settings object per command: flags over environment over file over defaults.

The flag `--web.listen-address`, the variable `KIP_WEB_LISTEN_ADDRESS`, the file's key `web.listen-address` (or
`web: {listen-address: …}`) and the field `web_listen_address` are one setting. A name that no setting has is an error,
in any source: a misspelt flag fails by itself, a misspelt variable would go unnoticed for weeks.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from commandline.ending import Terminated, end_now
from commandline.times import span_text

PREFIX = "KIP_"
# Kubernetes gives every pod variables for the Services of its namespace; for a Service kip-exporter they begin with our
# prefix: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_SERVICE_LINK = re.compile(
    r"KIP_[A-Z0-9_]*?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)?)"
)


class SettingsError(ValueError):
    """One line that says which setting is wrong, where it came from and what to do."""


class Settings(BaseModel):
    """Base of every command's settings; fields are made with `flag`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    config_file: Path | None = Field(
        default=None,
        json_schema_extra={"flag": "config.file"},
        description="YAML file with any of these settings, keyed by flag name",
    )


S = TypeVar("S", bound=Settings)

Commands = Mapping[str, tuple[type[Settings], Callable[[Any], int]]]
"""Sub-commands by name: their settings, and the function that runs them and gives the exit code."""


def flag(name: str, default: Any, help_text: str, **checks: Any) -> Any:
    """A settings field whose flag is `--name`; `...` as default makes it required."""
    return Field(default=default, description=help_text, json_schema_extra={"flag": name}, **checks)


def flag_name(field: FieldInfo) -> str:
    """The flag of a field, without the dashes."""
    extra = field.json_schema_extra
    assert isinstance(extra, dict), "every settings field is made with flag()"
    return str(extra["flag"])


def variable(flag_text: str) -> str:
    """The environment variable of a flag."""
    return PREFIX + flag_text.replace(".", "_").replace("-", "_").upper()


def add_flags(parser: argparse.ArgumentParser, settings: type[Settings]) -> None:
    """Give the parser one flag per field; values stay text until `load` validates them."""
    for name, field in settings.model_fields.items():
        text = flag_name(field)
        default = (
            "" if field.is_required() or field.default in (None, (), {}) else f" (default {_shown(field.default)})"
        )
        help_text = f"{field.description}{default}".replace("%", "%%")
        common: dict[str, Any] = {"dest": name, "default": None, "help": help_text}
        if field.annotation is bool:
            parser.add_argument(f"--{text}", action=argparse.BooleanOptionalAction, **common)
        elif _is_mapping(field):
            parser.add_argument(f"--{text}", action="append", metavar="NAME=VALUE", **common)
        else:
            parser.add_argument(f"--{text}", metavar=text.rsplit(".", 1)[-1].upper(), **common)


def load(
    settings: type[S], given: Mapping[str, Any], environ: Mapping[str, str], siblings: frozenset[str] = frozenset()
) -> S:
    """The validated settings of one command.

    given: flags by field name, None where a flag was not given. siblings: variables of our other commands, which may
    be set in a shared environment. Raises SettingsError with one line.
    """
    fields = {flag_name(field): name for name, field in settings.model_fields.items()}
    by_variable = {variable(text): text for text in fields}
    ours = (k for k in environ if k.startswith(PREFIX) and not _SERVICE_LINK.fullmatch(k))
    unknown = sorted(k for k in ours if k not in by_variable and k not in siblings)
    if unknown:
        raise SettingsError(f"unknown environment variable {unknown[0]}; {_nearest(unknown[0], by_variable)}")
    from_env = {by_variable[k]: v for k, v in environ.items() if k in by_variable}
    from_flags = {flag_name(settings.model_fields[k]): v for k, v in given.items() if v is not None}
    path = from_flags.get("config.file", from_env.get("config.file"))
    from_file = _file(Path(path), fields) if path is not None else {}
    merged: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for source, values in (("file", from_file), ("environment", from_env), ("flag", from_flags)):
        for text, value in values.items():
            merged[fields[text]] = _pairs(text, value) if _is_mapping(settings.model_fields[fields[text]]) else value
            origin[fields[text]] = {"file": f"{text} in {path}", "environment": variable(text), "flag": f"--{text}"}[
                source
            ]
    try:
        return settings(**merged)
    except ValidationError as error:
        raise SettingsError(_one_line(error, settings, origin)) from error


def run_command(
    parser: argparse.ArgumentParser,
    arguments: Sequence[str] | None,
    commands: Commands,
    siblings: frozenset[str],
    expected: tuple[type[Exception], ...],
) -> NoReturn:
    """Parse, load the settings of the chosen command, run it, and end the process with its exit code.

    Errors in `expected` end it with one line and code 1; bad flags and settings with one line and code 2.
    """
    prog = parser.prog
    try:
        known = parser.parse_args(joined(sys.argv[1:] if arguments is None else arguments))
        prog = f"{parser.prog} {known.command}"
        settings_type, command = commands[known.command]
        given = {k: v for k, v in vars(known).items() if k != "command"}
        sys.exit(command(load(settings_type, given, os.environ, siblings)))
    except SettingsError as error:
        _exit(f"{prog}: {_flat(error)}", 2)
    except expected as error:
        _exit(f"{prog}: {_flat(error)}", 1)
    except KeyboardInterrupt as stopped:
        end_now(128 + (signal.SIGTERM if isinstance(stopped, Terminated) else signal.SIGINT))


def subcommands(parser: argparse.ArgumentParser, commands: Commands) -> None:
    """Add one sub-parser per command; its help is the first line of the command's docstring."""
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (settings_type, command) in commands.items():
        summary = (command.__doc__ or "").strip().splitlines()[0]
        one = choices.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        add_flags(one, settings_type)


def joined(arguments: Sequence[str]) -> list[str]:
    """The arguments with `--start -14d` as `--start=-14d`: argparse would take -14d for a flag."""
    joined: list[str] = []
    for argument in arguments:
        if joined and re.match(r"-\d", argument) and joined[-1].startswith("--") and "=" not in joined[-1]:
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def variables_of(*settings: type[Settings]) -> frozenset[str]:
    """The environment variables that the given settings read."""
    return frozenset(variable(flag_name(field)) for one in settings for field in one.model_fields.values())


def _file(path: Path, fields: Mapping[str, str]) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read {path}: {error}") from error
    except yaml.YAMLError as error:
        raise SettingsError(f"{path} is not YAML: {_flat(error)}") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise SettingsError(f"{path} must hold a mapping of settings, not {type(document).__name__}")
    flat = dict(_flattened(document, "", frozenset(fields)))
    unknown = sorted(set(flat) - set(fields))
    if unknown:
        raise SettingsError(f"unknown key {unknown[0]!r} in {path}; {_nearest(unknown[0], fields)}")
    return flat


def _flattened(document: Mapping[Any, Any], prefix: str, known: frozenset[str]) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for key, value in document.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and name not in known:
            pairs.extend(_flattened(value, f"{name}.", known))
        else:
            pairs.append((name, value))
    return pairs


def _pairs(text: str, value: Any) -> dict[str, str]:
    if isinstance(value, dict):
        return {str(k): str(v) for k, v in value.items()}
    items = value if isinstance(value, list) else [part for part in str(value).split(";") if part.strip()]
    for item in items:
        if "=" not in item:
            raise SettingsError(f"--{text} takes NAME=VALUE, got {item!r}")
    return {k.strip(): v.strip() for k, v in (item.split("=", 1) for item in items)}


def _is_mapping(field: FieldInfo) -> bool:
    return getattr(field.annotation, "__origin__", None) is dict


def _nearest(name: str, known: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else "run with --help for the names there are"


def _one_line(error: ValidationError, settings: type[Settings], origin: Mapping[str, str]) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "missing":
        text = flag_name(settings.model_fields[name])
        return f"--{text} is required (or {variable(text)})"
    message = str(first["msg"]).removeprefix("Value error, ")
    if not name:  # of several settings together, which the message names itself
        return message
    where = origin.get(name, name)
    return f"{where}: {message}" + ("" if first["type"] == "value_error" else f", got {str(first['input'])[:80]!r}")


def _shown(value: Any) -> str:
    if isinstance(value, tuple):  # host and port, or spans: as they are written
        return ":".join(map(str, value)) if isinstance(value[0], str) else ",".join(map(span_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _flat(error: Exception) -> str:
    return " ".join(str(error).split())


def _exit(line: str, code: int) -> NoReturn:
    sys.stderr.write(line + "\n")
    sys.exit(code)
