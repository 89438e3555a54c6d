"""Where a comment may stand: every location that is made is commentable and shows its lines."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.change import (
    Change,
    FileChange,
    FileStatus,
    Location,
    NotReviewed,
    NotReviewedReason,
    Side,
)
from reviewer.domain.diff import parse_patch

LINES = st.lists(st.sampled_from(["a", "b", "c", "", "++ d", "-- e", "x\r", "é"]), max_size=25)
PATCH = (
    "--- a/f.py\n+++ b/f.py\n"
    "@@ -1,3 +1,4 @@\n one\n-two\n+TWO\n+more\n three\n"
    "@@ -20,3 +21,2 @@ def f():\n x\n-y\n z\n"
)


def _file(base: list[str], head: list[str], context: int = 3) -> FileChange | None:
    lines = difflib.unified_diff(
        [f"{line}\n" for line in base], [f"{line}\n" for line in head], "a/f.c", "b/f.c", n=context
    )
    files = parse_patch("".join(lines))
    return files[0] if files else None


@given(LINES, LINES, st.integers(min_value=0, max_value=4))
def test_every_changed_line_has_a_location_that_shows_it(
    base: list[str], head: list[str], context: int
) -> None:
    file = _file(base, head, context)
    if file is None:
        assert base == head
        return
    for side, version in ((Side.HEAD, head), (Side.BASE, base)):
        for number, text in file.changed(side).items():
            assert version[number - 1] == text
            location = file.locate(side, number, number)
            assert location is not None
            assert file.is_commentable(location)
            assert file.text_at(location) == text


@pytest.mark.holds("P05")
@given(LINES, LINES, st.integers(0, 30), st.integers(0, 30), st.sampled_from(Side))
def test_every_range_becomes_a_commentable_location_or_none(
    base: list[str], head: list[str], first: int, length: int, side: Side
) -> None:
    file = _file(base, head, 1)
    if file is None:
        return
    location = file.locate(side, first, first + length)
    changed = [n for n in file.changed(side) if first <= n <= first + length]
    if location is None:
        assert not changed
        return
    assert file.is_commentable(location)
    assert location.start_line == changed[0]
    assert location.end_line in changed
    version = head if side is Side.HEAD else base
    expected = version[location.start_line - 1 : location.end_line]
    assert file.text_at(location) == "\n".join(expected)


@given(LINES, LINES)
def test_head_and_base_follow_from_the_changed_lines(base: list[str], head: list[str]) -> None:
    file = _file(base, head)
    if file is None:
        return
    kept = [text for number, text in enumerate(base, 1) if number not in file.removed]
    unchanged = [text for number, text in enumerate(head, 1) if number not in file.added]
    assert kept == unchanged


@pytest.mark.holds("P05")
@pytest.mark.parametrize(
    ("side", "start", "end", "commentable"),
    [
        (Side.HEAD, 1, 4, True),
        (Side.HEAD, 4, 4, True),
        (Side.HEAD, 1, 5, False),
        (Side.HEAD, 4, 21, False),
        (Side.HEAD, 5, 5, False),
        (Side.HEAD, 0, 1, False),
        (Side.HEAD, 3, 2, False),
        (Side.HEAD, 21, 22, True),
        (Side.HEAD, 21, 23, False),
        (Side.BASE, 1, 3, True),
        (Side.BASE, 4, 4, False),
        (Side.BASE, 20, 22, True),
        (Side.BASE, 10**12, 10**12, False),
        (Side.HEAD, -1, 2, False),
    ],
)
def test_a_comment_stands_inside_one_hunk(
    side: Side, start: int, end: int, *, commentable: bool
) -> None:
    files = parse_patch(PATCH)
    change = Change(base="patch", head="patch", files=files)
    location = Location(path="f.py", side=side, start_line=start, end_line=end)
    assert change.is_commentable(location) is commentable


def test_a_comment_stands_on_a_file_of_the_change() -> None:
    change = Change(base="patch", head="patch", files=parse_patch(PATCH))
    for path in ("other.py", "../f.py", "./f.py", ""):
        place = Location(path=path, side=Side.HEAD, start_line=1, end_line=1)
        assert not change.is_commentable(place)
        assert not change.files[0].is_commentable(place)


def test_a_location_holds_changed_lines_of_one_hunk_only() -> None:
    (file,) = parse_patch(PATCH)
    assert str(file.locate(Side.HEAD, 1, 99)) == "f.py:2-3"
    assert str(file.locate(Side.BASE, 3, 99)) == "f.py:21"
    assert file.locate(Side.HEAD, 4, 99) is None
    assert file.locate(Side.HEAD, 1, 10**12) == file.locate(Side.HEAD, 1, 99)


def test_locations_overlap_on_one_side_of_one_file() -> None:
    one = Location(path="a", side=Side.HEAD, start_line=2, end_line=4)
    for start, end, overlaps in ((4, 9, True), (1, 2, True), (5, 9, False), (1, 1, False)):
        other = Location(path="a", side=Side.HEAD, start_line=start, end_line=end)
        assert one.overlaps(other) is other.overlaps(one) is overlaps
    assert not one.overlaps(Location(path="a", side=Side.BASE, start_line=2, end_line=4))
    assert not one.overlaps(Location(path="b", side=Side.HEAD, start_line=2, end_line=4))


@pytest.mark.holds("P06")
def test_every_file_is_reviewed_or_listed() -> None:
    listed = FileChange(
        path="uv.lock",
        status=FileStatus.MODIFIED,
        not_reviewed=NotReviewed(reason=NotReviewedReason.LOCK_FILE),
    )
    change = Change(base="a", head="b", files=(*parse_patch(PATCH), listed))
    assert [file.path for file in change.reviewed] == ["f.py"]
    assert change.not_reviewed == (listed,)
    assert set(change.by_path) == {"f.py", "uv.lock"}
