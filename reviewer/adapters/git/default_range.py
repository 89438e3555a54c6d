"""What is reviewed where nobody names a range: the branch, else what is not committed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from reviewer.adapters.git.process import Git
from reviewer.adapters.git.range import Range, RangeKind

#: Where a branch usually leaves from, most telling first.
_DEFAULT_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


async def default_range(folder: Path, environment: Mapping[str, str]) -> Range:
    """Choose what a person most likely means.

    Args:
        folder: Any folder inside the repository.
        environment: The environment of this program.

    Returns:
        The commits since this branch left the default branch, where there are any; else the
        working tree, where it differs from HEAD; else the last commit. Where there is no
        repository or no commit, the range that tells so when it is read.
    """
    git = Git(folder, environment)
    for branch in _DEFAULT_BRANCHES:
        ahead, changes = await asyncio.gather(
            git.run("rev-list", "--count", "--max-count=1", f"{branch}..HEAD", "--"),
            git.run("merge-base", branch, "HEAD"),
        )
        if ahead.code != 0:
            continue
        if ahead.output.strip() != b"0" and changes.code == 0:
            return Range(kind=RangeKind.MERGE_BASE, base=branch)
        break
    head, status = await asyncio.gather(
        git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}"),
        git.run(
            *("status", "--porcelain", "-z", "--untracked-files=normal"),
            configuration=await git.working_tree_filters(),
        ),
    )
    if head.code == 0 and not status.output:
        return Range(kind=RangeKind.COMMIT, head="HEAD")
    return Range.working_tree()
