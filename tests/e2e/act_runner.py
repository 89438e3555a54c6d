"""Runs our Action as GitHub's runner would, with neither Docker nor a network: act on this machine.

act (https://github.com/nektos/act) reads the documented workflow and finds our Action by the name
that stands there, in a folder that holds what a release holds. Only the packages are not installed
anew: a stand-in for uv lets the environment use those that the tests run with.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.guards import ROOT

WORKFLOWS = ROOT / "docs" / "workflows"
_USES = re.compile(r"uses: (\S+@[0-9a-f]{40})")
#: What a release's archive holds of what the Action needs.
_PARTS = ("action.yml", "requirements-action.lock", "reviewer", "personas", "prompts")

#: Called as ``uv pip install … --python FOLDER/bin/python``: lets that environment see ours.
_UV = """#!/bin/sh
while [ "$1" != --python ]; do shift; done
folder=$("$2" -I -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo '{packages}' > "$folder/packages.pth"
"""


@dataclass(frozen=True, kw_only=True)
class ActRun:
    """What a run of a workflow left behind.

    Args:
        exit_code: act's; not 0 where a job is red.
        log: Everything that was printed.
    """

    exit_code: int
    log: str


def stage_action(folder: Path) -> Path:
    """Lay out what a release holds.

    Args:
        folder: Where; made here.
    """
    folder.mkdir()
    for name in _PARTS:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    return folder


def stand_in_for_uv(folder: Path) -> Path:
    """Make a program ``uv`` that installs nothing; return its folder, for the PATH."""
    folder.mkdir()
    program = folder / "uv"
    program.write_text(_UV.format(packages=sysconfig.get_path("purelib")))
    program.chmod(0o755)
    return folder


@dataclass(frozen=True, kw_only=True)
class Act:
    """act, in a folder of the test's own.

    Args:
        folder: Holds everything that it writes.
        allow: Lets the guards start a program.
    """

    folder: Path
    allow: Callable[[Path | str], None]

    def run(
        self,
        workflow: str,
        event_name: str,
        event: Mapping[str, object],
        *,
        variables: Mapping[str, str],
        secrets: Mapping[str, str],
        timeout_seconds: float = 120,
    ) -> ActRun:
        """Run one of the documented workflows.

        Args:
            workflow: Its file's name.
            event_name: GitHub's name of the event.
            event: What GitHub would send.
            variables: The environment of the job.
            secrets: The repository's secrets.
            timeout_seconds: When to give up.
        """
        home = self._home(workflow)
        event_file = self.folder / "event.json"
        event_file.write_text(json.dumps(event))
        program = Path(sysconfig.get_path("scripts")) / "act"
        self.allow(program)
        (uses,) = set(_USES.findall((WORKFLOWS / workflow).read_text()))
        stage, tools = self.folder / "release", self.folder / "tools"
        if not stage.exists():
            stage_action(stage)
            stand_in_for_uv(tools)
        options = [
            *("--platform", "ubuntu-latest=-self-hosted"),
            *("--eventpath", str(event_file)),
            *("--local-repository", f"{uses}={stage}"),
            *(part for item in variables.items() for part in ("--env", "=".join(item))),
            *(part for name in secrets for part in ("--secret", name)),
        ]
        done = subprocess.run(
            [str(program), event_name, *options],
            cwd=home,
            env={
                "HOME": str(self.folder),
                "XDG_CACHE_HOME": str(self.folder / "cache"),
                "PATH": os.pathsep.join(
                    [str(tools), str(Path(sys.executable).parent), os.environ["PATH"]]
                ),
                "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
                **secrets,
            },
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
        return ActRun(exit_code=done.returncode, log=done.stdout + done.stderr)

    def _home(self, workflow: str) -> Path:
        home = self.folder / "repository"
        if not home.exists():
            (home / ".github" / "workflows").mkdir(parents=True)
            self._git(home, "init", "--quiet", "--initial-branch=main")
            self._git(home, "commit", "--quiet", "--allow-empty", "--message=x")
        workflows = home / ".github" / "workflows"
        for file in workflows.iterdir():
            file.unlink()
        shutil.copy(WORKFLOWS / workflow, workflows / workflow)
        return home

    @staticmethod
    def _git(folder: Path, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
