"""The gate: which pull requests are reviewed now, and which comments are listened to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reviewer.domain.command import holds_command
from reviewer.domain.event import CommentEvent, PullRequestEvent
from reviewer.domain.gate import (
    RUNS_AN_HOUR,
    Skip,
    SkipReason,
    begins_review,
    decide,
    unheard,
    with_round,
)
from reviewer.domain.history import History
from reviewer.domain.pull_request import Account, AccountKind, PullRequest, PullRequestName
from reviewer.domain.pull_request_policy import BotPolicy, PullRequestPolicy

ALICE = Account(id=11, login="alice", kind=AccountKind.USER)
BOT = Account(id=49_699_333, login="dependabot", kind=AccountKind.BOT)
OURSELVES = Account(id=99, login="persona-reviewer", kind=AccountKind.BOT)
PULL_REQUEST = PullRequest(
    name=PullRequestName.parse("octo/shop#7"),
    repository_id=5,
    title="Add a shop",
    body="",
    author=ALICE,
    head_sha="a" * 40,
    base_sha="b" * 40,
    base_ref="main",
    head_repository="octo/shop",
)
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
DEFAULT = PullRequestPolicy()
PAUSED = History(paused=True, trusted=True)


def event(action: str, *, sender: Account = ALICE, base_changed: bool = False) -> PullRequestEvent:
    return PullRequestEvent(
        action=action, pull_request=PULL_REQUEST, sender=sender, base_changed=base_changed
    )


def reason(skip: Skip | None) -> SkipReason | None:
    return None if skip is None else skip.reason


@pytest.mark.holds("P20")
@pytest.mark.parametrize("action", ["opened", "reopened", "synchronize", "ready_for_review"])
def test_these_actions_begin_a_review(action: str) -> None:
    assert begins_review(event(action)) is None


@pytest.mark.parametrize("action", ["closed", "edited", "labeled", "converted_to_draft", "x y"])
def test_other_actions_begin_none_and_need_no_check(action: str) -> None:
    skip = begins_review(event(action))

    assert skip is not None
    assert (skip.reason, skip.silent) == (SkipReason.OTHER_ACTION, True)


def test_an_edit_counts_where_the_base_branch_was_changed() -> None:
    assert begins_review(event("edited", base_changed=True)) is None


@pytest.mark.holds("P19")
def test_what_we_did_ourselves_begins_no_review() -> None:
    own = event("synchronize", sender=OURSELVES)

    assert reason(begins_review(own, OURSELVES)) is SkipReason.OWN_EVENT
    assert begins_review(own, replace(OURSELVES, id=98)) is None
    assert begins_review(own, None) is None


@pytest.mark.holds("R20")
def test_two_accounts_without_a_number_are_not_the_same() -> None:
    nobody = replace(OURSELVES, id=0)

    assert begins_review(event("opened", sender=nobody), nobody) is None


TABLE = {
    "nothing special": ({}, {}, History(), None, None),
    "closed": ({"open": False}, {}, History(), SkipReason.CLOSED, SkipReason.CLOSED),
    "a skip label": (
        {"labels": ("bug", "Skip-Review")},
        {},
        History(),
        SkipReason.LABEL,
        SkipReason.LABEL,
    ),
    "another label": ({"labels": ("skip-review-not",)}, {}, History(), None, None),
    "no label wanted": ({"labels": ("", "skip-review")}, {"skip_label": ""}, History(), None, None),
    "a draft": ({"draft": True}, {}, History(), SkipReason.DRAFT, None),
    "a draft that may": ({"draft": True}, {"drafts": True}, History(), None, None),
    "a bot": ({"author": BOT}, {"bots": BotPolicy.SKIP}, History(), SkipReason.BOT, None),
    "a bot that may": ({"author": BOT}, {"bots": BotPolicy.REVIEW}, History(), None, None),
    "a bot that is allowed": (
        {"author": BOT},
        {"bots": BotPolicy.SKIP, "allowed_bots": (BOT.id,)},
        History(),
        None,
        None,
    ),
    "a bot by the name of one that is": (
        {"author": replace(BOT, id=12, login="dependabot")},
        {"bots": BotPolicy.SKIP, "allowed_bots": (BOT.id,)},
        History(),
        SkipReason.BOT,
        None,
    ),
    "a person with the name of a bot": (
        {"author": replace(ALICE, login="dependabot[bot]")},
        {"bots": BotPolicy.SKIP},
        History(),
        None,
        None,
    ),
    "a deleted author": ({"author": None}, {"bots": BotPolicy.SKIP}, History(), None, None),
    "paused": ({}, {}, PAUSED, SkipReason.PAUSED, None),
    "paused by nobody knows whom": ({}, {}, replace(PAUSED, trusted=False), None, None),
    "closed and paused": ({"open": False}, {}, PAUSED, SkipReason.CLOSED, SkipReason.CLOSED),
}


@pytest.mark.holds("P20")
@pytest.mark.parametrize("name", TABLE)
def test_who_gets_a_review_by_itself_and_who_when_asked(name: str) -> None:
    pull_request, policy, history, by_itself, when_asked = TABLE[name]
    for asked, expected in ((False, by_itself), (True, when_asked)):
        gate = decide(
            replace(PULL_REQUEST, **pull_request),  # type: ignore[arg-type]
            PullRequestPolicy(**policy),  # type: ignore[arg-type]
            history,
            now=NOW,
            asked=asked,
        )
        assert reason(gate.skip) is expected
        assert gate.open is (expected is None)


@pytest.mark.holds("P19")
def test_a_bot_s_pull_request_gets_a_summary_alone_unless_somebody_asks() -> None:
    of_bot = replace(PULL_REQUEST, author=BOT)

    gate = decide(of_bot, DEFAULT, History(), now=NOW)

    assert (gate.open, gate.inline) == (True, False)
    assert "program" in gate.notice
    assert decide(of_bot, DEFAULT, History(), now=NOW, asked=True).inline
    assert decide(PULL_REQUEST, DEFAULT, History(), now=NOW).inline


@pytest.mark.holds("R42", "P19")
def test_too_many_rounds_within_an_hour_pause_the_reviews_until_somebody_asks() -> None:
    history = History(trusted=True)
    moment = NOW
    for _ in range(RUNS_AN_HOUR):
        assert decide(PULL_REQUEST, DEFAULT, history, now=moment).open
        history = with_round(history, moment)
        moment += timedelta(seconds=3)

    late = decide(PULL_REQUEST, DEFAULT, history, now=moment)

    assert reason(late.skip) is SkipReason.RATE
    assert decide(PULL_REQUEST, DEFAULT, history, now=moment, asked=True).open
    assert decide(PULL_REQUEST, DEFAULT, replace(history, trusted=False), now=moment).open
    assert decide(PULL_REQUEST, DEFAULT, history, now=NOW + timedelta(hours=2)).open


def test_rounds_are_forgotten_after_an_hour_and_never_many() -> None:
    history = History()
    for minute in range(300):
        history = with_round(history, NOW + timedelta(seconds=12 * minute))

    assert len(history.rounds) <= 2 * RUNS_AN_HOUR + 1
    assert with_round(history, NOW + timedelta(days=1)).rounds == (
        int((NOW + timedelta(days=1)).timestamp()),
    )


def test_rounds_of_the_future_do_not_count() -> None:
    history = History(trusted=True, rounds=(int(NOW.timestamp()) + 9_999,) * 50)

    assert decide(PULL_REQUEST, DEFAULT, history, now=NOW).open


@pytest.mark.holds("P19")
def test_every_reason_is_told_in_words_that_command_nothing() -> None:
    told = set()
    for pull_request, policy, history, *_ in TABLE.values():
        gate = decide(
            replace(PULL_REQUEST, **pull_request),  # type: ignore[arg-type]
            PullRequestPolicy(**policy),  # type: ignore[arg-type]
            history,
            now=NOW,
        )
        if gate.skip is not None:
            told.add(gate.skip.reason)
            assert gate.skip.words
            assert not gate.skip.words.endswith(".")
            assert not holds_command(gate.skip.words)
            assert not holds_command(gate.skip.way_out)
    assert len(told) == 5


COMMENT = CommentEvent(
    action="created",
    comment_id=1,
    body="/help",
    author=ALICE,
    sender=ALICE,
    pull_request=PULL_REQUEST.name,
)


@pytest.mark.holds("R18")
@pytest.mark.parametrize(
    ("different", "words"),
    [
        ({"action": "edited"}, "edited, not created"),
        ({"action": "deleted"}, "deleted, not created"),
        ({"pull_request": None}, "not on a pull request"),
        ({"author": None}, "author did not do this"),
        ({"sender": BOT}, "author did not do this"),
        ({"author": replace(ALICE, id=12)}, "author did not do this"),
        ({"author": replace(ALICE, id=0), "sender": replace(ALICE, id=0)}, "author did not"),
        ({"author": BOT, "sender": BOT}, "no person"),
        (
            {
                "author": replace(ALICE, kind=AccountKind.UNKNOWN),
                "sender": replace(ALICE, kind=AccountKind.UNKNOWN),
            },
            "no person",
        ),
        (
            {
                "author": replace(ALICE, kind=AccountKind.ORGANIZATION),
                "sender": replace(ALICE, kind=AccountKind.ORGANIZATION),
            },
            "no person",
        ),
        ({"body": "/help\n<!-- persona-reviewer:reply head=a seal=plain.0 -->"}, "marker"),
    ],
)
def test_nobody_listens_to_other_comments(different: dict[str, object], words: str) -> None:
    said = unheard(replace(COMMENT, **different))  # type: ignore[arg-type]

    assert said is not None
    assert words in said


@pytest.mark.holds("R18")
def test_a_new_comment_of_a_person_on_a_pull_request_is_listened_to() -> None:
    assert unheard(COMMENT) is None
    assert unheard(COMMENT, OURSELVES) is None
    assert unheard(COMMENT, ALICE) == "this account wrote it itself"


@pytest.mark.holds("S11")
def test_a_comment_is_about_the_words_that_stood_there_when_it_was_made() -> None:
    said = replace(COMMENT, title="Then", description="what was promised")
    frozen = said.freeze(PULL_REQUEST)
    assert (frozen.title, frozen.body) == ("Then", "what was promised")
    assert said.freeze(frozen) == frozen
    assert COMMENT.freeze(PULL_REQUEST) is PULL_REQUEST
