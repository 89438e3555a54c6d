"""What a model was shown: line by line, as it was sent, so that a quote can be looked up in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from reviewer.domain.change import FileChange, Side


@dataclass(frozen=True, kw_only=True)
class SentFile:
    """The lines of one file that were sent, on both sides.

    The text is the sent one: redacted, normalised, cut. Line numbers tie it to the change.

    Args:
        file: The file's change.
        head: Head line number to the text that was sent; context, added lines and whatever else
            of the head was shown.
        base: Base line number to the text that was sent; context and removed lines.
    """

    file: FileChange
    head: Mapping[int, str] = field(repr=False)
    base: Mapping[int, str] = field(repr=False)

    @classmethod
    def of_hunks(cls, file: FileChange) -> SentFile:
        """Build the smallest useful one: every line of every hunk, unchanged."""
        lines = [line for hunk in file.hunks for line in hunk.lines]
        return cls(
            file=file,
            head={line.head_number: line.text for line in lines if line.head_number is not None},
            base={line.base_number: line.text for line in lines if line.base_number is not None},
        )

    def lines(self, side: Side) -> Mapping[int, str]:
        """Return the lines of one side, by number."""
        return self.head if side is Side.HEAD else self.base

    def places(self, side: Side, text: str) -> tuple[int, ...]:
        """Return the numbers of the lines that read so but for white space at both ends."""
        index = self._head_index if side is Side.HEAD else self._base_index
        return tuple(index.get(text.strip(), ()))

    @property
    def whole(self) -> bool:
        """Whether every line of the head text was sent."""
        text = self.file.head_text
        return text is not None and len(self.head) >= text.count("\n") + (not text.endswith("\n"))

    @cached_property
    def _head_index(self) -> Mapping[str, list[int]]:
        return _index(self.head)

    @cached_property
    def _base_index(self) -> Mapping[str, list[int]]:
        return _index(self.base)


def _index(lines: Mapping[int, str]) -> Mapping[str, list[int]]:
    index: dict[str, list[int]] = {}
    for number in sorted(lines):
        index.setdefault(lines[number].strip(), []).append(number)
    return index


@dataclass(frozen=True, kw_only=True)
class Sent:
    """Everything of a change that one call was shown."""

    files: tuple[SentFile, ...]

    @cached_property
    def by_path(self) -> Mapping[str, SentFile]:
        """The files by their path, exactly as git has it."""
        return {sent.file.path: sent for sent in self.files}
