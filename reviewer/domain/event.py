"""What a code host tells us that happened, reduced to what this program acts on.

Everything in an event that names something (repository, number, commits, ids) is believed because
the host said it; every text in it is untrusted.
"""

from __future__ import annotations

from dataclasses import dataclass

from reviewer.domain.pull_request import Account, PullRequest, PullRequestName


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestEvent:
    """Something happened to a pull request.

    Args:
        action: GitHub's word: ``opened``, ``synchronize``, ``ready_for_review``, …
        pull_request: The pull request as the event shows it: the text that a run freezes.
        sender: Who did it.
        base_changed: For ``edited``: whether the base branch was changed.
    """

    action: str
    pull_request: PullRequest
    sender: Account
    base_changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentEvent:
    """Somebody wrote, edited or deleted a comment.

    Args:
        action: GitHub's word: ``created``, ``edited``, ``deleted``.
        comment_id: The comment.
        body: Its text; untrusted.
        author: Who wrote it; None for a deleted account.
        sender: Who did what the event tells.
        pull_request: Where; None on an issue that is no pull request.
        inline: Whether it stands in a review thread.
        thread_comment_id: The comment that begins that thread, where it is known.
    """

    action: str
    comment_id: int
    body: str
    author: Account | None
    sender: Account
    pull_request: PullRequestName | None
    inline: bool = False
    thread_comment_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEvent:
    """Something that this program does not act on, with GitHub's words for it."""

    name: str
    action: str


Event = PullRequestEvent | CommentEvent | OtherEvent
