"""The gate: whether a pull request is reviewed now, and if not, why, as a value.

In this order, so that what nobody can change comes first and nothing is read for nothing:

=================  ==========================================================================
another action     only these begin a review: opened, reopened, synchronize, ready_for_review,
                   and edited where the base branch was changed
our own event      the account behind our token did it
closed             there is nothing to review any more
skip label         the repository's own word: it holds even where somebody asks
draft              until it is ready for review, unless the configuration says otherwise
bot author         the policy: review, summary (nothing inline) or skip
paused             somebody wrote ``/pause``
rate               too many reviews within an hour
=================  ==========================================================================

A person who asks with ``/review`` passes the last four. A pause and a rate are known from the
history; one without a valid signature is not believed, so there the two do not exist (S15).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from reviewer.domain.event import CommentEvent, PullRequestEvent
from reviewer.domain.history import History
from reviewer.domain.marker import PREFIX
from reviewer.domain.pull_request import Account, AccountKind, PullRequest
from reviewer.domain.pull_request_policy import BotPolicy, PullRequestPolicy

#: Actions of ``pull_request`` that begin a review:
#: https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request
REVIEWED_ACTIONS = frozenset({"opened", "reopened", "synchronize", "ready_for_review"})
_EDITED = "edited"
_CREATED = "created"

#: How many reviews of one pull request begin within an hour by themselves: more than anybody
#: pushes by hand, and few enough that a loop of two programs ends.
RUNS_AN_HOUR = 20
_WINDOW = timedelta(hours=1)


class SkipReason(StrEnum):
    """Why a pull request is not reviewed now."""

    OTHER_ACTION = "other action"
    OWN_EVENT = "own event"
    CLOSED = "closed"
    LABEL = "label"
    DRAFT = "draft"
    BOT = "bot"
    PAUSED = "paused"
    RATE = "rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Why a pull request is not reviewed now.

    Args:
        reason: Which reason.
        words: The same for people, after the word "skipped: "; without a full stop.
        way_out: What to do about it, one sentence; empty where there is nothing to do.
    """

    reason: SkipReason
    words: str
    way_out: str = ""

    @property
    def silent(self) -> bool:
        """Whether it is not worth a check: nothing happened that anybody waits for."""
        return self.reason in {SkipReason.OTHER_ACTION, SkipReason.OWN_EVENT, SkipReason.CLOSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What was decided.

    Args:
        skip: Why there is no review now; None where there is one.
        inline: Whether findings may stand as comments of their own.
        notice: What people must know about that, one sentence; may be empty.
    """

    skip: Skip | None = None
    inline: bool = True
    notice: str = ""

    @property
    def open(self) -> bool:
        """Whether the pull request is reviewed now."""
        return self.skip is None


def begins_review(event: PullRequestEvent, viewer: Account | None = None) -> Skip | None:
    """Say why an event begins no review; None where it may.

    Args:
        event: What happened.
        viewer: The account behind our token, where it is known yet.
    """
    begins = event.action in REVIEWED_ACTIONS or (event.action == _EDITED and event.base_changed)
    if not begins:
        words = f"“{event.action}” begins no review"
        return Skip(reason=SkipReason.OTHER_ACTION, words=words)
    if viewer is not None and _same(event.sender, viewer):
        return Skip(reason=SkipReason.OWN_EVENT, words="this account did it itself")
    return None


def decide(
    pull_request: PullRequest,
    policy: PullRequestPolicy,
    history: History,
    *,
    now: datetime,
    asked: bool = False,
    runs_an_hour: int = RUNS_AN_HOUR,
) -> Gate:
    """Decide whether a pull request is reviewed now.

    Args:
        pull_request: Which.
        policy: What its repository says about pull requests, from the base alone.
        history: What earlier rounds left behind.
        now: The time, with a time zone.
        asked: Whether a person who may do so asks for it.
        runs_an_hour: How many reviews may begin by themselves within an hour.
    """
    skip = _fixed(pull_request, policy)
    if skip is None and not asked:
        skip = _until_asked(pull_request, policy, history, now, runs_an_hour)
    if skip is not None:
        return Gate(skip=skip)
    if not asked and policy.bots is BotPolicy.SUMMARY and _by_bot(pull_request, policy):
        notice = "A program opened this pull request: everything stands here, nothing inline."
        return Gate(inline=False, notice=notice)
    return Gate()


def _fixed(pull_request: PullRequest, policy: PullRequestPolicy) -> Skip | None:
    """Return what also stops a person who asks."""
    if not pull_request.open:
        return Skip(reason=SkipReason.CLOSED, words="the pull request is closed")
    wanted = policy.skip_label.casefold()
    label = next((name for name in pull_request.labels if name.casefold() == wanted), None)
    if wanted and label is not None:
        return Skip(
            reason=SkipReason.LABEL,
            words=f"the label “{label}” asks for no review",
            way_out="Take the label off, then ask with `/review`.",
        )
    return None


def _until_asked(
    pull_request: PullRequest,
    policy: PullRequestPolicy,
    history: History,
    now: datetime,
    runs_an_hour: int,
) -> Skip | None:
    """Return what stops everything but a person who asks."""
    ask = "ask with `/review`"
    if pull_request.draft and not policy.drafts:
        return Skip(
            reason=SkipReason.DRAFT,
            words="this is a draft",
            way_out=f"It is reviewed when it is marked as ready for review; or {ask}.",
        )
    if policy.bots is BotPolicy.SKIP and _by_bot(pull_request, policy):
        return Skip(
            reason=SkipReason.BOT,
            words="a program opened this pull request",
            way_out=f"To have it reviewed, {ask}.",
        )
    if history.trusted and history.paused:
        return Skip(
            reason=SkipReason.PAUSED,
            words="reviews are paused here",
            way_out=f"Write `/resume` to go on, or {ask} for one review.",
        )
    if history.trusted and len(_recent(history.rounds, now)) >= runs_an_hour:
        return Skip(
            reason=SkipReason.RATE,
            words=f"paused: {runs_an_hour} reviews began here within an hour",
            way_out=f"The next push after a while is reviewed again; or {ask} now.",
        )
    return None


def _by_bot(pull_request: PullRequest, policy: PullRequestPolicy) -> bool:
    """Tell whether a program opened it; by the host's type and number, never by name."""
    author = pull_request.author
    if author is None or author.kind is not AccountKind.BOT:
        return False
    return author.id == 0 or author.id not in policy.allowed_bots


def with_round(history: History, now: datetime) -> History:
    """Note that a round begins, and forget those that are older than an hour."""
    recent = _recent(history.rounds, now)
    return replace(history, rounds=(*recent[-(2 * RUNS_AN_HOUR) :], int(now.timestamp())))


def _recent(rounds: Sequence[int], now: datetime) -> tuple[int, ...]:
    since = (now - _WINDOW).timestamp()
    return tuple(second for second in rounds if since < second <= now.timestamp())


def unheard(event: CommentEvent, viewer: Account | None = None) -> str | None:
    """Say why nobody listens to a comment, whatever it says; None where it is listened to.

    Only a new comment on a pull request, by a human who is the one that the event is about. Bots
    are known by the host's type: a name tells nothing (security.md R20).

    Args:
        event: What happened.
        viewer: The account behind our token, where it is known yet.
    """
    if event.action != _CREATED:
        return f"a comment was {event.action}, not created"
    if event.pull_request is None:
        return "the comment is not on a pull request"
    if event.author is None or not _same(event.author, event.sender):
        return "the comment's author did not do this"
    if event.author.kind is not AccountKind.USER or event.sender.kind is not AccountKind.USER:
        return "its author is no person"
    if viewer is not None and _same(event.author, viewer):
        return "this account wrote it itself"
    if PREFIX in event.body:
        return "it carries a marker of this program"
    return None


def _same(one: Account, other: Account) -> bool:
    """Tell whether two accounts are one: by number, and an unknown number is nobody's."""
    return one.id == other.id != 0
