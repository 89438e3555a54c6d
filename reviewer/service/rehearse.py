"""A code host that reads for real and only notes what would be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reviewer.domain.conversation import Conversation
from reviewer.domain.posting import Check, FileComment, InlineComment
from reviewer.domain.pull_request import PullRequest
from reviewer.ports.code_host import CodeHost


@dataclass(frozen=True, slots=True, kw_only=True)
class Intention:
    """One write that was not made.

    Args:
        what: What it is, in words: ``comment on app.py:41``.
        body: Its text; empty where it has none.
    """

    what: str
    body: str = ""


class Rehearsal:
    """Passes every reading on and notes every writing; implements `ports.code_host.CodeHost`.

    Args:
        host: Who is read from.
    """

    def __init__(self, host: CodeHost) -> None:
        self._host = host
        self.intentions: list[Intention] = []

    async def pull_request(self) -> PullRequest:
        """Read the pull request."""
        return await self._host.pull_request()

    async def head_sha(self) -> str:
        """Read the head as it is now."""
        return await self._host.head_sha()

    async def conversation(self) -> Conversation:
        """Read what stands there."""
        return await self._host.conversation()

    async def post_review(self, comments: Sequence[InlineComment], *, head_sha: str) -> None:
        """Note every comment of the review."""
        del head_sha
        for comment in comments:
            self._note(f"comment on {comment.location}", comment.body)

    async def delete_pending_reviews(self) -> int:
        """Note nothing: whether one is in the way shows only when something is posted."""
        return 0

    async def post_file_comment(self, comment: FileComment, *, head_sha: str) -> None:
        """Note the comment."""
        del head_sha
        self._note(f"comment on the file {comment.path}", comment.body)

    async def post_comment(self, body: str) -> int:
        """Note the comment."""
        self._note("comment under the pull request", body)
        return 0

    async def edit_comment(self, comment_id: int, body: str) -> None:
        """Note the new text."""
        self._note(f"new text of our comment {comment_id}", body)

    async def reply(self, comment_id: int, body: str) -> None:
        """Note the reply."""
        self._note(f"reply to comment {comment_id}", body)

    async def resolve(self, thread_id: str) -> None:
        """Note the thread."""
        self._note(f"thread {thread_id} resolved")

    async def post_check(self, check: Check) -> None:
        """Note the check."""
        lines = f", {len(check.annotations)} annotations" if check.annotations else ""
        self._note(f"check: {check.conclusion.value}{lines}", check.title)

    async def has_check(self, head_sha: str, mark: str) -> bool:
        """Look for the check."""
        return await self._host.has_check(head_sha, mark)

    def _note(self, what: str, body: str = "") -> None:
        self.intentions.append(Intention(what=what, body=body))
