"""What commands change in a history, and which finding a short name means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.dismissal import dismiss, find, pause, resume, undismiss
from reviewer.domain.history import History, KnownState
from tests.unit.command_example import ANY, REMEMBERED, SHELL


@pytest.mark.holds("P07", "P30")
def test_a_finding_is_dismissed_by_the_beginning_of_its_name() -> None:
    change = dismiss(REMEMBERED, "f7c3a91", by="bob", reason="the caller checks")

    dismissed, other = change.history.known
    assert (dismissed.state, dismissed.by) == (KnownState.DISMISSED, "bob")
    assert (dismissed.reason, dismissed.authorised) == ("the caller checks", True)
    assert other == ANY
    assert replace(change.history, known=REMEMBERED.known) == REMEMBERED


def test_to_dismiss_twice_changes_the_reason() -> None:
    once = dismiss(REMEMBERED, "f7c3a91", by="bob", reason="a").history

    again = dismiss(once, "f7c3a91", by="eve", reason="b").history

    assert (again.known[0].by, again.known[0].reason) == ("eve", "b")


def test_a_dismissal_is_taken_back_and_nothing_else_is() -> None:
    dismissed = dismiss(REMEMBERED, "f7c3a91", by="bob", reason="a").history

    back = undismiss(dismissed, "f7c3a91", by="eve")

    assert back.history.known[0] == replace(SHELL, by="eve")
    problem = undismiss(REMEMBERED, "f7c3a92", by="eve").problem
    assert problem == "f7c3a92 is not dismissed: it is open."


def test_an_unknown_name_changes_nothing() -> None:
    for change in (
        dismiss(REMEMBERED, "0000000", by="bob", reason=""),
        undismiss(REMEMBERED, "0000000", by="bob"),
    ):
        assert change.history is REMEMBERED
        assert change.problem == "Nobody was told of a finding 0000000 on this pull request."


def test_an_ambiguous_name_is_answered_with_longer_ones() -> None:
    twin = replace(SHELL, fingerprint="f7c3a91" + "0" * 10 + "1" * 23)
    history = History(known=(SHELL, twin))

    found = find(history.known, "f7c3a91")

    assert found.finding is None
    assert found.problem == (
        "f7c3a91 is the beginning of 2 findings: f7c3a91" + "0" * 11 + ", f7c3a91" + "0" * 10 + "1."
    )
    assert find(history.known, "f7c3a91" + "0" * 10 + "1").finding == twin


def test_of_many_candidates_a_few_are_named() -> None:
    many = tuple(
        replace(SHELL, fingerprint="f7c3a91" + f"{n:x}".rjust(33, "0")) for n in range(100)
    )

    assert find(many, "f7c3a91").problem.count(",") == 4


def test_a_pause_ends_with_the_command_that_also_forgets_the_rate() -> None:
    paused = pause(replace(REMEMBERED, rounds=(1, 2))).history

    assert paused.paused
    assert resume(paused).history == REMEMBERED
