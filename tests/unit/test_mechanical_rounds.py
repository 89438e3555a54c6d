"""Rounds without a model: tools look at everything each time, and people are told once."""

from __future__ import annotations

import pytest

from reviewer.domain.change import FileChange
from reviewer.domain.checklist import Verdict
from reviewer.domain.finding import OutcomeKind
from reviewer.domain.history import KnownState
from reviewer.domain.review import Review
from reviewer.domain.status import RunState
from reviewer.testing.builders import build_file
from tests.unit.round_example import LINTERS, Rounds

CODE = """\
import subprocess


def find(q: str) -> None:
    subprocess.run(f"grep {q}", shell=True)
    print(q)
"""


def search(code: str = CODE, path: str = "app/search.py") -> FileChange:
    return build_file(path, after=code)


def sentinel() -> Rounds:
    return Rounds(personas=("security-sentinel",), linters=LINTERS)


async def look(rounds: Rounds, *files: FileChange) -> Review:
    return await rounds.look(*files, mechanical=True)


@pytest.mark.holds("P02", "P07")
async def test_a_finding_of_a_tool_is_told_once_and_fixed_when_it_is_gone() -> None:
    rounds = sentinel()
    first = await look(rounds, search())
    (placed,) = first.shown
    assert placed.outcome.kind is OutcomeKind.INLINE
    second = await look(rounds, search(f"# moved\n\n{CODE}"))
    assert [p.finding.fingerprint for p in second.shown] == [placed.finding.fingerprint]
    assert second.since is not None
    assert second.since.new == frozenset()
    third = await look(rounds, search(CODE.replace(", shell=True", "")))
    assert third.state is RunState.COMPLETED
    assert third.since is not None
    assert [entry.rule_id for entry in third.since.fixed] == [placed.finding.rule_id]
    assert rounds.posted == {placed.finding.fingerprint: 1}


@pytest.mark.holds("P02", "P07")
async def test_a_dismissal_survives_an_edit_beside_the_line_and_a_rename() -> None:
    rounds = sentinel()
    first = await look(rounds, search())
    rounds.dismiss(first.shown[0].finding.fingerprint, reason="q is a constant")
    pushes = (
        search(CODE.replace("print(q)", "print(repr(q))")),
        search(CODE.replace("def find(q: str)", "def find_all(q: str)")),
        search(CODE.replace("def find(q: str)", "def find_all(q: str)"), path="app/find.py"),
        search(CODE.replace("print(q)", "return"), path="app/find.py"),
    )
    for push in pushes:
        review = await look(rounds, push)
        assert review.shown == ()
        (answer,) = [a for a in review.answers if a.reason.startswith("dismissed")]
        assert answer.verdict is Verdict.NOT_APPLICABLE
    assert [entry.state for entry in rounds.history.known] == [KnownState.DISMISSED]
    assert [entry.path for entry in rounds.history.known] == ["app/find.py"]


async def test_a_second_place_of_the_same_fault_is_told_although_the_first_was_dismissed() -> None:
    rounds = sentinel()
    first = await look(rounds, search())
    rounds.dismiss(first.shown[0].finding.fingerprint)
    more = f"{CODE}\n\ndef other(x: str) -> None:\n    subprocess.run(x, shell=True)\n"
    second = await look(rounds, search(more))
    assert [str(p.finding.location) for p in second.shown] == ["app/search.py:10"]
    assert second.since is not None
    assert len(second.since.new) == 1


async def test_a_dismissal_that_is_taken_back_is_told_and_not_posted_again() -> None:
    rounds = sentinel()
    first = await look(rounds, search())
    name = first.shown[0].finding.fingerprint
    rounds.dismiss(name)
    assert (await look(rounds, search())).shown == ()
    rounds.undismiss(name)
    third = await look(rounds, search())
    assert [p.finding.fingerprint for p in third.shown] == [name]
    assert third.shown[0].outcome.kind is OutcomeKind.INLINE
    assert rounds.posted == {name: 1}
