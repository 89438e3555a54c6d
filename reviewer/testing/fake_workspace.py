"""FakeWorkspace: a change and a base from values, without git."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reviewer.domain.change import Change
from reviewer.domain.glob import matches_any


@dataclass(frozen=True, kw_only=True)
class FakeWorkspace:
    """Hands out one change; implements `ports.workspace.Workspace`.

    Args:
        given: The change.
        base: Text files of the base, by path.
    """

    given: Change
    base: Mapping[str, str] = field(default_factory=dict)

    async def change(self, *, excluded: Sequence[str] = ()) -> Change:
        """Return the change as it was given; exclusion is the builder's to do."""
        del excluded
        return self.given

    async def base_files(self, patterns: Sequence[str]) -> Mapping[str, str]:
        """Return the files of the base that one of the globs matches."""
        return {
            path: text for path, text in sorted(self.base.items()) if matches_any(patterns, path)
        }
