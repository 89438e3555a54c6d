"""Whether git is installed, where, and in which version."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reviewer.adapters.git.process import Git
from reviewer.domain.installed_program import InstalledProgram
from reviewer.domain.sanitiser import one_line
from reviewer.errors import ReviewerError


async def installed_git(folder: Path, environment: Mapping[str, str]) -> InstalledProgram:
    """Ask git for its version.

    Args:
        folder: Where it is started.
        environment: The environment of this program.
    """
    git = Git(folder, environment)
    try:
        said = await git.output("version")
    except ReviewerError as error:
        return InstalledProgram(name="git", path=git.program, fault=str(error))
    version = one_line(said.decode("utf-8", "replace"))
    return InstalledProgram(name="git", path=git.program, version=version)
