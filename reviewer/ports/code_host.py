"""The code host, bound to one pull request: nothing can be read or written anywhere else.

An adapter retries reads by itself. It sends a write once: where it cannot know whether the host
took it (a broken connection, a 5xx), it raises an error that says ``uncertain``, and whoever
publishes looks for our marker before anything is sent again. A refusal that names a rate limit is
certain; the adapter waits (Retry-After, else growing from 60 s) and sends again within its
deadline.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from reviewer.domain.conversation import Conversation
from reviewer.domain.posting import Check, FileComment, InlineComment, Permission, Reaction
from reviewer.domain.pull_request import PullRequest
from reviewer.errors import GitHubError


class Refusal(StrEnum):
    """Why the host did not do what it was asked."""

    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not found"
    UNPROCESSABLE = "unprocessable"
    RATE_LIMITED = "rate limited"
    TOO_LARGE = "too large"
    UNAVAILABLE = "unavailable"


class CodeHostError(GitHubError):
    """The host did not do what it was asked.

    Args:
        refusal: Why.
        message: The host's own words, redacted and on one line.
        status: The HTTP status; None where no answer came.
        uncertain: Whether a write may have been done all the same.
        pending_review: Whether the host says that a pending review of ours is in the way.
    """

    def __init__(
        self,
        refusal: Refusal,
        message: str,
        *,
        status: int | None = None,
        uncertain: bool = False,
        pending_review: bool = False,
    ) -> None:
        super().__init__(message)
        self.refusal = refusal
        self.message = message
        self.status = status
        self.uncertain = uncertain
        self.pending_review = pending_review


class CodeHost(Protocol):
    """Reads one pull request and publishes to it; every method may raise `CodeHostError`."""

    async def pull_request(self) -> PullRequest:
        """Read the pull request."""
        ...

    async def head_sha(self) -> str:
        """Read the head as it is now; never from a cache. Asked before every write."""
        ...

    async def conversation(self) -> Conversation:
        """Read what stands there: who we are, our comments, all threads; all pages."""
        ...

    async def post_review(self, comments: Sequence[InlineComment], *, head_sha: str) -> None:
        """Post one review (``event: COMMENT``) with all comments; all or nothing.

        Raises:
            CodeHostError: ``UNPROCESSABLE`` where one comment stands where none may; the host
                does not say which.
        """
        ...

    async def delete_pending_reviews(self) -> int:
        """Delete reviews of ours that were begun and never submitted; return how many."""
        ...

    async def post_file_comment(self, comment: FileComment, *, head_sha: str) -> None:
        """Post a comment on a file."""
        ...

    async def post_comment(self, body: str) -> int:
        """Post a comment under the pull request; return its id."""
        ...

    async def edit_comment(self, comment_id: int, body: str) -> None:
        """Put another text into a comment of ours under the pull request."""
        ...

    async def reply(self, comment_id: int, body: str) -> None:
        """Reply in the thread that begins with this review comment."""
        ...

    async def resolve(self, thread_id: str) -> None:
        """Resolve a thread of ours.

        Raises:
            CodeHostError: ``FORBIDDEN`` where the token may not: GitHub wants ``contents: write``.
        """
        ...

    async def post_check(self, check: Check) -> None:
        """Post a check run that has ended, with all its annotations."""
        ...

    async def has_check(self, head_sha: str, mark: str) -> bool:
        """Tell whether the check of this mark is the newest of its name on a commit.

        One that was posted anew because somebody asked for it has the same mark with `AGAIN` and
        the name of the request behind it.
        """
        ...


class Discussion(Protocol):
    """Answers people who comment on the same pull request. Methods may raise `CodeHostError`."""

    async def permission(self, login: str) -> Permission:
        """Return what somebody may do in this repository; the host's own answer, never cached."""
        ...

    async def react(self, comment_id: int, reaction: Reaction, *, inline: bool) -> None:
        """React to a comment.

        Args:
            comment_id: Which.
            reaction: How.
            inline: Whether it stands in a review thread and not under the pull request.
        """
        ...
