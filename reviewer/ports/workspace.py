"""Where a change comes from: a git repository, a patch, later a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reviewer.domain.base_files import FilesAtBase
from reviewer.domain.change import Change
from reviewer.errors import GitHubError


class MovedOnError(GitHubError):
    """The head moved while the change was read; what was read is nobody's change."""

    def __init__(self) -> None:
        super().__init__("the head of the pull request moved while its files were read")


class Workspace(Protocol):
    """Reads one change and the base that it starts from. Nothing is executed or checked out."""

    async def change(self, *, excluded: Sequence[str] = ()) -> Change:
        """Read the change.

        Args:
            excluded: Globs of files that the configuration excludes; they are listed only.

        Raises:
            UserError: The range, patch or repository is not what a person meant.
            MovedOnError: The head moved in between; the run is superseded.
        """
        ...

    async def base_files(self, patterns: Sequence[str]) -> FilesAtBase:
        """Return text files of the base commit by path, for the globs given, in path order.

        Only the base may configure a review: what a change says about its own review has no
        effect. Symbolic links, submodules, files over 256 kB and what is no text are told and
        not read. Empty where no base is known (a patch outside a repository).
        """
        ...
