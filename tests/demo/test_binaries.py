"""scripts/binaries.sh in a project of its own, with programs that only say their version instead of real servers."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from demo.processes import ROOT

# Debian's package tools, without network: a "package" is an empty file, and unpacking it writes its programs. Those of
# the package prometheus say the version in the file debian-version.
APT_GET = '#!/bin/sh\nfor package in "$@"; do :; done\n: >"${package}_1_all.deb"\n'
DPKG_DEB = """#!/bin/sh
mkdir -p "$3/usr/bin"
for name in prometheus promtool prometheus-alertmanager amtool prometheus-node-exporter; do
    printf '#!/bin/sh\\necho "%s, version %s (of Debian)"\\n' "$name" "$(cat "$0-version")" >"$3/usr/bin/$name"
    chmod +x "$3/usr/bin/$name"
done
"""


class Project:
    """A checkout with nothing but the script, a PATH with nothing but its tools, and a cache."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path, self.cache = folder, folder / "path", folder / "cache dir"
        self.path.mkdir()
        (folder / "scripts").mkdir()
        shutil.copy(ROOT / "scripts" / "binaries.sh", folder / "scripts")
        for tool in ("sh", "dirname", "mkdir", "sed", "cat", "chmod", "mv", "rm", "ln", "readlink"):
            found = shutil.which(tool)
            assert found is not None
            (self.path / tool).symlink_to(found)
        self.program("apt-get", APT_GET)
        self.program("dpkg-deb", DPKG_DEB)
        (self.path / "dpkg-deb-version").write_text("2.42.0+ds")

    def program(self, name: str, text: str) -> None:
        (self.path / name).write_text(text)
        (self.path / name).chmod(0o755)

    def setup(self) -> subprocess.CompletedProcess[str]:
        build = self.folder / "build" / "bin"
        environment = {"PATH": f"{build}{os.pathsep}{self.path}", "XDG_CACHE_HOME": str(self.cache)}
        command = [str(self.path / "sh"), str(self.folder / "scripts" / "binaries.sh")]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)

    def says(self, name: str) -> str:
        """What the program in build/bin says of its version."""
        command = [str(self.folder / "build" / "bin" / name), "--version"]
        environment = {"PATH": str(self.path)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def version(name: str, number: str) -> str:
    return f"#!/bin/sh\necho '{name}, version {number} (branch: HEAD, revision: 1)'\necho '  go version: go1.20'\n"


@pytest.mark.parametrize("number", ["2.42.0", "2.53.1", "3.0.0-rc.1", "10.1"])
def test_a_prometheus_on_path_that_is_new_enough_is_taken(project: Project, number: str) -> None:
    project.program("prometheus", version("prometheus", number))
    assert project.setup().returncode == 0
    assert f"version {number} (branch" in project.says("prometheus")
    assert "of Debian" in project.says("promtool")


@pytest.mark.parametrize("number", ["2.41.0", "2.5.0", "1.99.0", "unknown"])
def test_a_prometheus_on_path_that_is_too_old_gives_way_to_debians(project: Project, number: str) -> None:
    for name in ("prometheus", "promtool"):
        project.program(name, version(name, number))
    run = project.setup()
    assert (run.returncode, run.stderr.count("no Compose schema")) == (0, 1)
    assert f"{project.path}/prometheus is older than 2.42; taking Debian's prometheus instead" in run.stdout
    assert "of Debian" in project.says("prometheus")
    assert "of Debian" in project.says("promtool")


def test_a_link_that_was_made_to_one_too_old_is_made_anew(project: Project) -> None:
    project.program("old", version("prometheus", "2.30.0"))
    build = project.folder / "build" / "bin"
    build.mkdir(parents=True)
    (build / "prometheus").symlink_to(project.path / "old")
    assert project.setup().returncode == 0
    assert "of Debian" in project.says("prometheus")


def test_when_debians_is_too_old_as_well_it_says_what_to_do(project: Project) -> None:
    (project.path / "dpkg-deb-version").write_text("2.24.1")
    run = project.setup()
    assert run.returncode == 1
    assert "no prometheus on PATH that is new enough, nor in Debian's package prometheus" in run.stderr
    assert "docker compose up" in run.stderr


def test_after_the_cache_was_deleted_everything_is_unpacked_again(project: Project) -> None:
    assert project.setup().returncode == 0
    shutil.rmtree(project.cache)
    assert project.setup().returncode == 0
    for name in ("prometheus", "promtool", "prometheus-alertmanager", "amtool", "prometheus-node-exporter"):
        assert "of Debian" in project.says(name)


def test_a_second_run_unpacks_nothing(project: Project) -> None:
    project.setup()
    assert "unpacking Debian's prometheus" not in project.setup().stdout
