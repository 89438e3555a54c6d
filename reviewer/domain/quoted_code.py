"""Whether the code that a finding of an earlier round quoted still stands in the change."""

from __future__ import annotations

from collections.abc import Iterator

from reviewer.domain.change import Change, FileChange, Side
from reviewer.domain.history import History, KnownFinding
from reviewer.domain.patch_name import patch_name, text_name
from reviewer.domain.rounds import match_files

#: A quote of more lines is not found again: it counts as gone when its file changes.
_LONGEST_QUOTE = 20


class QuotedCode:
    """Looks for quotes in the files of a change; where in doubt, they stand.

    Args:
        before: What is believed of earlier rounds.
        change: What is reviewed.
    """

    def __init__(self, before: History, change: Change) -> None:
        self._files = change.by_path
        self._unchanged = frozenset(
            path
            for path, seen in match_files(change, before).items()
            if seen.patch == patch_name(self._files[path])
        )
        self._names: dict[str, frozenset[str]] = {}

    def stands(self, known: KnownFinding, path: str) -> bool:
        """Tell whether what a finding quoted stands.

        Args:
            known: The finding.
            path: Its file's path today; of a file that left the change nothing stands.
        """
        file = self._files.get(path)
        if file is None:
            return False
        if path in self._unchanged or not known.quote or not file.hunks:
            return True
        if path not in self._names:
            self._names[path] = frozenset(_quotes(file))
        return known.quote in self._names[path]


def _quotes(file: FileChange) -> Iterator[str]:
    """Name everything that a finding might quote of a file's change."""
    for side in Side:
        lines = [
            line.text
            for hunk in file.hunks
            for line in hunk.lines
            if line.text.strip()
            and (line.head_number if side is Side.HEAD else line.base_number) is not None
        ]
        for start in range(len(lines)):
            for end in range(start + 1, min(start + _LONGEST_QUOTE, len(lines)) + 1):
                yield text_name("\n".join(lines[start:end]))
