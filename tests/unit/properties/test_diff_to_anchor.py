"""Any diff that is generated, with what stands in it known beforehand: every anchor is exact."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewer.domain.change import FileChange, LineKind, Location, Side
from reviewer.domain.diff import parse_patch
from reviewer.prompting.quote import Located, locate
from reviewer.prompting.sent import SentFile

pytestmark = pytest.mark.holds("R28")

#: Lines that look like parts of a patch, and lines that are alike, so that places are ambiguous.
LINES = st.sampled_from(
    [
        *(
            "total = 0",
            "    return total",
            "}",
            "",
            "x",
            "-- a comment",
            "++ more",
            "- item",
            "+ 1",
        ),
        *(
            "@@ -1 +1 @@",
            "diff --git a/x b/x",
            "--- a/x",
            "+++ b/x",
            "\\ No newline at end of file",
        ),
        *("rename from x", "\ttab", "caf\u00e9 \u4f60", "a\rb", "a\x0cb", "a\u2028b", "index 1..2"),
        *("line one of it", "line two of it", "GIT binary patch", "-", "+", " ", "Binary files a"),
    ]
)
TEXTS = st.lists(LINES, max_size=14)
CONTEXT = st.integers(0, 3)
NAMES = ("app/a.py", "app/b c.py", "docs/d.md")


def patch_of(name: str, base: list[str], head: list[str], context: int) -> str:
    """Write the difference as ``diff -u`` does."""
    old, new = ([f"{line}\n" for line in lines] for lines in (base, head))
    before = f"a/{name}\t" if base else "/dev/null\t"
    after = f"b/{name}\t" if head else "/dev/null\t"
    return "".join(difflib.unified_diff(old, new, before, after, n=context, lineterm="\n"))


def expected(base: list[str], head: list[str]) -> tuple[dict[int, str], dict[int, str]]:
    """Say which lines go and which come, without any patch."""
    removed: dict[int, str] = {}
    added: dict[int, str] = {}
    for tag, i, j, k, m in difflib.SequenceMatcher(
        None, [f"{x}\n" for x in base], [f"{x}\n" for x in head]
    ).get_opcodes():
        if tag != "equal":
            removed |= {n + 1: base[n] for n in range(i, j)}
            added |= {n + 1: head[n] for n in range(k, m)}
    return removed, added


def one(base: list[str], head: list[str], context: int) -> FileChange | None:
    patch = patch_of(NAMES[0], base, head, context)
    return parse_patch(patch)[0] if patch else None


def place(file: FileChange, side: Side, start: int, end: int) -> Location:
    return Location(path=file.path, side=side, start_line=start, end_line=end)


@settings(max_examples=100)
@given(st.lists(st.tuples(TEXTS, TEXTS, CONTEXT), min_size=1, max_size=3))
def test_changed_lines_are_exactly_those_that_differ(
    texts: list[tuple[list[str], list[str], int]],
) -> None:
    given_ = [(name, *text) for name, text in zip(NAMES, texts, strict=False)]
    changes = [change for change in given_ if change[1] != change[2]]
    if not changes:
        return
    files = parse_patch("".join(patch_of(*change) for change in changes))
    assert [file.path for file in files] == [name for name, *_ in changes]
    for file, (_, base, head, _) in zip(files, changes, strict=True):
        assert (file.removed, file.added) == expected(base, head)


@settings(max_examples=100)
@given(TEXTS, TEXTS, CONTEXT)
def test_every_line_that_is_shown_takes_a_comment_and_reads_as_in_its_file(
    base: list[str], head: list[str], context: int
) -> None:
    file = one(base, head, context)
    if file is None:
        return
    for side, whole in ((Side.BASE, base), (Side.HEAD, head)):
        other = LineKind.ADDED if side is Side.BASE else LineKind.REMOVED
        shown = {
            line.base_number if side is Side.BASE else line.head_number
            for hunk in file.hunks
            for line in hunk.lines
            if line.kind is not other
        }
        for number in range(-1, len(whole) + 4):
            here = place(file, side, number, number)
            assert file.is_commentable(here) is (number in shown)
            if number in shown:
                assert file.text_at(here) == whole[number - 1]


@settings(max_examples=100)
@given(TEXTS, TEXTS, CONTEXT, st.sampled_from(list(Side)), st.data())
def test_a_range_becomes_a_place_inside_one_hunk_that_begins_and_ends_with_a_change(
    base: list[str], head: list[str], context: int, side: Side, data: st.DataObject
) -> None:
    file = one(base, head, context)
    if file is None:
        return
    whole = base if side is Side.BASE else head
    changed = expected(base, head)[side is Side.HEAD]
    start = data.draw(st.integers(-2, len(whole) + 3))
    end = data.draw(st.integers(-2, len(whole) + 3) | st.just(10**12))
    found = file.locate(side, start, end)
    inside = [number for number in changed if start <= number <= end]
    if not inside:
        assert found is None
        return
    assert found is not None
    assert (found.path, found.side) == (file.path, side)
    assert found.start_line == inside[0]
    assert found.end_line in inside
    assert file.is_commentable(found)
    assert file.text_at(found) == "\n".join(whole[found.start_line - 1 : found.end_line])
    # No change of the same hunk is left out.
    rest = [number for number in inside if number > found.end_line]
    assert all(not file.is_commentable(place(file, side, inside[0], number)) for number in rest)


@settings(max_examples=100)
@given(TEXTS, TEXTS, CONTEXT, st.sampled_from(list(Side)), st.data())
def test_a_quote_becomes_an_anchor_that_reads_as_the_quote(
    base: list[str], head: list[str], context: int, side: Side, data: st.DataObject
) -> None:
    file = one(base, head, context)
    if file is None:
        return
    whole = base if side is Side.BASE else head
    sent = SentFile.of_hunks(file)
    numbers = sorted(sent.lines(side))
    if not numbers:
        return
    start = data.draw(st.sampled_from(numbers))
    length = data.draw(st.integers(1, 3))
    quote = "\n".join(whole[start - 1 : start - 1 + length])
    found = locate(sent, side, quote)
    if not isinstance(found, Located) or found.location is None:
        return
    assert found.location.side is side
    assert file.is_commentable(found.location)
    changed = file.changed(side)
    assert {found.location.start_line, found.location.end_line} <= set(changed)
    text = file.text_at(found.location)
    assert text == "\n".join(whole[found.location.start_line - 1 : found.location.end_line])
    assert all(line.strip() in quote for line in text.split("\n"))


def test_a_quote_of_an_added_line_is_found() -> None:
    # So that the property above is about something.
    file = one(["a"], ["a", "total = 0", "b"], 1)
    assert file is not None
    found = locate(SentFile.of_hunks(file), Side.HEAD, "total = 0")
    assert isinstance(found, Located)
    assert found.location == place(file, Side.HEAD, 2, 2)


@settings(max_examples=100)
@given(TEXTS, TEXTS, CONTEXT, st.data())
def test_a_patch_of_which_any_line_is_another_never_lies_about_its_lines(
    base: list[str], head: list[str], context: int, data: st.DataObject
) -> None:
    from tests.fuzz.changes import read_diff

    patch = patch_of(NAMES[0], base, head, context).split("\n")
    index = data.draw(st.integers(0, len(patch) - 1))
    patch[index] = data.draw(LINES | st.text(max_size=8))
    read_diff("\n".join(patch).encode("utf-8", "replace"))
