"""The target ``diff``: any bytes as a patch, and every place in it that may take a comment."""

from __future__ import annotations

from reviewer.domain.change import FileChange, FileStatus, Line, LineKind, Location, Side
from reviewer.domain.diff import normalise_patch, parse_patch
from reviewer.errors import UserError
from tests.fuzz.held import hold


def read_diff(data: bytes) -> None:
    """Read a patch: refused with a line, or every anchor in it is one that a host would take."""
    try:
        files = parse_patch(data, name="fuzz.patch")
    except UserError as error:
        hold(error.line is None or error.line >= 1, "an error stands in no line")
        return
    raw = normalise_patch(data)
    paths = [file.path for file in files]
    hold(len(set(paths)) == len(paths), "a file is there twice")
    for file in files:
        hold(file.path != "", "a file has no name")
        hold(file.reviewed or not file.hunks, "a file that is only listed has hunks")
        _hold_hunks(file)
        _hold_anchors(file, raw)
        _hold_texts(file)


def _hold_hunks(file: FileChange) -> None:
    """Hunks stand in order, and their lines are numbered without a gap from where they begin."""
    ends = {Side.BASE: 0, Side.HEAD: 0}
    for hunk in file.hunks:
        starts = {Side.BASE: hunk.base_start, Side.HEAD: hunk.head_start}
        counts = {Side.BASE: hunk.base_count, Side.HEAD: hunk.head_count}
        for side in Side:
            numbers = [n for line in hunk.lines if (n := _number(line, side)) is not None]
            expected = list(range(starts[side], starts[side] + counts[side]))
            hold(numbers == expected, f"lines are not numbered in order ({side.value})")
            if numbers:
                hold(numbers[0] > ends[side], f"hunks overlap or stand out of order ({side.value})")
                ends[side] = numbers[-1]


def _hold_anchors(file: FileChange, raw: bytes) -> None:
    marks = {LineKind.ADDED: "+", LineKind.REMOVED: "-"}
    for side, kind in ((Side.HEAD, LineKind.ADDED), (Side.BASE, LineKind.REMOVED)):
        changed = file.changed(side)
        lines = {
            _number(line, side): line.text
            for hunk in file.hunks
            for line in hunk.lines
            if line.kind is kind
        }
        hold(changed == lines, f"changed lines are not those of the hunks ({side.value})")
        for number, text in list(changed.items())[:50]:
            place = file.locate(side, number, number)
            hold(place is not None, "a changed line has no place")
            if place is None:
                return
            hold((place.side, place.path) == (side, file.path), "a place on another side or file")
            hold((place.start_line, place.end_line) == (number, number), "a place moved")
            hold(file.is_commentable(place), "a place on which no comment may stand")
            hold(file.text_at(place) == text, "a place reads differently from its line")
            if "\ufffd" not in text:
                hold(f"{marks[kind]}{text}".encode() in raw, "a line that the patch does not hold")
        _hold_ranges(file, side)


def _hold_ranges(file: FileChange, side: Side) -> None:
    """Whatever range is asked for, what comes is inside it, commentable, changed at its ends."""
    changed = sorted(file.changed(side))
    for start, end in (
        (1, 10**12),
        (0, 0),
        (-5, 3),
        (2, 1),
        *zip(changed, changed[2:], strict=False),
    ):
        place = file.locate(side, start, end)
        if place is None:
            hold(not any(start <= n <= end for n in changed), "a range lost its changed lines")
            continue
        hold(file.is_commentable(place), "a range on which no comment may stand")
        hold({place.start_line, place.end_line} <= set(changed), "a range that ends off the change")
        hold(start <= place.start_line <= place.end_line <= end, "a range outside what was asked")
    if not changed:
        return
    outside = max(
        hunk.head_start + hunk.base_start + hunk.base_count + hunk.head_count for hunk in file.hunks
    )
    for wrong in (0, -1, outside + 1):
        place = Location(path=file.path, side=side, start_line=wrong, end_line=wrong)
        hold(not file.is_commentable(place), "a comment may stand where the change shows nothing")


def _hold_texts(file: FileChange) -> None:
    if file.status is FileStatus.ADDED and file.head_text is not None and file.hunks:
        whole = "\n".join(file.added.values())
        hold(file.head_text.removesuffix("\n") == whole, "a new file is not what its hunks add")


def _number(line: Line, side: Side) -> int | None:
    return line.head_number if side is Side.HEAD else line.base_number
