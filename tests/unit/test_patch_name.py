"""Names of changes: the same for a rebase, another one for every edit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.change import FileChange, FileStatus, Location, Side
from reviewer.domain.patch_name import line_names, name_lines, names_at, patch_name, text_name
from reviewer.testing.builders import build_file

BEFORE = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n"
AFTER = BEFORE.replace("five\n", "FIVE\nfive and a half\n")
FILE = build_file("app.py", before=BEFORE, after=AFTER)


@pytest.mark.holds("P02", "P09")
@given(st.integers(min_value=1, max_value=40))
def test_lines_that_move_change_no_name(above: int) -> None:
    more = "".join(f"{number}\n" for number in range(above))
    moved = build_file("app.py", before=f"{more}{BEFORE}", after=f"{more}{AFTER}")
    assert moved.hunks[0].head_start == FILE.hunks[0].head_start + above
    assert patch_name(moved) == patch_name(FILE)
    assert line_names(moved) == line_names(FILE)


@pytest.mark.holds("S16", "P08")
@pytest.mark.parametrize(
    "other",
    [
        build_file("app.py", before=BEFORE, after=AFTER.replace("FIVE", "Five")),
        build_file("app.py", before=BEFORE, after=AFTER.replace("FIVE\n", "FIVE \n")),
        build_file("app.py", before=BEFORE, after=BEFORE.replace("five\n", "FIVE\n")),
        build_file("app.py", before=BEFORE, after=AFTER.replace("one\n", "ONE\n")),
        build_file("lib.py", before=BEFORE, after=AFTER),
        replace(FILE, base_path="old.py", status=FileStatus.RENAMED),
        replace(FILE, base_mode="100644", head_mode="100755"),
        # What was added is now removed, in the same words.
        build_file("app.py", before=AFTER, after=BEFORE),
        replace(FILE, hunks=()),
    ],
    ids=["case", "blank", "fewer", "more", "path", "rename", "mode", "reverted", "nothing"],
)
def test_every_edit_is_another_name(other: FileChange) -> None:
    assert patch_name(other) != patch_name(FILE)


def test_what_stands_around_a_hunk_and_its_heading_is_no_part_of_it() -> None:
    titled = replace(FILE, hunks=tuple(replace(h, heading="def f():") for h in FILE.hunks))
    assert patch_name(titled) == patch_name(FILE)


def test_a_line_has_the_name_of_its_surroundings() -> None:
    names = name_lines(build_file("a.py", after="a = {\n}\nb = {\n}\n"))
    assert len(set(names.values())) == 4
    indented = name_lines(build_file("a.py", after="  a  = {\n\t}\nb = {\n}\n"))
    assert set(indented.values()) == set(names.values())


def test_names_are_taken_from_the_side_of_a_location() -> None:
    def at(side: Side, start: int, end: int) -> Location:
        return Location(path="app.py", side=side, start_line=start, end_line=end)

    assert len(names_at(FILE, at(Side.HEAD, 4, 7))) == 2
    assert len(names_at(FILE, at(Side.BASE, 5, 5))) == 1
    assert not names_at(FILE, at(Side.HEAD, 1, 3))


def test_code_is_the_same_whatever_its_indentation() -> None:
    assert text_name("  return  x\n\n") == text_name("return x")
    assert text_name("return x") != text_name("return y")
    assert not text_name(" \n")
