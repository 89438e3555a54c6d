"""One change: its files, hunks and lines, and the places in it that a comment may stand on.

Lines are counted from 1. A line lives on the base side (removed), on the head side (added) or
on both (context). A comment may stand on any line that a hunk shows, on one side, inside one
hunk; everything else is not commentable and GitHub refuses it:
https://docs.github.com/en/rest/pulls/comments#create-a-review-comment-for-a-pull-request
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from typing_extensions import override


class Side(StrEnum):
    """Which version of a file a line number counts in."""

    BASE = "base"
    HEAD = "head"


class LineKind(StrEnum):
    """What the change does to a line."""

    CONTEXT = "context"
    ADDED = "added"
    REMOVED = "removed"


class Line(NamedTuple):
    r"""One line of a hunk (a NamedTuple: a change has thousands, and these are built in C).

    ``text`` has neither the diff's marker nor the final ``\n``; a ``\r`` before it is kept.
    """

    kind: LineKind
    base_number: int | None
    head_number: int | None
    text: str


class FileStatus(StrEnum):
    """What the change does to a file."""

    ADDED = "added"
    DELETED = "deleted"
    MODIFIED = "modified"
    RENAMED = "renamed"
    COPIED = "copied"
    MODE_CHANGED = "mode_changed"
    TYPE_CHANGED = "type_changed"


class FileKind(StrEnum):
    """What the file is at the head (at the base, where it was deleted)."""

    TEXT = "text"
    BINARY = "binary"
    SUBMODULE = "submodule"
    SYMLINK = "symlink"


class NotReviewedReason(StrEnum):
    """Why a file of the change is listed and not reviewed; the value is shown to people."""

    GENERATED = "generated"
    VENDORED = "vendored"
    MINIFIED = "minified"
    LOCK_FILE = "lock file"
    BINARY = "binary"
    SUBMODULE = "submodule"
    SYMLINK = "symbolic link"
    TOO_LARGE = "too large"
    NO_PATCH = "no patch"
    COMBINED_DIFF = "combined diff"
    UNDECODABLE = "not valid UTF-8"
    EXCLUDED = "excluded by configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReviewed:
    """Why a file is not reviewed, and what shows it (``17.2 MB``, ``.gitattributes``, …)."""

    reason: NotReviewedReason
    detail: str = ""

    @override
    def __str__(self) -> str:
        """Return the words that people see: ``generated (.gitattributes)``."""
        return f"{self.reason.value} ({self.detail})" if self.detail else self.reason.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A range of lines of one file, on one side, that a comment may stand on.

    Args:
        path: The path at the head (at the base for a deleted file).
        side: Which version the numbers count in.
        start_line: First line, from 1.
        end_line: Last line, inclusive, never before ``start_line``.
    """

    path: str
    side: Side
    start_line: int
    end_line: int

    def overlaps(self, other: Location) -> bool:
        """Tell whether the two share a line of the same version of the same file."""
        return (
            self.path == other.path
            and self.side == other.side
            and self.start_line <= other.end_line
            and other.start_line <= self.end_line
        )

    @override
    def __str__(self) -> str:
        """Return ``path:line`` or ``path:first-last``."""
        if self.start_line == self.end_line:
            return f"{self.path}:{self.start_line}"
        return f"{self.path}:{self.start_line}-{self.end_line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """One hunk: where it starts on both sides, how many lines it spans there, and its lines."""

    base_start: int
    base_count: int
    head_start: int
    head_count: int
    heading: str = ""
    lines: tuple[Line, ...] = ()

    def contains(self, side: Side, line: int) -> bool:
        """Tell whether the hunk shows this line of this side."""
        start = self.head_start if side is Side.HEAD else self.base_start
        count = self.head_count if side is Side.HEAD else self.base_count
        return start <= line < start + count


def _first(entry: tuple[int, Hunk]) -> int:
    return entry[0]


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """What the change does to one file.

    Args:
        path: The path at the head; at the base for a deleted file. Exactly as git has it.
        base_path: The path at the base where it differs (renamed, copied), else None.
        status: What happened to the file.
        kind: What the file is.
        base_mode: git's octal mode at the base, None for a new file and where a host is silent.
        head_mode: git's octal mode at the head, None for a deleted file.
        hunks: The hunks in order; empty for a pure rename, a mode change, a binary file and
            for files that are not reviewed.
        base_text: The whole text at the base, None where it is not known or does not exist.
        head_text: The whole text at the head, None where it is not known or does not exist.
        head_size_bytes: Size of the head blob where git knows it.
        language: Lower-case name from ``domain.language``, None where none is known.
        not_reviewed: Set when the file is only listed, with the reason.
        origin: The path under which an earlier round knew the file, where neither ``path`` nor
            ``base_path`` is that: a file that the change adds and a later push renames.
    """

    path: str
    status: FileStatus
    base_path: str | None = None
    kind: FileKind = FileKind.TEXT
    base_mode: str | None = None
    head_mode: str | None = None
    hunks: tuple[Hunk, ...] = ()
    base_text: str | None = field(default=None, repr=False)
    head_text: str | None = field(default=None, repr=False)
    head_size_bytes: int | None = None
    language: str | None = None
    not_reviewed: NotReviewed | None = None
    origin: str | None = None

    @property
    def reviewed(self) -> bool:
        """Whether the personas look into this file."""
        return self.not_reviewed is None

    @property
    def first_path(self) -> str:
        """The path that renames do not change; a copy is a file of its own."""
        if self.origin is not None:
            return self.origin
        copied = self.status is FileStatus.COPIED
        return self.path if copied else self.base_path or self.path

    @cached_property
    def added(self) -> dict[int, str]:
        """The added lines: head line number to text, in order."""
        return {
            line.head_number: line.text
            for hunk in self.hunks
            for line in hunk.lines
            if line.kind is LineKind.ADDED and line.head_number is not None
        }

    @cached_property
    def removed(self) -> dict[int, str]:
        """The removed lines: base line number to text, in order."""
        return {
            line.base_number: line.text
            for hunk in self.hunks
            for line in hunk.lines
            if line.kind is LineKind.REMOVED and line.base_number is not None
        }

    def changed(self, side: Side) -> dict[int, str]:
        """Return the lines that the change adds (head) or removes (base), by number."""
        return self.added if side is Side.HEAD else self.removed

    def shown(self, side: Side) -> Mapping[int, str]:
        """Return the lines that the hunks show of one side, by number, in order."""
        return self._shown[side]

    @cached_property
    def _shown(self) -> dict[Side, dict[int, str]]:
        lines = [line for hunk in self.hunks for line in hunk.lines]
        return {
            Side.BASE: {x.base_number: x.text for x in lines if x.base_number is not None},
            Side.HEAD: {x.head_number: x.text for x in lines if x.head_number is not None},
        }

    @cached_property
    def _numbers(self) -> dict[Side, tuple[int, ...]]:
        """The numbers of the changed lines, sorted: looked up a thousand times in large files."""
        return {side: tuple(sorted(self.changed(side))) for side in Side}

    @cached_property
    def _hunks_by_start(self) -> dict[Side, tuple[tuple[int, Hunk], ...]]:
        starts = {
            side: [(h.head_start if side is Side.HEAD else h.base_start, h) for h in self.hunks]
            for side in Side
        }
        return {side: tuple(sorted(found, key=_first)) for side, found in starts.items()}

    def _hunk_at(self, side: Side, line: int) -> Hunk | None:
        """Return the hunk that shows a line; hunks do not overlap."""
        hunks = self._hunks_by_start[side]
        index = bisect_right(hunks, line, key=_first)
        # A hunk without a line on this side may begin where another one does.
        for _, hunk in reversed(hunks[max(0, index - 2) : index]):
            if hunk.contains(side, line):
                return hunk
        return None

    def is_commentable(self, location: Location) -> bool:
        """Tell whether a comment may stand on this location: this file, inside one hunk."""
        if location.path != self.path or not 1 <= location.start_line <= location.end_line:
            return False
        hunk = self._hunk_at(location.side, location.start_line)
        return hunk is not None and hunk.contains(location.side, location.end_line)

    def locate(self, side: Side, start_line: int, end_line: int) -> Location | None:
        """Turn a range of lines into the location of the changed lines inside it.

        Args:
            side: Which version the numbers count in.
            start_line: First line, from 1.
            end_line: Last line, inclusive.

        Returns:
            The range from the first to the last changed line that lies in the given range,
            cut at the hunk of the first one; None when the range holds no changed line.
        """
        numbers = self._numbers[side]
        index = bisect_left(numbers, start_line)
        if index == len(numbers) or numbers[index] > end_line:
            return None
        first = numbers[index]
        hunk = self._hunk_at(side, first)
        if hunk is None:
            return None
        start = hunk.head_start if side is Side.HEAD else hunk.base_start
        count = hunk.head_count if side is Side.HEAD else hunk.base_count
        last = numbers[bisect_right(numbers, min(end_line, start + count - 1)) - 1]
        return Location(path=self.path, side=side, start_line=first, end_line=last)

    def text_at(self, location: Location) -> str:
        """Return the lines of a commentable location, joined by newlines, from the hunks."""
        shown = self.shown(location.side)
        if location.end_line - location.start_line > len(shown):
            return "\n".join(
                text
                for number, text in shown.items()
                if location.start_line <= number <= location.end_line
            )
        lines = range(location.start_line, location.end_line + 1)
        return "\n".join(shown[number] for number in lines if number in shown)


@dataclass(frozen=True, kw_only=True)
class Change:
    """Everything that is reviewed: the files of one change at one head.

    Args:
        base: The base commit's full id, or a word for what it is (``index``, ``patch``).
        head: The head commit's full id, or a word (``working tree``, ``index``, ``patch``).
        files: Every file of the change, reviewed or not, in the order of git.
        head_paths: Every path of the head tree; None where no tree is known (a bare patch).
        unlisted: How many files the change has besides, at least, that a host does not list:
            then this is not the whole change, and no review of it is complete.
    """

    base: str
    head: str
    files: tuple[FileChange, ...]
    head_paths: frozenset[str] | None = field(default=None, repr=False)
    unlisted: int = 0

    @cached_property
    def by_path(self) -> dict[str, FileChange]:
        """The files by their path."""
        return {file.path: file for file in self.files}

    @cached_property
    def reviewed(self) -> tuple[FileChange, ...]:
        """The files that the personas look into."""
        return tuple(file for file in self.files if file.reviewed)

    @cached_property
    def not_reviewed(self) -> tuple[FileChange, ...]:
        """The files that are listed with the reason why nobody looks into them."""
        return tuple(file for file in self.files if not file.reviewed)

    def is_commentable(self, location: Location) -> bool:
        """Tell whether a comment may stand on this location."""
        file = self.by_path.get(location.path)
        return file is not None and file.is_commentable(location)
