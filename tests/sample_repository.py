"""Turns a folder of `tests/samples` into a git repository of two commits: before and after."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent / "samples"

#: The same commit ids on every machine.
_IDENTITY = {
    "GIT_AUTHOR_NAME": "Sample Author",
    "GIT_AUTHOR_EMAIL": "author@example.com",
    "GIT_AUTHOR_DATE": "2026-01-05T09:00:00+00:00",
    "GIT_COMMITTER_NAME": "Sample Author",
    "GIT_COMMITTER_EMAIL": "author@example.com",
    "GIT_COMMITTER_DATE": "2026-01-05T09:00:00+00:00",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def _labelled_mail() -> str:
    """Return 1.3 MB of made-up training data, which nobody needs to keep in this repository."""
    rows = (
        f"{i},ticket {i} about {word},{word}\n"
        for i in range(18_000)
        for word in ("billing", "login")
    )
    return "id,text,label\n" + "".join(rows)


#: Files of the head that are made here because of their size.
_MADE: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "support_assistant": {"data/extra.csv": _labelled_mail},
}


def build(name: str, folder: Path) -> Path:
    """Build the repository of one sample.

    Args:
        name: A folder of `tests/samples`.
        folder: An empty folder, which becomes the repository.

    Returns:
        The folder; ``HEAD~1..HEAD`` is the change.
    """
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _commit(folder, SAMPLES / name / "base", "Before")
    for path, make in _MADE.get(name, {}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(make())
    _commit(folder, SAMPLES / name / "head", "After")
    return folder


def _commit(folder: Path, tree: Path, message: str) -> None:
    shutil.copytree(tree, folder, dirs_exist_ok=True)
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", message)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, env={**os.environ, **_IDENTITY}
    )
