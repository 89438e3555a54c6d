"""Follows the counts of hunks: a patch that does not add up is refused with the line where.

A hunk has as many lines as its header says, begins after the one before it has ended, and nothing
but blank lines, signatures and the next mail follows the last one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reviewer.errors import UserError

# No file has a billion lines, and numbers without end are an attack on whoever counts.
_HUNK_HEADER = re.compile(r"@@ -([0-9]{1,9})(?:,([0-9]{1,9}))? \+([0-9]{1,9})(?:,([0-9]{1,9}))? @@")
_SIGNATURE = re.compile(r"--(?: ?\r?$|-$)")
_ENVELOPE = re.compile(r"(?:From|commit) [0-9a-f]{40}")


def follow_counts(lines: Sequence[str], name: str, first_line: int) -> tuple[int, int]:
    """Follow the counts of every hunk.

    Args:
        lines: From the first ``@@`` to the end of the section.
        name: What people call the patch, for errors.
        first_line: The line of the patch on which they begin.

    Returns:
        Where the last hunk ends, and how many there are.

    Raises:
        UserError: The hunks do not add up, or do not stand in their order.
    """
    index = hunk_count = 0
    taken = (0, 0)
    while index < len(lines) and lines[index].startswith("@@ "):
        header = _HUNK_HEADER.match(lines[index])
        if header is None:
            raise UserError("this is no hunk header", path=name, line=first_line + index)
        taken = _next_lines(header, taken, name, first_line + index)
        index = _end_of_hunk(lines, index, header, name, first_line)
        hunk_count += 1
    if index < len(lines):
        _check_rest(lines, index, name, first_line)
    return index, hunk_count


def _next_lines(
    header: re.Match[str], taken: tuple[int, int], name: str, line: int
) -> tuple[int, int]:
    """Return how many lines of both sides the hunks have passed, with this one.

    A line that two hunks showed would be two lines: nobody could say which one a place means.
    """
    starts = int(header[1]), int(header[3])
    counts = tuple(1 if header[n] is None else int(header[n]) for n in (2, 4))
    # A hunk without a line on a side names the line after which it stands.
    firsts = [start - 1 if count else start for start, count in zip(starts, counts, strict=True)]
    if any(first < before for first, before in zip(firsts, taken, strict=True)):
        raise UserError(
            "the hunks of this file overlap or do not stand in their order",
            path=name,
            line=line,
            hint="The patch was edited, or patches of one file were joined; write it anew.",
        )
    return firsts[0] + counts[0], firsts[1] + counts[1]


def _end_of_hunk(
    lines: Sequence[str], start: int, header: re.Match[str], name: str, first_line: int
) -> int:
    """Return where the hunk ends that begins on this line."""
    base_left, head_left = (1 if header[n] is None else int(header[n]) for n in (2, 4))
    index = start + 1
    while index < len(lines) and (base_left > 0 or head_left > 0):
        marker = lines[index][:1]
        if marker in {" ", "", "\r"}:
            base_left -= 1
            head_left -= 1
        elif marker == "-":
            base_left -= 1
        elif marker == "+":
            head_left -= 1
        elif marker != "\\":
            break
        index += 1
    if base_left > 0 or head_left > 0:
        raise UserError(
            f"the hunk that begins in line {first_line + start} is shorter than its header says",
            path=name,
            line=first_line + index,
            hint="The patch is cut off or was edited; write it anew.",
        )
    if base_left < 0 or head_left < 0:
        raise _too_long(name, first_line + index - 1)
    while index < len(lines) and lines[index].startswith("\\"):
        index += 1
    return index


def _check_rest(lines: Sequence[str], start: int, name: str, first_line: int) -> None:
    """Accept what may follow the last hunk (blank lines, signatures, mails); refuse the rest."""
    if lines[start][:1] in {"+", "-", " "} and not _SIGNATURE.match(lines[start]):
        raise _too_long(name, first_line + start)
    for index in range(start, len(lines)):
        if _ENVELOPE.match(lines[index]):
            # The next mail or commit of a series; its message may quote a diff.
            return
        if lines[index].startswith("@@ "):
            raise UserError(
                "this hunk belongs to no file",
                path=name,
                line=first_line + index,
                hint="The patch was edited, or patches of different kinds were joined.",
            )


def _too_long(name: str, line: int) -> UserError:
    """Return the error for a line that no hunk header has counted."""
    return UserError(
        "the hunk goes on after its header says that it ends",
        path=name,
        line=line,
        hint="The patch was edited; write it anew.",
    )
