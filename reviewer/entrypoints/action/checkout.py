"""Tells whether a workspace holds a pull request's own code, from git's files and without git.

A job with secrets that checks out a stranger's commit is one ``make`` away from handing them over:
https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/. Nothing of ours
needs the checkout; a job that has one does something else beside us.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

#: No file that is read here has more: HEAD, a ref, a list of packed refs.
_LIMIT_BYTES = 5_000_000
#: A workflow checks out into the workspace or into a folder of it (``path:``).
_MOST_FOLDERS = 200
_LONGEST_CHAIN = 5

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a pull request's code may be checked out as.

    Args:
        commits: Its head and the commit that GitHub merges it as.
        number: Its number, where it is known.
    """

    commits: frozenset[str]
    number: int | None = None


def find_checkout(workspace: Path, head: Head) -> Path | None:
    """Find a checkout of a pull request's own code.

    Args:
        workspace: Where a workflow checks out.
        head: What would be there.

    Returns:
        The folder; None where there is none.
    """
    for folder in _folders(workspace):
        git = _git_folder(folder)
        if git is None:
            continue
        commit = _commit(git, "HEAD")
        if commit is not None and (commit in head.commits or commit in _pulled(git, head.number)):
            return folder
    return None


def _folders(workspace: Path) -> Iterator[Path]:
    yield workspace
    with suppress(OSError):
        inside = sorted(path for path in workspace.iterdir() if path.is_dir())
        yield from inside[:_MOST_FOLDERS]


def _git_folder(folder: Path) -> Path | None:
    """Return where git keeps what it knows of a folder (a worktree's ``.git`` is a file)."""
    git = folder / ".git"
    if git.is_dir():
        return git
    line = _read(git).strip()
    return folder / line.removeprefix("gitdir:").strip() if line.startswith("gitdir:") else None


def _pulled(git: Path, number: int | None) -> Iterator[str]:
    """Yield the commits that were fetched as the pull request (``refs/pull/7/merge``)."""
    if number is None:
        return
    for side in ("merge", "head"):
        for place in ("refs/remotes/pull", "refs/pull", "refs/remotes/origin/pull"):
            commit = _commit(git, f"{place}/{number}/{side}")
            if commit is not None:
                yield commit
    for line in _read(git / "FETCH_HEAD").splitlines():
        if f"'refs/pull/{number}/" in line:
            yield line.split("\t")[0]


def _commit(git: Path, ref: str) -> str | None:
    """Return the commit that a ref names."""
    home = _read(git / "commondir").strip()
    places = (git, git / home) if home else (git,)
    for _ in range(_LONGEST_CHAIN):
        text = next((text for place in places if (text := _read(place / ref).strip())), "")
        if _COMMIT.fullmatch(text):
            return text
        if not text.startswith("ref:"):
            return next((found for place in places if (found := _packed(place, ref))), None)
        ref = text.removeprefix("ref:").strip()
        if not ref.startswith("refs/") or ".." in ref:
            return None
    return None


def _packed(git: Path, ref: str) -> str | None:
    for line in _read(git / "packed-refs").splitlines():
        commit, _, name = line.partition(" ")
        if name == ref and _COMMIT.fullmatch(commit):
            return commit
    return None


def _read(path: Path) -> str:
    """Read a small text; empty where there is none."""
    try:
        if not S_ISREG(path.stat().st_mode):
            return ""
        with path.open("rb") as file:
            return file.read(_LIMIT_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
