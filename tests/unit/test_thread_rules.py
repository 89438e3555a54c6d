"""Threads of ours: resolved only where all five conditions hold, and what people say counts."""

from __future__ import annotations

from itertools import product

import pytest

from reviewer.domain.change import Side
from reviewer.domain.conversation import Comment, Thread
from reviewer.domain.pull_request import Account, AccountKind
from reviewer.domain.thread_rules import (
    ThreadFacts,
    ThreadOutcome,
    Voices,
    claims_fixed,
    listen,
    outcome,
)
from reviewer.testing.fake_code_host import OURSELVES
from tests.unit.publishing_example import ALICE

ROBOT = Account(id=9, login="other-bot", kind=AccountKind.BOT)
NOBODY_SPOKE = Voices()


@pytest.mark.holds("P07")
@pytest.mark.parametrize("row", list(product([True, False], repeat=5)))
def test_a_thread_is_resolved_only_where_all_five_conditions_hold(row: tuple[bool, ...]) -> None:
    ours, outdated, gone, undisturbed, clear = row
    facts = ThreadFacts(
        ours=ours, outdated=outdated, gone=gone, undisturbed=undisturbed, clear=clear
    )
    voices = Voices(spoken=not undisturbed)
    fate = outcome(facts, voices, resolved=False, still_stands=not gone, answered=False)
    assert (fate is ThreadOutcome.RESOLVE) is all(row)


ALL = ThreadFacts(ours=True, outdated=True, gone=True, undisturbed=True, clear=True)
NONE = ThreadFacts(ours=True, outdated=False, gone=False, undisturbed=False, clear=False)


def test_a_resolved_thread_is_left_alone() -> None:
    fate = outcome(ALL, NOBODY_SPOKE, resolved=True, still_stands=False, answered=False)
    assert fate is ThreadOutcome.LEAVE


@pytest.mark.parametrize(
    ("still_stands", "answered", "expected"),
    [
        (True, False, ThreadOutcome.ANSWER),
        (True, True, ThreadOutcome.LEAVE),
        (False, False, ThreadOutcome.LEAVE),
    ],
)
def test_a_wrong_fixed_is_answered_once(
    still_stands: bool,  # noqa: FBT001 - a column of the table
    answered: bool,  # noqa: FBT001
    expected: ThreadOutcome,
) -> None:
    voices = Voices(spoken=True, claims_fixed=True)
    fate = outcome(NONE, voices, resolved=False, still_stands=still_stands, answered=answered)
    assert fate is expected


def test_a_dismissal_is_told_before_anything_else() -> None:
    voices = Voices(dismissed="replied in the thread", claims_fixed=True)
    fate = outcome(ALL, voices, resolved=False, still_stands=True, answered=False)
    assert fate is ThreadOutcome.DISMISSED


@pytest.mark.holds("P07", "P21")
def test_what_is_not_ours_is_left_alone_whatever_is_said_in_it() -> None:
    facts = ThreadFacts(ours=False, outdated=True, gone=True, undisturbed=True, clear=True)
    voices = Voices(dismissed="resolved the thread", claims_fixed=True)
    fate = outcome(facts, voices, resolved=False, still_stands=True, answered=False)
    assert fate is ThreadOutcome.LEAVE


@pytest.mark.parametrize(
    "text",
    [
        "Fixed",
        "fixed in 3f9c2ab",
        "Done.",
        "This has been addressed, thanks",
        "Should be fixed now",
    ],
)
def test_a_short_claim_says_fixed(text: str) -> None:
    assert claims_fixed(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "by design",
        "not fixed yet",
        "won't be done here",
        "Isn’t this fixed?",
        "will be fixed later",
        "Fixed it would break the build, if you ask me",
        "wontfix",
        f"fixed {'word ' * 40}",
    ],
)
def test_a_refusal_a_question_or_a_promise_says_no_such_thing(text: str) -> None:
    assert not claims_fixed(text)


def _thread(
    *replies: tuple[Account | None, str], resolved: bool = False, by_us: bool = False
) -> Thread:
    first = Comment(id=1, body="ours", author=OURSELVES, ours=True)
    comments = (
        Comment(id=2 + i, body=body, author=author, ours=author == OURSELVES)
        for i, (author, body) in enumerate(replies)
    )
    return Thread(
        id="T",
        path="a.py",
        line=1,
        side=Side.HEAD,
        resolved=resolved,
        resolved_by_us=by_us,
        outdated=False,
        resolvable=True,
        comments=(first, *comments),
    )


@pytest.mark.holds("P07")
def test_whoever_replies_has_dismissed_the_finding() -> None:
    voices = listen(_thread((ALICE, "This is a false alarm.")))
    assert (voices.dismissed, voices.dismissed_by) == ("replied in the thread", "alice")
    assert voices.spoken is True


def test_a_deleted_account_was_a_person() -> None:
    assert listen(_thread((None, "no"))).dismissed


def test_whoever_resolves_has_dismissed_the_finding_unless_it_was_us() -> None:
    assert listen(_thread(resolved=True)).dismissed == "resolved the thread"
    assert not listen(_thread(resolved=True, by_us=True)).dismissed


@pytest.mark.holds("P19")
@pytest.mark.parametrize(
    ("author", "body"), [(ROBOT, "I disagree"), (OURSELVES, "This still stands")]
)
def test_programs_dismiss_nothing(author: Account, body: str) -> None:
    assert listen(_thread((author, body))) == Voices()


def test_a_command_is_no_opinion() -> None:
    voices = listen(_thread((ALICE, "/explain f7c3")))
    assert voices == Voices(spoken=True)


def test_a_claim_is_no_dismissal_and_what_follows_may_take_it_back() -> None:
    assert listen(_thread((ALICE, "Fixed."))).claims_fixed
    assert listen(_thread((ALICE, "Fixed."), (ALICE, "/help"))).claims_fixed
    assert listen(_thread((ALICE, "Fixed."), (ALICE, "No, it is by design"))).dismissed
