"""Code frames: the right lines, whatever is known of the file, and never a secret."""

from __future__ import annotations

import pytest

from reviewer.domain.change import FileChange, Location, Side
from reviewer.domain.finding import Finding
from reviewer.rendering.code_frame import CodeFrame, CodeFrames, mask
from reviewer.testing.builders import build_change, build_file, build_finding

TWENTY = "".join(f"line {number}\n" for number in range(1, 21))


def frame(file: FileChange, first: int, last: int, *findings: Finding) -> CodeFrame:
    frames = CodeFrames(change=build_change(file), findings=findings)
    location = Location(path=file.path, side=Side.HEAD, start_line=first, end_line=last)
    found = frames.frame(location)
    assert found is not None
    return found


def shown(found: CodeFrame) -> list[tuple[int, str, bool]]:
    return [(line.number, line.text, line.quoted) for line in found.lines]


def test_a_frame_has_two_lines_of_context_on_both_sides() -> None:
    found = frame(build_file("a.py", after=TWENTY), 10, 11)
    assert [line.number for line in found.lines] == [8, 9, 10, 11, 12, 13]
    assert [line.number for line in found.lines if line.quoted] == [10, 11]


def test_blank_context_at_the_edges_is_left_out() -> None:
    found = frame(build_file("a.py", after="\n\none\n\ntwo\n\n  \n"), 3, 3)
    assert [line.number for line in found.lines] == [3, 4, 5]


def test_a_frame_ends_where_the_file_does() -> None:
    assert shown(frame(build_file("a.py", after="one\ntwo\n"), 1, 1)) == [
        (1, "one", True),
        (2, "two", False),
    ]


def test_a_bare_patch_shows_what_its_hunks_show() -> None:
    after = TWENTY.replace("line 10\n", "changed\n")
    file = build_file("a.py", before=TWENTY, after=after, texts_known=False)
    assert [line.number for line in frame(file, 10, 10).lines] == [8, 9, 10, 11, 12]


def test_a_long_quote_is_cut_and_says_by_how_much() -> None:
    found = frame(build_file("a.py", after=TWENTY), 5, 16)
    assert [line.number for line in found.lines] == [3, 4, 5, 6, 7, 8, 9, 10]
    assert found.more == 6


@pytest.mark.holds("R40")
def test_a_line_of_many_thousand_characters_is_cut() -> None:
    (line,) = frame(build_file("a.py", after="x" * 140_000), 1, 1).lines
    assert len(line.text) == 200


def test_removed_lines_are_shown_as_they_were() -> None:
    file = build_file("a.py", before="one\ntwo\nthree\n", after="one\nthree\n")
    frames = CodeFrames(change=build_change(file), findings=())
    found = frames.frame(Location(path="a.py", side=Side.BASE, start_line=2, end_line=2))
    assert found is not None
    assert shown(found) == [(1, "one", False), (2, "two", True), (3, "three", False)]


def test_lines_that_nobody_knows_have_no_frame() -> None:
    file = build_file("a.py", after="one\n\n")
    frames = CodeFrames(change=build_change(file), findings=())
    assert frames.frame(Location(path="a.py", side=Side.HEAD, start_line=4, end_line=4)) is None
    assert frames.frame(Location(path="b.py", side=Side.HEAD, start_line=1, end_line=1)) is None


def test_a_finding_about_a_whole_file_has_no_frame() -> None:
    assert CodeFrames(change=build_change(), findings=()).frame(None) is None


@pytest.mark.holds("P31")
@pytest.mark.parametrize(
    "source",
    [
        *("ruff S105", "ruff S106", "ruff S107", "secret aws-key"),
        *("fact password-in-configuration", "fact kubernetes-secret-in-clear"),
    ],
)
def test_a_secret_is_masked_in_every_frame_that_shows_its_line(source: str) -> None:
    file = build_file("a.py", after='import os\nKEY = "hunter2hunter2"\nprint(KEY)\n')
    secret = build_finding(file, 2, sources=(source,))
    text = "\n".join(line.text for line in frame(file, 3, 3, secret).lines)
    assert text == 'import os\nKEY = "…"\nprint(KEY)'


@pytest.mark.holds("P31")
def test_a_secret_is_masked_in_the_quote_too() -> None:
    file = build_file("a.py", after='KEY = "hunter2hunter2"\n')
    secret = build_finding(file, 1, sources=("ruff S105",))
    assert CodeFrames(change=build_change(file), findings=(secret,)).quote(secret) == 'KEY = "…"'


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ('password = "s3cr3t" + "more"', 'password = "…" + "…"'),
        ('{"password": "s3cr3t"}', '{"password": "…"}'),
        ('config["password"] = "s3cr3t"', 'config["password"] = "…"'),
        ("PASSWORD=s3cr3t", "PASSWORD=…"),
        ("password: s3cr3t # why", "password: …"),
        ("s3cr3t", "…"),
        (r'key = "a\"b"', 'key = "…"'),
        ('x = a ? "s3cr3t" : "other"', 'x = a ? "…" : "…"'),
        ('key = """s3cr3t', 'key = """…'),
        ("- 'token': 's3cr3t'", "- 'token': '…'"),
        ('key == ["s3cr3t"] == 1', 'key == ["…"] == 1'),
        ('connect("s3cr3t")', 'connect("…")'),
    ],
)
def test_values_are_masked_and_names_stay(line: str, masked: str) -> None:
    assert mask(line) == masked


def test_hidden_characters_do_not_shift_lines() -> None:
    file = build_file("a.py", after="a\u2028b\r\nc\u202e\n")
    assert [line.text for line in frame(file, 1, 1).lines] == ["a[U+2028]b", "c[U+202E]"]
