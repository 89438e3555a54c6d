"""Names of what a change does, without line numbers: equal names, equal changes.

What git calls a patch id, and for the same reason: a rebase moves lines and changes nothing.
https://git-scm.com/docs/git-patch-id
"""

from __future__ import annotations

import hashlib
import json
import re

from reviewer.domain.change import FileChange, LineKind, Location, Side

#: Raised when the ingredients change: names of another form are never equal.
_FORM = "patch/1"

#: Hexadecimal digits. An author chooses both patches, so that half of the bits are the strength.
_PATCH_DIGITS = 40
#: A line's name decides only whether a finding is late, and thousands of them must fit a comment.
_LINE_DIGITS = 12

_WHITE_SPACE = re.compile(r"\s+")


def patch_name(file: FileChange) -> str:
    """Name a file's change: what happens to it, and each hunk's lines with their kinds.

    Line numbers and the headings of hunks are left out: both change with the code around.

    Args:
        file: The file.

    Returns:
        Forty hexadecimal digits.
    """
    happens = (file.status, file.base_path, file.path, file.kind, file.base_mode, file.head_mode)
    hunks = [[[line.kind, line.text] for line in hunk.lines] for hunk in file.hunks]
    return _digest([_FORM, happens, hunks])[:_PATCH_DIGITS]


def line_names(file: FileChange) -> frozenset[str]:
    """Name the changed lines of a file; see `name_lines`."""
    return frozenset(name_lines(file).values())


def name_lines(file: FileChange) -> dict[tuple[Side, int], str]:
    """Name each changed line by its kind, its text and the lines beside it, white space folded.

    The lines beside it make a closing bracket in one place another line than in the next, and
    bring what surrounds an edit into the scope of a round.

    Args:
        file: The file.

    Returns:
        Twelve hexadecimal digits for each changed line, by side and number.
    """
    names: dict[tuple[Side, int], str] = {}
    for side, kind in ((Side.HEAD, LineKind.ADDED), (Side.BASE, LineKind.REMOVED)):
        texts = {
            number: _WHITE_SPACE.sub(" ", line.text).strip()
            for hunk in file.hunks
            for line in hunk.lines
            if (number := line.head_number if side is Side.HEAD else line.base_number) is not None
        }
        for number in file.changed(side):
            near = [texts.get(number + step, "") for step in (-1, 0, 1)]
            names[side, number] = _digest([kind, *near])[:_LINE_DIGITS]
    return names


def names_at(file: FileChange, location: Location) -> frozenset[str]:
    """Name the changed lines of a location.

    Args:
        file: The file.
        location: Where; of this file.
    """
    return frozenset(
        name
        for (side, number), name in name_lines(file).items()
        if side is location.side and location.start_line <= number <= location.end_line
    )


def text_name(text: str) -> str:
    """Name a piece of code, white space and empty lines left out; empty for no code.

    Args:
        text: Lines that a finding quotes or proposes.
    """
    lines = [folded for line in text.split("\n") if (folded := _WHITE_SPACE.sub(" ", line).strip())]
    return _digest(lines)[:_LINE_DIGITS] if lines else ""


def _digest(ingredients: object) -> str:
    text = json.dumps(ingredients, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
