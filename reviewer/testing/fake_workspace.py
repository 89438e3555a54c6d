"""FakeWorkspace: a change and a base from values, without git."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reviewer.domain.base_files import FilesAtBase, UnreadFile
from reviewer.domain.change import Change
from reviewer.domain.glob import matches_any


@dataclass(frozen=True, kw_only=True)
class FakeWorkspace:
    """Hands out one change; implements `ports.workspace.Workspace`.

    Args:
        given: The change.
        base: Text files of the base, by path.
        unread: Files of the base that are not read.
    """

    given: Change
    base: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[UnreadFile, ...] = ()

    async def change(self, *, excluded: Sequence[str] = ()) -> Change:
        """Return the change as it was given; exclusion is the builder's to do."""
        del excluded
        return self.given

    async def base_files(self, patterns: Sequence[str]) -> FilesAtBase:
        """Return the files of the base that one of the globs matches."""
        return FilesAtBase.of(
            {path: text for path, text in self.base.items() if matches_any(patterns, path)},
            [file for file in self.unread if matches_any(patterns, file.path)],
        )
