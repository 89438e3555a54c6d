"""Where a review comment may stand, and where it stands after the head has moved.

A line must be shown in the patch, a range must lie in one hunk:
https://docs.github.com/en/rest/pulls/comments#create-a-review-comment-for-a-pull-request
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from reviewer.testing.fake_github.difference import FileDifference, Line


class AnchorFault(Enum):
    """Why a comment may not stand where it is wanted."""

    PATH = auto()
    LINE = auto()
    POSITION = auto()
    HUNK = auto()
    ORDER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a comment stands.

    Args:
        path: The file.
        side: ``LEFT`` or ``RIGHT``.
        start_side: The side of a range's first line; None where there is none.
        line: The (last) line; None for a comment on a file.
        start_line: A range's first line.
        position: The place in the patch.
        diff_hunk: The patch down to the line.
    """

    path: str
    side: str = "RIGHT"
    start_side: str | None = None
    line: int | None = None
    start_line: int | None = None
    position: int | None = None
    diff_hunk: str = ""


def file_at(files: Iterable[FileDifference], path: object) -> FileDifference | None:
    """Return the changed file of this name."""
    return next((file for file in files if file.filename == path), None)


def place(files: Iterable[FileDifference], wanted: Mapping[str, object]) -> Placement | AnchorFault:
    """Find the place that a request names.

    Args:
        files: What the pull request shows.
        wanted: ``path``, ``line``, ``side``, ``start_line``, ``start_side`` or ``position``.
    """
    file = file_at(files, wanted.get("path"))
    if file is None:
        return AnchorFault.PATH
    if wanted.get("subject_type") == "file":
        return Placement(path=file.filename)
    lines = list(file.lines())
    if wanted.get("line") is None:
        return _by_position(file, lines, wanted.get("position"))
    side = str(wanted.get("side") or "RIGHT")
    end = _line_at(lines, wanted.get("line"), side)
    if end is None:
        return AnchorFault.LINE
    start_number = wanted.get("start_line")
    if start_number is None:
        return _placement(file, end, side)
    start_side = str(wanted.get("start_side") or side)
    start = _line_at(lines, start_number, start_side)
    if start is None or start.hunk != end.hunk:
        return AnchorFault.HUNK
    if start.position >= end.position:
        return AnchorFault.ORDER
    return _placement(file, end, side, start, start_side)


def moved_line(file: FileDifference | None, line: int) -> int | None:
    """Follow a line from the old to the new version of a file; None where it was touched.

    Args:
        file: What changed between them; None where nothing did.
        line: Its number in the old version.
    """
    if file is None:
        return line
    if file.patch is None:
        return line if file.additions + file.deletions == 0 else None
    shift = 0
    reached = 1
    for shown in file.lines():
        if shown.left is None:
            shift += reached <= line
            continue
        if shown.right is None:
            if shown.left == line:
                return None
            shift -= shown.left < line
        reached = shown.left + 1
    return line + shift


def _by_position(
    file: FileDifference, lines: list[Line], position: object
) -> Placement | AnchorFault:
    found = next((line for line in lines if line.position == position), None)
    if found is None:
        return AnchorFault.POSITION
    return _placement(file, found, "LEFT" if found.right is None else "RIGHT")


def _line_at(lines: Iterable[Line], number: object, side: str) -> Line | None:
    def at(line: Line) -> int | None:
        return line.left if side == "LEFT" else line.right

    return next((line for line in lines if at(line) == number), None)


def _placement(
    file: FileDifference,
    end: Line,
    side: str,
    start: Line | None = None,
    start_side: str | None = None,
) -> Placement:
    return Placement(
        path=file.filename,
        side=side,
        start_side=start_side,
        line=end.left if side == "LEFT" else end.right,
        start_line=None if start is None else start.left if start_side == "LEFT" else start.right,
        position=end.position,
        diff_hunk=_hunk_down_to(file.patch or "", end.position),
    )


def _hunk_down_to(patch: str, position: int) -> str:
    lines = patch.split("\n")[: position + 1]
    start = max(place for place, line in enumerate(lines) if line.startswith("@@ "))
    return "\n".join(lines[start:])
