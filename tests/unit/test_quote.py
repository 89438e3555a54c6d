"""A quote is found in what was sent, on its side, as one run of lines, or it is refused."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.change import FileChange, Side
from reviewer.prompting import quote as quoting
from reviewer.prompting.layout import lay_out
from reviewer.prompting.quote import Located, Unlocated, locate
from reviewer.prompting.sent import Sent, SentFile
from reviewer.testing.builders import build_file

BEFORE = """\
import os


def run(request):
    name = request.args["name"]
    check(name)
    return lookup(name)


def other():
    one()
    two()
    three()
    four()
    five()
    six()
    seven()
    eight()
    nine()
    return None
"""
AFTER = """\
import os


def run(request):
    name = request.args["name"]
    command = "ls " + name
    if command:
        os.system(command)
    return lookup(name)


def other():
    one()
    two()
    three()
    four()
    five()
    six()
    seven()
    eight()
    nine()
    return 0
"""
FILE = build_file("app/run.py", before=BEFORE, after=AFTER)
HUNKS = SentFile.of_hunks(FILE)
#: With the whole new file shown, as when a changed function is long.
WHOLE = SentFile(
    file=FILE,
    head=dict(enumerate(AFTER.splitlines(), start=1)),
    base=HUNKS.base,
)


def lines(found: Located | Unlocated) -> tuple[int, int]:
    assert isinstance(found, Located), found
    assert found.location is not None
    return found.location.start_line, found.location.end_line


def reason(found: Located | Unlocated) -> str:
    assert isinstance(found, Unlocated), found
    return found.reason


def test_a_line_stands_where_it_is() -> None:
    assert lines(locate(HUNKS, Side.HEAD, "        os.system(command)")) == (8, 8)


@pytest.mark.parametrize(
    "quote",
    [
        "    if command:\n        os.system(command)",
        "if command:\n    os.system(command)",
        "if command:\n        os.system(command)",
        "        if command:\n            os.system(command)",
        "    if command:   \n        os.system(command)\t",
        "\n    if command:\r\n        os.system(command)\r\n",
        "```python\n    if command:\n        os.system(command)\n```",
        "+    if command:\n+        os.system(command)",
        "7 +    if command:\n8 +        os.system(command)",
        "     7 | +    if command:\n     8 | +        os.system(command)",
        "7+    if command:\n8+        os.system(command)",
        "7+    if command:\n6-    check(name)\n8+        os.system(command)",
        "+    if command:\n-    check(name)\n+        os.system(command)",
        "7|    if command:\n8|        os.system(command)",
        "      7 │     if command:\n      8 │         os.system(command)",
        "6  7     if command:\n   8         os.system(command)",
    ],
)
def test_white_space_fences_and_the_copied_gutter_are_forgiven(quote: str) -> None:
    assert lines(locate(HUNKS, Side.HEAD, quote)) == (7, 8)


def test_context_around_changed_lines_is_left_off_the_place() -> None:
    found = locate(HUNKS, Side.HEAD, '    name = request.args["name"]\n    command = "ls " + name')

    assert lines(found) == (6, 6)
    assert isinstance(found, Located)
    assert (found.quoted.start_line, found.quoted.end_line) == (5, 6)


def test_a_copied_gutter_may_mix_changed_and_unchanged_lines() -> None:
    quote = '5     name = request.args["name"]\n6+    command = "ls " + name'

    assert lines(locate(HUNKS, Side.HEAD, quote)) == (6, 6)


def test_blank_lines_and_code_that_begins_with_digits_survive_the_gutter() -> None:
    file = build_file("a.txt", before="", after="1 one\n\n2 two\n", language=None)
    sent = SentFile.of_hunks(file)

    assert lines(locate(sent, Side.HEAD, "1+1 one\n2+\n3+2 two")) == (1, 3)
    assert lines(locate(sent, Side.HEAD, "1 1 one\n2\n3 2 two")) == (1, 3)
    assert lines(locate(sent, Side.HEAD, "1 one\n\n2 two")) == (1, 3)


@pytest.mark.holds("P04")
@pytest.mark.parametrize(
    ("quote", "why"),
    [
        ("os.popen(command)", quoting.NOT_SENT),
        ("    if command:\n    ...\n    return lookup(name)", quoting.ELIDED),
        ("    if command:\n    # ...\n    return lookup(name)", quoting.ELIDED),
        ('    command = "ls " + name\n        os.system(command)', quoting.RECOMBINED),
        ("        os.system(command)\n    if command:", quoting.RECOMBINED),
        ("    check(name)", quoting.OTHER_SIDE),
        ("", quoting.NOTHING),
        ("   \n\n", quoting.NOTHING),
        ("}", quoting.NOTHING),
        ("```\n```", quoting.NOTHING),
        ("if command:\nos.system(command)", quoting.RECOMBINED),
        ("IF COMMAND:", quoting.NOT_SENT),
        ("x\n" * 101, quoting.TOO_LONG),
    ],
)
def test_a_quote_that_is_not_in_the_text_is_refused_with_the_reason(quote: str, why: str) -> None:
    assert reason(locate(HUNKS, Side.HEAD, quote)) == why


def test_removed_code_is_found_on_the_base_side_only() -> None:
    found = locate(HUNKS, Side.BASE, "    check(name)")

    assert lines(found) == (6, 6)
    assert reason(locate(HUNKS, Side.BASE, "        os.system(command)")) == quoting.OTHER_SIDE


def test_context_of_a_hunk_stands_for_the_file() -> None:
    found = locate(HUNKS, Side.HEAD, "    return lookup(name)")

    assert isinstance(found, Located)
    assert found.location is None
    assert found.note == quoting.ONLY_CONTEXT
    assert found.text == "    return lookup(name)"


@pytest.mark.holds("P04")
def test_code_outside_every_hunk_is_not_touched_by_the_change() -> None:
    assert reason(locate(WHOLE, Side.HEAD, "    four()")) == quoting.UNTOUCHED
    assert reason(locate(HUNKS, Side.HEAD, "    four()")) == quoting.NOT_SENT


def test_a_run_over_two_hunks_stands_on_the_first() -> None:
    text = "\n".join(AFTER.splitlines()[7:21])

    assert lines(locate(WHOLE, Side.HEAD, text)) == (8, 8)
    assert reason(locate(HUNKS, Side.HEAD, text)) != ""


def test_of_equal_places_the_first_changed_one_counts_and_copied_numbers_decide() -> None:
    file = build_file("a.py", before="go()\n", after="go()\nwait()\ngo()\nwait()\ngo()\n")
    sent = SentFile.of_hunks(file)

    assert lines(locate(sent, Side.HEAD, "wait()")) == (2, 2)
    assert lines(locate(sent, Side.HEAD, "4 | wait()")) == (4, 4)
    assert lines(locate(sent, Side.HEAD, "99 | wait()")) == (2, 2)


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("subprocess.run(command, shell=True)", 1),
        ("shell=True", quoting.AMBIGUOUS),
        ("run(com", quoting.NOT_SENT),
        ("process.run(command, shell=True)", quoting.NOT_SENT),
        ("other, shell=True", 2),
    ],
)
def test_a_part_of_a_line_counts_as_whole_words_of_one_changed_line(
    quote: str, expected: int | str
) -> None:
    file = build_file(
        "a.py",
        before="",
        after="x = subprocess.run(command, shell=True)\ny = call(other, shell=True)\n",
    )
    found = locate(SentFile.of_hunks(file), Side.HEAD, quote)

    if isinstance(expected, int):
        assert lines(found) == (expected, expected)
    else:
        assert reason(found) == expected


@pytest.mark.holds("P04")
def test_what_was_sent_counts_and_not_what_the_file_holds() -> None:
    file = build_file("a.py", before="", after='key = "hunter2-hunter2"\n')
    sent = SentFile(file=file, head={1: 'key = "[redacted password]"'}, base={})

    assert lines(locate(sent, Side.HEAD, 'key = "[redacted password]"')) == (1, 1)
    assert reason(locate(sent, Side.HEAD, 'key = "hunter2-hunter2"')) == quoting.NOT_SENT


def test_carriage_returns_tabs_and_other_scripts_are_text() -> None:
    file = build_file("a.go", before="", after="\tif größe > 0 {\r\n\t\treturn π\r\n\t}\r\n")
    sent = SentFile.of_hunks(file)

    assert lines(locate(sent, Side.HEAD, "\tif größe > 0 {\n\t\treturn π\n\t}")) == (1, 3)
    assert lines(locate(sent, Side.HEAD, "if größe > 0 {\n\treturn π\n}")) == (1, 3)


def test_a_gap_in_what_was_sent_is_no_neighbourhood() -> None:
    file = build_file("a.py", before="", after="one = 1\ntwo = 2\nthree = 3\n")
    sent = SentFile(file=file, head={1: "one = 1", 3: "three = 3"}, base={})

    assert reason(locate(sent, Side.HEAD, "one = 1\nthree = 3")) == quoting.RECOMBINED


def test_a_file_without_hunks_has_no_place() -> None:
    file = FileChange(path="a.png", status=FILE.status)

    assert reason(locate(SentFile.of_hunks(file), Side.HEAD, "anything")) == quoting.NOT_SENT


def test_a_deleted_file_is_quoted_from_the_base() -> None:
    file = build_file("a.py", before="check()\ngo()\n", after=None)

    assert lines(locate(SentFile.of_hunks(file), Side.BASE, "check()\ngo()")) == (1, 2)


def test_sent_knows_whether_a_whole_file_was_shown() -> None:
    assert WHOLE.whole
    assert not HUNKS.whole
    assert Sent(files=(WHOLE,)).by_path["app/run.py"] is WHOLE


CODE = st.lists(
    st.sampled_from(
        ["a()", "b()", "    a()", "    b()", "if x:", "", "}", "\tc(1)", "é = 2", "..."]
    ),
    max_size=14,
)


@pytest.mark.holds("R28", "P05")
@given(before=CODE, after=CODE, data=st.data())
def test_every_place_is_commentable_and_holds_what_was_quoted(
    before: list[str], after: list[str], data: st.DataObject
) -> None:
    file = build_file("a.py", before="\n".join(before) + "\n", after="\n".join(after) + "\n")
    sent = SentFile.of_hunks(file)
    side = data.draw(st.sampled_from(Side))
    numbers = sorted(sent.lines(side)) or [1]
    start = data.draw(st.sampled_from(numbers))
    end = data.draw(st.integers(start, start + 4))
    run = [sent.lines(side)[n] for n in range(start, end + 1) if n in sent.lines(side)]
    found = locate(sent, side, "\n".join(run))

    if isinstance(found, Located):
        assert found.text.strip("\n").split() == "\n".join(run).split()
        if found.location is not None:
            assert file.is_commentable(found.location)
            assert file.locate(side, found.location.start_line, found.location.end_line)
    changed = any(n in file.changed(side) for n in range(start, start + len(run)))
    contiguous = all(n in sent.lines(side) for n in range(start, start + len(run)))
    shows = any(character.isalnum() for line in run for character in line)
    if changed and contiguous and shows and run[0].strip() and run[-1].strip():
        assert isinstance(found, Located)
        assert found.location is not None


@pytest.mark.holds("R30")
@given(quote=st.text(max_size=200))
def test_no_quote_raises(quote: str) -> None:
    for side in Side:
        locate(HUNKS, side, quote)


@pytest.mark.holds("S19")
def test_the_same_line_ten_thousand_times_is_searched_in_bounded_time() -> None:
    text: Mapping[int, str] = dict.fromkeys(range(1, 10_001), "same()")
    file = build_file("a.py", before=None, after="same()\n" * 10_000)
    sent = SentFile(file=file, head=text, base={})

    assert lines(locate(sent, Side.HEAD, "\n".join(["same()"] * 100))) == (1, 100)
    assert reason(locate(sent, Side.HEAD, "\n".join(["same()"] * 99 + ["other()"])))


def test_every_changed_line_is_found_as_the_layout_shows_it_with_gutter_and_without() -> None:
    [section] = lay_out(FILE, part_characters=100_000)
    sent = SentFile(file=FILE, head=section.head, base=section.base)
    shown = {line.split("+")[0]: line for line in section.text.splitlines() if "+" in line[:5]}

    for number, text in FILE.added.items():
        assert lines(locate(sent, Side.HEAD, shown[str(number)])) == (number, number)
        assert lines(locate(sent, Side.HEAD, text)) == (number, number)
