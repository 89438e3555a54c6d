"""Findings keep their lines: through rebases by their place, through edits by what they read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewer.domain.anchor import anchored, in_same_patch, still_standing
from reviewer.domain.change import FileChange, Side
from reviewer.domain.finding import Finding
from reviewer.testing.builders import build_file, build_finding

BODY = [f"    step({number})" for number in range(12)]
texts = st.lists(st.sampled_from([*BODY, "", "}", "    return None"]), min_size=1, max_size=12)


def file_of(before: list[str], after: list[str]) -> FileChange:
    return build_file(
        "app.py", before="".join(f"{x}\n" for x in before), after="".join(f"{x}\n" for x in after)
    )


def read(finding: Finding | None, file: FileChange) -> str:
    assert finding is not None
    assert finding.location is not None
    assert file.is_commentable(finding.location)
    return file.text_at(finding.location)


@pytest.mark.holds("P09")
@settings(max_examples=60, derandomize=True)
@given(texts, texts, texts, st.integers(min_value=0, max_value=30), st.data())
def test_a_rebase_moves_every_finding_onto_the_same_text(
    kept: list[str], added: list[str], below: list[str], shift: int, data: st.DataObject
) -> None:
    base, head = [*kept, *below], [*kept, *added, *below]
    file = file_of(base, head)
    if not file.added:
        return
    start = data.draw(st.sampled_from(sorted(file.added)))
    end = start + 1 if start + 1 in file.added else start
    finding = build_finding(file, start, end_line=end)
    heard = anchored(finding, file)
    above = [f"import module_{number}" for number in range(shift)]
    moved = file_of([*above, *base], [*above, *head])
    same = in_same_patch(heard, moved) if _patch(moved) == _patch(file) else None
    for found in (same, still_standing(heard, moved)):
        if found is None:
            # The new lines above are in the hunk's context: the line around is another one.
            assert _patch(moved) != _patch(file)
            continue
        assert read(found, moved) == finding.quote
        assert found.fingerprint == finding.fingerprint


def _patch(file: FileChange) -> list[list[tuple[str, str]]]:
    return [[(line.kind.value, line.text) for line in hunk.lines] for hunk in file.hunks]


@pytest.mark.holds("P02")
@settings(max_examples=60, derandomize=True)
@given(texts, texts)
def test_edits_elsewhere_leave_a_finding_where_its_lines_are(
    above: list[str], below: list[str]
) -> None:
    core = ["def f():", "    before = 1", "    wrong = 2", "    after = 3", "    return wrong"]
    file = file_of([], core)
    finding = build_finding(file, 3)
    edited = file_of([], [*above, *core, *below])
    found = still_standing(anchored(finding, file), edited)
    assert read(found, edited) == "    wrong = 2"
    assert found is not None
    assert found.location is not None
    assert found.location.start_line == len(above) + 3


def test_a_line_that_reads_differently_is_gone() -> None:
    file = file_of([], ["a = 1", "b = 2", "c = 3"])
    heard = anchored(build_finding(file, 2), file)
    assert still_standing(heard, file_of([], ["a = 1", "b = 3", "c = 3"])) is None
    assert still_standing(heard, file_of([], ["a = 0", "b = 2", "c = 3"])) is None
    assert still_standing(heard, file_of([], ["  a = 1", "  b = 2", "  c = 3"])) is not None


def test_a_line_that_no_longer_belongs_to_the_change_is_gone() -> None:
    file = file_of(["a = 1", "c = 3"], ["a = 1", "b = 2", "c = 3"])
    heard = anchored(build_finding(file, 2), file)
    merged = file_of(["a = 1", "b = 2", "c = 3"], ["a = 1", "b = 2", "c = 3", "d = 4"])
    assert still_standing(heard, merged) is None


@pytest.mark.holds("P02")
def test_of_lines_that_read_the_same_each_finding_keeps_its_own() -> None:
    block = ["begin", "wrong", "end", "pause"]
    file = file_of([], [*block, *block, *block])
    heard = anchored(build_finding(file, 6), file)
    assert heard.turn == 1
    edited = file_of([], ["first", *block, *block, *block])
    found = still_standing(heard, edited)
    assert found is not None
    assert found.location is not None
    assert found.location.start_line == 7
    fewer = still_standing(heard, file_of([], ["first", *block]))
    assert fewer is not None
    assert fewer.location is not None
    assert fewer.location.start_line == 3


def test_removed_code_is_found_on_its_own_side() -> None:
    file = file_of(["a", "check()", "b"], ["a", "b"])
    finding = build_finding(file, 2, side=Side.BASE)
    moved = file_of(["x", "y", "z", "w", "a", "check()", "b"], ["x", "y", "z", "w", "a", "b"])
    found = still_standing(anchored(finding, file), moved)
    assert found is not None
    assert found.location is not None
    assert (found.location.side, found.location.start_line) == (Side.BASE, 6)


def test_a_finding_about_a_file_stands_while_what_it_quotes_does() -> None:
    file = file_of([], ["a = 1", "b = 2"])
    finding = replace(build_finding(file, None), quote="b = 2")
    heard = anchored(finding, file)
    assert heard.hunk is None
    assert in_same_patch(heard, file) == finding
    assert still_standing(heard, file_of([], ["b = 2", "c = 3"])) == finding
    assert still_standing(heard, file_of([], ["c = 3"])) is None


def test_a_replacement_is_kept_for_the_very_same_text_alone() -> None:
    file = file_of([], ["if a:", "    b = 2", "    c = 3"])
    finding = replace(build_finding(file, 2), suggestion="    b = 3")
    heard = anchored(finding, file)
    moved = still_standing(heard, file_of([], ["", "if a:", "    b = 2", "    c = 3"]))
    indented = still_standing(heard, file_of([], ["  if a:", "      b = 2", "      c = 3"]))
    assert moved is not None
    assert indented is not None
    assert (moved.suggestion, indented.suggestion) == ("    b = 3", "")


def test_a_place_in_a_hunk_that_does_not_read_so_is_not_believed() -> None:
    file = file_of([], ["a = 1", "b = 2"])
    heard = anchored(build_finding(file, 2), file)
    assert in_same_patch(replace(heard, hunk=3), file) is None
    assert in_same_patch(replace(heard, first=0, last=0), file) is None
    assert in_same_patch(replace(heard, first=9, last=9), file) is None


def test_a_finding_about_a_file_follows_it_to_its_new_name() -> None:
    file = file_of([], ["a = 1", "b = 2"])
    finding = replace(build_finding(file, None), quote="b = 2")
    heard = anchored(finding, file)
    renamed = replace(file, path="new.py")
    for found in (in_same_patch(heard, renamed), still_standing(heard, renamed)):
        assert found is not None
        assert (found.path, found.location) == ("new.py", None)


def test_a_place_without_a_hunk_stands_in_no_line() -> None:
    file = file_of([], ["a = 1", "b = 2"])
    finding = build_finding(file, 2)
    found = in_same_patch(replace(anchored(finding, file), hunk=None), file)
    assert found is not None
    assert found.location is None
    assert in_same_patch(replace(anchored(finding, file), hunk=1), file) is None


def test_what_a_file_reads_outside_its_patch_is_looked_at_line_by_line() -> None:
    lines = [f"line {number} of it" for number in range(40)]
    file = file_of(lines, [*lines, "new"])
    quoted = replace(build_finding(file, None), quote="line 1 of it\nline 2 of it")
    assert still_standing(anchored(quoted, file), file) is not None
    parted = replace(quoted, quote="line 1 of it line 2 of it")
    assert still_standing(anchored(parted, file), file) is None


def test_of_lines_of_which_some_are_gone_the_last_stays() -> None:
    block = ["begin", "wrong", "end", "pause"]
    file = file_of([], block * 3)
    heard = anchored(build_finding(file, 10), file)
    found = still_standing(heard, file_of([], ["first", *block, *block]))
    assert found is not None
    assert found.location is not None
    assert found.location.start_line == 7


def test_of_very_many_lines_that_read_the_same_the_first_fifty_are_told_apart() -> None:
    block = ["begin", "wrong", "end"]
    file = file_of([], block * 60)
    turns = [anchored(build_finding(file, 3 * number + 2), file).turn for number in (0, 49, 55)]
    assert turns == [0, 49, 50]


def test_text_of_odd_bytes_has_a_fingerprint_as_well() -> None:
    file = file_of([], ["a = 1", "name = '\udcff'", "b = 2"])
    finding = build_finding(file, 2)
    assert still_standing(anchored(finding, file), file) == finding
