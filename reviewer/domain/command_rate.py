"""How often people may ask: counted by our own sign on their comments, without any database.

A comment that we begin to answer gets our 👀. Only the account behind our token can give that sign
(`Conversation.accepted`), so nobody can use up what another one may ask, and refused comments do
not count against anybody. Who deletes a comment takes it out of the count, and two comments at the
same second may both pass: this keeps people from flooding a pull request, and what a pull request
may cost is held by the budget (security.md R42).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from reviewer.domain.command import Reading, read_commands
from reviewer.domain.command_usage import CommandRules
from reviewer.domain.conversation import AcceptedComment
from reviewer.domain.pull_request import Account

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks now.

    Args:
        account: The person.
        by_authorship: Whether only being the pull request's author allows this person to ask.
    """

    account: Account
    by_authorship: bool = False


def too_often(
    reading: Reading,
    asker: Asker,
    accepted: Iterable[AcceptedComment],
    rules: CommandRules,
    *,
    now: datetime,
    comment_id: int,
) -> str:
    """Say why a comment comes too soon after others; empty where it does not.

    Args:
        reading: What it says.
        asker: Who wrote it.
        accepted: Comments that were answered before.
        rules: How often is too often.
        now: The time, with a time zone.
        comment_id: The comment, which does not count itself.
    """
    others = [comment for comment in accepted if comment.id != comment_id]
    own = [comment for comment in others if _wrote(asker.account, comment)]
    if len(_since(own, now - _HOUR)) >= rules.commands_a_person:
        return f"{rules.commands_a_person} comments of one person were answered within an hour"
    if not reading.asks_model:
        return ""
    if sum(map(_asked, _since(own, now - _HOUR))) >= rules.asks_a_person:
        return f"one person asked {rules.asks_a_person} times within an hour"
    if sum(map(_asked, _since(others, now - _HOUR))) >= rules.asks:
        return f"people asked {rules.asks} times within an hour"
    minutes = rules.author_review_minutes
    if asker.by_authorship and minutes is not None:
        recent = _since(own, now - timedelta(minutes=minutes))
        if any(map(_asked, recent)):
            return f"the author may ask once in {minutes} minutes"
    return ""


def _since(comments: Iterable[AcceptedComment], moment: datetime) -> list[AcceptedComment]:
    return [comment for comment in comments if comment.created_at > moment]


def _wrote(account: Account, comment: AcceptedComment) -> bool:
    return comment.author is not None and comment.author.id == account.id != 0


def _asked(comment: AcceptedComment) -> bool:
    """Tell whether a comment asked a model; one that was edited away counts as if it had."""
    reading = read_commands(comment.body)
    return reading.asks_model or not reading.speaks_to_us
