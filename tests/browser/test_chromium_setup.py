"""scripts/chromium.sh in a project of its own, with package tools that only pretend."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from demo.processes import ROOT

# Package tools without network: they put an empty package into the cache, and unpack a program that says a word.
APT_GET = """#!/bin/sh
for word in "$@"; do case $word in Dir::Cache=*) cache=${word#Dir::Cache=} ;; esac; done
for last in "$@"; do :; done
[ "$last" = update ] || : >"$cache/archives/chromium_1_all.deb"
"""
DPKG_DEB = """#!/bin/sh
mkdir -p "$3/usr/lib/chromium" "$3/usr/lib/arch"
: >"$3/usr/lib/arch/libthing.so.1"
printf '#!/bin/sh\\necho "unpacked with $LD_LIBRARY_PATH"\\n' >"$3/usr/lib/chromium/chromium"
chmod +x "$3/usr/lib/chromium/chromium"
"""
TOOLS = ("sh", "dirname", "mkdir", "rm", "ln", "mv", "chmod", "find", "sort", "tr", "id")


class Project:
    """A checkout with nothing but the script, and a PATH with nothing but its tools."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path, self.cache = folder, folder / "path", folder / "cache dir"
        self.path.mkdir()
        (folder / "scripts").mkdir()
        shutil.copy(ROOT / "scripts" / "chromium.sh", folder / "scripts")
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None
            (self.path / tool).symlink_to(found)

    def program(self, name: str, text: str) -> None:
        (self.path / name).write_text(text)
        (self.path / name).chmod(0o755)

    def setup(self) -> subprocess.CompletedProcess[str]:
        return self._run(str(self.path / "sh"), str(self.folder / "scripts" / "chromium.sh"))

    def says(self) -> str:
        return self._run(str(self.folder / "build" / "bin" / "chromium"), "--version").stdout

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.folder / 'build' / 'bin'}{os.pathsep}{self.path}"
        environment = {"PATH": path, "XDG_CACHE_HOME": str(self.cache)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_chromium_on_path_is_linked(project: Project) -> None:
    project.program("chromium", "#!/bin/sh\necho installed\n")
    assert project.setup().returncode == 0
    assert project.says() == "installed\n"


def test_without_one_debians_is_unpacked_with_its_libraries_and_found_again(project: Project) -> None:
    project.program("apt-get", APT_GET)
    project.program("dpkg-deb", DPKG_DEB)
    done = project.setup()
    assert done.returncode == 0, done.stderr
    assert project.says().startswith("unpacked with ")
    assert project.says().endswith("/debian/chromium/usr/lib/arch\n")
    (project.path / "apt-get").unlink()
    again = project.setup()
    assert (again.returncode, again.stdout) == (0, "")


def test_a_broken_chromium_on_path_is_passed_by(project: Project) -> None:
    project.program("chromium", "#!/bin/sh\nexit 1\n")
    project.program("google-chrome", "#!/bin/sh\necho another\n")
    assert project.setup().returncode == 0
    assert project.says() == "another\n"


def test_without_any_it_says_so_and_fails(project: Project) -> None:
    done = project.setup()
    assert done.returncode == 1
    assert "no chromium on PATH, nor in Debian's packages" in done.stderr
