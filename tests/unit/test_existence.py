"""That something is not there is believed only where the sent text or the tree shows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.change import Change, FileChange, Side
from reviewer.domain.persona import Rule
from reviewer.prompting.existence import Absence, Context, absence, unfounded
from reviewer.prompting.quote import Located, locate
from reviewer.prompting.sent import Sent, SentFile
from reviewer.testing.builders import build_change, build_file, build_rule

SAYS = [
    ("`helper` is not defined", Absence.SYMBOL),
    ("helper() is undefined here", Absence.SYMBOL),
    ("`json` isn't imported", Absence.SYMBOL),
    ("Missing import of `os`", Absence.SYMBOL),
    ("`Session.fetch_all` does not exist", Absence.SYMBOL),
    ("`Client` has no attribute `http3`", Absence.SYMBOL),
    ("Calls a nonexistent method", Absence.SYMBOL),
    ("There is no such function", Absence.SYMBOL),
    ("the variable is used without being defined", Absence.SYMBOL),
    ("`--fast` is not a valid option", Absence.SYMBOL),
    ("Unresolved reference", Absence.SYMBOL),
    ("The name is undeclared, so the build fails when it starts", Absence.SYMBOL),
    ("Python 3.15 has not been released", Absence.VERSION),
    ("Version 9.9 does not exist", Absence.VERSION),
    ("`ruff==0.99.0` does not exist", Absence.VERSION),
    ("The tag v7 is not yet available", Absence.VERSION),
    ("gpt-9 is not a known model; the model is unknown", Absence.VERSION),
    ("Unknown version of the action", Absence.VERSION),
    ("The date lies in the future", Absence.VERSION),
    ("The file `a.py` is missing", Absence.FILE),
    ("`config/prod.yml` does not exist", Absence.FILE),
    ("The migration was not added", Absence.FILE),
    ("Missing documentation", Absence.FILE),
    ("There is no test for this", Absence.TEST),
    ("The branch is untested", Absence.TEST),
    ("Missing unit tests", Absence.TEST),
    ("This is not covered by any case", Absence.TEST),
    ("lacks test coverage", Absence.TEST),
    ("`helper` is unused", Absence.UNUSED),
    ("The variable is never used", Absence.UNUSED),
    ("This is dead code", Absence.UNUSED),
]

SAYS_NOT = [
    "When the key does not exist, `d[key]` raises KeyError.",
    "A KeyError follows if the user does not exist.",
    "open() fails once the file is missing",
    "The value is returned as undefined for an empty list.",
    "`find` returns undefined or null.",
    "Signed overflow is undefined behaviour.",
    "The connection is never closed on this path.",
    "Without a timeout the worker waits for ever.",
    "The error is swallowed and the caller goes on.",
    "No lock is held between the two statements.",
    "The check of the owner is gone.",
    "The password is written to the log.",
    "A missing header gives a crash: `None.split` raises.",
    "The lock is not released when the body raises.",
    "Two requests both see no file and both create it.",
    "The loop shares no fixture with the other tests.",
    "The new field is not validated, so a negative quantity passes.",
    "The file is not closed when `parse` raises.",
    "There is no file lock, so two writers interleave.",
    "No field validation is done on the way in.",
    "Missing dependency injection ties the class to one client.",
    "The missing directory traversal check lets `../` through.",
    "The test sleeps for a second and fails on slow machines.",
]


@pytest.mark.holds("P04", "P28")
@pytest.mark.parametrize(("text", "kind"), SAYS)
def test_a_claim_of_absence_is_seen(text: str, kind: Absence) -> None:
    assert absence(text) is kind


@pytest.mark.parametrize("text", SAYS_NOT)
def test_what_happens_at_run_time_is_no_claim_of_absence(text: str) -> None:
    assert absence(text) is None


def context(
    file: FileChange, quote: str, *others: FileChange, rule: Rule | None = None, whole: bool = True
) -> Context:
    change = build_change(file, *others)
    sent = SentFile.of_hunks(file)
    if whole and file.head_text is not None:
        sent = replace(sent, head=dict(enumerate(file.head_text.splitlines(), start=1)))
    located = locate(sent, Side.HEAD, quote)
    assert isinstance(located, Located)
    return Context(
        sent=Sent(files=(sent, *(SentFile.of_hunks(other) for other in others))),
        change=change,
        rule=rule or build_rule("TST001", "Keep the interface"),
        file=sent,
        located=located,
    )


def with_tree(found: Context, *paths: str) -> Context:
    change = Change(
        base=found.change.base,
        head=found.change.head,
        files=found.change.files,
        head_paths=frozenset(paths),
    )
    return replace(found, change=change)


USES = build_file(
    "a.py",
    before="def helper():\n    return 1\n\n\ndef run():\n    return 2\n",
    after="def run():\n    return helper()\n",
)


def test_a_name_whose_definition_the_change_removes_is_gone() -> None:
    claim = ("`helper` is not defined any more", "The change removes it, the call fails.")

    assert unfounded(*claim, context(USES, "    return helper()")) is None


def test_a_name_that_moves_is_not_gone() -> None:
    moved = build_file("b.py", before="", after="def helper():\n    return 1\n")
    found = context(USES, "    return helper()", moved)

    assert unfounded("`helper` is not defined", "It was removed.", found) is not None


@pytest.mark.holds("P04", "P28")
def test_a_name_that_nobody_removed_may_stand_anywhere() -> None:
    file = build_file("a.py", before="\n", after="x = other()\n")

    assert unfounded("`other` is undefined", "It fails.", context(file, "x = other()"))


@pytest.mark.holds("P04")
def test_a_file_that_the_tree_does_not_have_is_missing() -> None:
    file = build_file("a.py", before="\n", after='page = load("pages/order.html")\n')
    claim = ("The page is missing", "The file `pages/order.html` does not exist.")
    found = context(file, 'page = load("pages/order.html")')

    assert unfounded(*claim, found) is not None, "nothing is known of the tree"
    assert unfounded(*claim, with_tree(found, "a.py")) is None
    assert unfounded(*claim, with_tree(found, "a.py", "web/pages/order.html")) is not None


def test_a_file_that_the_change_deletes_is_missing_and_one_that_it_adds_is_not() -> None:
    file = build_file("a.py", before="\n", after='page = load("order.html")\n')
    claim = ("A file is gone", "`order.html` does not exist.")
    deleted = build_file("web/order.html", before="<p>\n", after=None)
    added = build_file("web/order.html", after="<p>\n")

    assert unfounded(*claim, context(file, 'page = load("order.html")', deleted)) is None
    assert unfounded(*claim, context(file, 'page = load("order.html")', added)) is not None


TESTED = build_rule("TST900", "Cover new behaviour with a test")
NEW = build_file("a.py", before="\n", after="def total(items):\n    return sum(items)\n")


@pytest.mark.parametrize(
    ("rule", "tests", "believed"),
    [
        (TESTED, None, True),
        (TESTED, "def test_other():\n    assert other()\n", True),
        (TESTED, "def test_total():\n    assert total([]) == 0\n", False),
        (build_rule("SEC001", "Quote what reaches a shell"), None, False),
    ],
)
def test_a_missing_test_is_believed_where_tests_are_the_matter_and_none_names_it(
    rule: Rule, tests: str | None, *, believed: bool
) -> None:
    others = () if tests is None else (build_file("tests/test_a.py", after=tests),)
    found = context(NEW, "def total(items):", *others, rule=rule)
    reason = unfounded("`total` has no test", "Nothing would notice a wrong sum.", found)

    assert (reason is None) is believed


def test_an_unused_private_name_is_believed_where_the_whole_file_was_shown() -> None:
    file = build_file("a.py", before="\n", after="def _spare():\n    return 1\n")
    claim = ("`_spare` is unused", "Nothing calls it.")

    assert unfounded(*claim, context(file, "def _spare():")) is None
    cut = replace(context(file, "def _spare():"), file=SentFile(file=file, head={1: ""}, base={}))
    assert unfounded(*claim, cut) is not None


def test_an_unused_name_that_stands_elsewhere_or_is_public_is_not_believed() -> None:
    used = build_file("a.py", before="\n", after="def _spare():\n    return 1\n\nx = _spare()\n")
    public = build_file("a.py", before="\n", after="def spare():\n    return 1\n")

    assert unfounded("`_spare` is unused", "It is.", context(used, "def _spare():")) is not None
    assert unfounded("`spare` is unused", "It is.", context(public, "def spare():")) is not None


@pytest.mark.holds("P04")
def test_a_version_is_never_known_not_to_exist() -> None:
    file = build_file("a.txt", before="\n", after="httpx==0.99\n", language=None)
    found = context(file, "httpx==0.99")

    assert "(version)" in (unfounded("Version 0.99 does not exist", "It fails.", found) or "")
