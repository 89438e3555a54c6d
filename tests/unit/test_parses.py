"""A suggestion's text is read again by the parser of its language."""

from __future__ import annotations

import pytest

from reviewer.adapters.patterns.examiner import LANGUAGES
from reviewer.adapters.patterns.parses import parses

SOUND = {
    "python": "def f(a: int) -> int:\n    return a\n",
    "javascript": "let a = 1\nfunction f() { return `${a}` }\n",
    "typescript": "const a: number = 1;\n",
    "go": "package a\n\nfunc f() {}\n",
    "rust": "fn f() {}\n",
    "java": "class A { int f() { return 1; } }\n",
    "ruby": "x = <<~A\n  a\nA\n",
    "bash": "cat <<EOF\nx\nEOF\n",
    "yaml": "a:\nb:\n  - c\n",
    "json": '{"a": 1}\n',
    "terraform": 'resource "a" "b" {\n  c = 1\n}\n',
    "html": "<ul><li>a<li>b</ul>\n",
    "markdown": "# a\n\n- b\n  c\n\n> d\n> e\n",
}
BROKEN = [
    ("python", "x = f(\n"),
    ("python", "def f(:\n    pass\n"),
    ("python", "def f():\n"),
    ("python", "for x in y:\n\nz = 1\n"),
    ("javascript", "if (a {"),
    ("typescript", "const a: = 1"),
    ("go", "package a\nfunc f( {}\n"),
    ("rust", "fn f() { let x = 1 }\n"),
    ("java", "class A { int f() { return 1 } }\n"),
    ("ruby", "def f\n 1\n"),
    ("bash", "if true; then echo\n"),
    ("yaml", "a: [1,\n"),
    ("json", '{"a": 1'),
    ("terraform", 'resource "a" "b" {\n  c =\n}\n'),
]


@pytest.mark.parametrize("language", sorted(SOUND))
def test_a_sound_text_is_read(language: str) -> None:
    assert parses(language, SOUND[language]) is True


@pytest.mark.parametrize(("language", "text"), BROKEN)
def test_a_text_with_a_syntax_error_is_not(language: str, text: str) -> None:
    assert parses(language, text) is False


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_text_that_holds_nothing_is_sound(language: str) -> None:
    assert parses(language, "\n") is True


def test_nobody_can_tell_of_a_language_without_a_parser() -> None:
    assert parses("cobol", "x") is None
    assert parses("", "x") is None


def test_nobody_can_tell_of_what_is_too_large_too_deep_or_no_text() -> None:
    assert parses("python", "x = 1\n" * 200_000) is None
    assert parses("python", "(" * 1_200 + ")" * 1_200) is None
    assert parses("python", "x = '\ud800'\n") is None
