"""How ``.gitattributes`` are read: as git does, the deepest file and the last line winning."""

from __future__ import annotations

import pytest

from reviewer.domain.git_attributes import read_attributes

GENERATED, VENDORED, DIFF = "linguist-generated", "linguist-vendored", "diff"


def said(path: str, text: str, **deeper: str) -> dict[str, bool]:
    texts = {".gitattributes": text}
    texts |= {f"{folder}/.gitattributes": inner for folder, inner in deeper.items()}
    return read_attributes(texts).of(path)


@pytest.mark.parametrize(
    ("line", "states"),
    [
        ("*.py linguist-generated", {GENERATED: True}),
        ("*.py linguist-generated=true", {GENERATED: True}),
        ("*.py linguist-generated=false", {GENERATED: False}),
        ("*.py linguist-generated=FALSE", {GENERATED: False}),
        ("*.py linguist-generated=0", {GENERATED: False}),
        ("*.py linguist-generated=no", {GENERATED: False}),
        ("*.py linguist-generated=off", {GENERATED: False}),
        ("*.py linguist-generated=1", {GENERATED: True}),
        ("*.py -linguist-generated", {GENERATED: False}),
        ("*.py linguist-generated !linguist-generated", {}),
        ("*.py !linguist-generated", {}),
        ("*.py -diff linguist-vendored text eol=lf", {DIFF: False, VENDORED: True}),
        ("*.py binary", {DIFF: False}),
        ("*.py -binary", {}),
        ("*.py binary diff", {DIFF: True}),
        ("*.py text", {}),
        ("*.py", {}),
        ("\t *.py\tdiff", {DIFF: True}),
        ("# *.py diff", {}),
        ("!*.py diff", {}),
        ("*.js diff", {}),
        ("", {}),
    ],
)
def test_a_line_sets_and_unsets_what_a_review_cares_about(
    line: str, states: dict[str, bool]
) -> None:
    assert said("a.py", line) == states


def test_the_last_line_and_the_deepest_file_win_each_attribute_for_itself() -> None:
    text = "*.py diff linguist-vendored\n*.py -diff\n"
    assert said("src/a.py", text) == {DIFF: False, VENDORED: True}
    assert said("src/a.py", text, src="*.py diff") == {DIFF: True, VENDORED: True}
    assert said("other/a.py", text, src="*.py diff") == {DIFF: False, VENDORED: True}
    assert said("src/deep/a.py", text, **{"src/deep": "*.py -linguist-vendored"}) == {
        DIFF: False,
        VENDORED: False,
    }
    order = {"b/.gitattributes": "*.py diff", ".gitattributes": "*.py -diff"}
    assert read_attributes(order).of("b/a.py") == {DIFF: True}


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.py", "src/a.py", True),
        ("/a.py", "a.py", True),
        ("/a.py", "src/a.py", False),
        ("src/*.py", "src/a.py", True),
        ("src/", "src/a.py", False),
        ("src/**", "src/b/a.py", True),
        ('"a b.py"', "a b.py", True),
        (r'"a \"b\".py"', 'a "b".py', True),
        (r"a\*.py", "a*.py", True),
        (r"a\*.py", "ab.py", False),
        ("src", "src", True),
    ],
)
def test_patterns_are_those_of_git(pattern: str, path: str, *, matches: bool) -> None:
    assert said(path, f"{pattern} diff") == ({DIFF: True} if matches else {})


def test_a_pattern_of_a_folder_s_file_is_asked_inside_that_folder() -> None:
    texts = {"src/.gitattributes": "/a.py diff"}
    assert read_attributes(texts).of("src/a.py") == {DIFF: True}
    assert read_attributes(texts).of("a.py") == {}
    assert read_attributes(texts).of("src/src/a.py") == {}
    assert read_attributes(texts).of("srcs/a.py") == {}


def test_a_macro_of_the_top_file_stands_for_its_attributes() -> None:
    text = "[attr]made linguist-generated -diff\n*.py made\n*.js -made\n"
    assert said("a.py", text) == {GENERATED: True, DIFF: False}
    assert said("a.js", text) == {}
    assert said("x/b.py", "*.txt diff", x="[attr]made diff\n*.py made\n") == {}
    assert said("a.py", "[attr]binary diff\n*.py binary\n") == {DIFF: True}
