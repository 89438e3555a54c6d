"""Finds the repository that a folder is in, and says what is wrong where there is none."""

from __future__ import annotations

from pathlib import Path

from reviewer.adapters.git.process import Git
from reviewer.errors import CommunicationError, UserError


async def top_of(git: Git, *, need_files: bool = False) -> Path:
    """Return the top folder of the repository.

    Args:
        git: Git in the folder that a person named.
        need_files: Whether a working tree is needed; a bare repository has none.

    Raises:
        UserError: There is no repository, or git does not trust it, or it has no working tree.
    """
    reply = await git.run("rev-parse", "--is-inside-work-tree", "--show-toplevel")
    inside, _, top = reply.output.decode("utf-8", "surrogateescape").partition("\n")
    if reply.code == 0 and inside == "true":
        return Path(top.removesuffix("\n"))
    if inside == "false":
        if need_files:
            raise UserError(
                "this repository has no working tree here",
                path=str(git.folder),
                hint="Give a range (`main...HEAD`), or run it in a working tree.",
            )
        return git.folder
    raise _refusal(git.folder, reply.complaint)


def _refusal(folder: Path, complaint: str) -> Exception:
    """Turn git's words into an error that names the way out."""
    if "dubious ownership" in complaint:
        return UserError(
            "git does not trust this repository: it belongs to another user",
            path=str(folder),
            hint=f"Run `git config --global --add safe.directory {folder.resolve()}`.",
        )
    if "not a git repository" in complaint:
        return UserError(
            "this folder is not in a git repository",
            path=str(folder),
            hint="Change into one, or give a patch: `reviewer review --patch changes.patch`.",
        )
    return CommunicationError(f"git rev-parse failed: {complaint.strip()[:500]}")
