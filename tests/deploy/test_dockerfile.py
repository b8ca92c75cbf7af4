"""The Dockerfile without a Docker engine at hand: pinned, non-root, and built from files that are there."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from typing import Final

from tests.deploy import shipped

TEXT: Final = (shipped.ROOT / "Dockerfile").read_text(encoding="utf-8")
MADE_BY_MAKE_MODEL: Final = "build/model"


def test_every_base_is_an_earlier_stage_or_pinned_to_a_full_version() -> None:
    earlier: set[str] = set()
    for base, stage in re.findall(r"^FROM (\S+) AS (\S+)$", TEXT, re.MULTILINE):
        assert base in earlier or re.search(r":v?\d+\.\d+\.\d+", base), base
        earlier.add(stage)
    assert len(earlier) == TEXT.count("\nFROM "), "every stage has a name"


def test_the_default_image_needs_no_model() -> None:
    assert shipped.stages()[-1] == "exporter"
    assert MADE_BY_MAKE_MODEL not in TEXT[TEXT.rindex("FROM ") :]


def test_promtool_and_prometheus_are_of_one_version() -> None:
    assert f"FROM {shipped.services()['prometheus']['image']} AS prometheus\n" in TEXT


def test_every_copied_path_exists_and_is_let_into_the_build() -> None:
    let_in = [
        line.removeprefix("!")
        for line in (shipped.ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    ]
    sources = [path for line in re.findall(r"^COPY (?!--)(.+)$", TEXT, re.MULTILINE) for path in line.split()[:-1]]
    assert sources
    for source in sources:
        assert (shipped.ROOT / source).exists() or source == MADE_BY_MAKE_MODEL, source
        assert any(fnmatch(source, pattern) for pattern in let_in), f"{source} is ignored"
    assert set(let_in) == set(sources), "nothing enters the build that is not copied"


def test_every_package_of_the_project_is_copied() -> None:
    packages = tomllib.loads((shipped.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    for package in packages["targets"]["wheel"]["packages"]:
        assert f"COPY {package} {package}\n" in TEXT


def test_dependencies_are_installed_by_hash_and_the_project_without_any() -> None:
    assert "pip wheel --quiet --require-hashes --only-binary :all: --wheel-dir /wheels -r requirements.lock" in TEXT
    assert "pip wheel --quiet --no-deps --no-build-isolation" in TEXT
    assert "--no-index" in TEXT


def test_the_build_backend_and_all_that_it_needs_come_from_the_lock() -> None:
    chosen = re.findall(r"\^\(([a-z|-]+)\)==", TEXT)[0].split("|")
    lock = (shipped.ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    needed_by = {
        block.split("==")[0]: set(re.findall(r"# +(?:via )?([a-z-]+)$", block, re.MULTILINE)) for block in _blocks(lock)
    }
    wanted = {"hatchling"}
    while more := {name for name, users in needed_by.items() if users & wanted} - wanted:
        wanted |= more
    assert set(chosen) == wanted


def _blocks(lock: str) -> list[str]:
    """One requirement with its hashes and the packages that want it."""
    return re.split(r"\n(?=[a-z])", lock.strip())


def test_every_image_of_ours_runs_as_a_numeric_user_without_rights() -> None:
    users = re.findall(r"^USER (.+)$", TEXT, re.MULTILINE)
    assert users == ["65534:65534"]
    after = TEXT[TEXT.index("USER ") :]
    bases = re.findall(r"^FROM (\S+)", after, re.MULTILINE)
    assert set(bases) == {"runtime"}, "every later stage inherits the user"
