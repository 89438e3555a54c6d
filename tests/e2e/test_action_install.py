"""How the Action installs itself: once, whole or not at all, led by nothing that lies around."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.e2e.act_runner import stage_action, stand_in_for_uv
from tests.guards import ROOT


@dataclass
class Installation:
    """One run of the first step.

    Args:
        exit_code: Its exit code.
        log: What it printed.
        python: The environment's Python; empty where there is none.
    """

    exit_code: int
    log: str
    python: str


@dataclass
class Machine:
    """A machine that runs the first step of `action.yml`.

    Args:
        folder: Everything is below it.
        bash: Runs the step.
    """

    folder: Path
    bash: str

    @property
    def release(self) -> Path:
        return self.folder / "release"

    @property
    def environments(self) -> list[str]:
        home = self.folder / "tools" / "persona-reviewer"
        return sorted(path.name for path in home.iterdir()) if home.exists() else []

    def install(self, *, path: str | None = None, cwd: Path | None = None) -> Installation:
        output = self.folder / f"output-{threading.get_ident()}"
        output.write_text("")
        action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
        script = action["runs"]["steps"][0]["run"]
        interpreters = str(Path(sys.executable).parent)
        usual = os.pathsep.join([str(self.folder / "uv"), interpreters, os.environ["PATH"]])
        done = subprocess.run(
            [self.bash, "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
            cwd=cwd or self.folder,
            env={
                "PATH": path or usual,
                "HOME": str(self.folder),
                "TMPDIR": str(self.folder / "temporary"),
                "GITHUB_ACTION_PATH": str(self.release),
                "GITHUB_OUTPUT": str(output),
                "RUNNER_TEMP": str(self.folder / "temporary"),
                "RUNNER_TOOL_CACHE": str(self.folder / "tools"),
                # No index can be asked, whatever pip tries.
                "PIP_CONFIG_FILE": os.devnull,
                "PIP_NO_INDEX": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        python = output.read_text().strip().removeprefix("python=")
        return Installation(done.returncode, done.stdout + done.stderr, python)


@pytest.fixture
def machine(tmp_path: Path, allowed_program: Callable[[Path | str], None]) -> Machine:
    bash = shutil.which("bash")
    assert bash is not None
    allowed_program(bash)
    (tmp_path / "temporary").mkdir()
    stage_action(tmp_path / "release")
    stand_in_for_uv(tmp_path / "uv")
    return Machine(tmp_path, bash)


def _asks(python: str, allowed_program: Callable[[Path | str], None], code: str) -> str:
    allowed_program(python)
    return subprocess.run(
        [python, "-I", "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_environment_holds_the_release_with_its_personas_and_prompts(
    machine: Machine, allowed_program: Callable[[Path | str], None]
) -> None:
    done = machine.install()
    assert done.exit_code == 0, done.log
    code = (
        "import reviewer, reviewer.bootstrap as b, reviewer.resources as r; "
        "print(reviewer.__file__, len(b.built_in_personas()), len(r.prompt_files()) > 0)"
    )
    place, personas, prompts = _asks(done.python, allowed_program, code).split()
    assert place.startswith(str(Path(done.python).parent.parent))
    assert (int(personas), prompts) == (len(list((ROOT / "personas").glob("*.toml"))), "True")


def test_a_whole_environment_is_used_again_and_another_release_gets_its_own(
    machine: Machine,
) -> None:
    first = machine.install()
    (machine.folder / "uv" / "uv").write_text("#!/bin/sh\nexit 1\n")
    assert machine.install().python == first.python
    (machine.release / "personas" / "new.toml").write_text("schema = 1\n")
    assert machine.install().exit_code != 0
    assert len(machine.environments) == 1


@pytest.mark.holds("S18")
def test_what_could_not_be_installed_leaves_nothing_behind(machine: Machine) -> None:
    (machine.folder / "uv" / "uv").write_text("#!/bin/sh\nexit 1\n")
    done = machine.install()
    assert (done.exit_code != 0, done.python, machine.environments) == (True, "", [])


def test_two_jobs_at_once_end_with_one_whole_environment(machine: Machine) -> None:
    done: list[Installation] = []
    threads = [threading.Thread(target=lambda: done.append(machine.install())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.exit_code for each in done] == [0, 0], done
    assert len({each.python for each in done}) == 1
    assert machine.environments == [Path(done[0].python).parent.parent.name]


@pytest.mark.holds("S18")
def test_nothing_in_the_workspace_has_a_say(machine: Machine) -> None:
    hostile = machine.folder / "workspace"
    (hostile / "reviewer").mkdir(parents=True)
    for name in ("hashlib.py", "venv.py", "pip.py", "sysconfig.py", "reviewer/__init__.py"):
        (hostile / name).write_text("raise SystemExit('the workspace was run')\n")
    (hostile / "uv.toml").write_text("index-url = 'http://127.0.0.1:9/'\n")
    done = machine.install(cwd=hostile)
    assert done.exit_code == 0, done.log


def test_without_a_python_that_is_new_enough_people_are_told(machine: Machine) -> None:
    old = machine.folder / "old"
    old.mkdir()
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        (old / name).write_text("#!/bin/sh\nexit 1\n")
        (old / name).chmod(0o755)
    done = machine.install(path=os.pathsep.join([str(old), "/usr/bin", "/bin"]))
    assert done.exit_code == 2
    assert "::error title=Persona Reviewer::Python 3.11 or newer is needed" in done.log


def test_a_tool_cache_that_cannot_be_used_is_left_alone(machine: Machine) -> None:
    (machine.folder / "tools").write_text("no folder")
    done = machine.install()
    assert done.exit_code == 0
    assert str(machine.folder / "temporary") in done.python
