"""FakeCodeHost: one pull request as plain values, with the rules of GitHub that matter to us.

A review is taken whole or not at all; a pending review of ours blocks the next one; an old head
refuses nothing by itself; whoever may not resolve is told so. Everything that was asked stands in
``calls``, and what was written in ``writes``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NoReturn

from reviewer.domain.change import Change, Location, Side
from reviewer.domain.conversation import AcceptedComment, Comment, Conversation, Thread
from reviewer.domain.posting import (
    Check,
    FileComment,
    InlineComment,
    Permission,
    Reaction,
    is_marked,
)
from reviewer.domain.pull_request import Account, AccountKind, PullRequest
from reviewer.ports.code_host import CodeHostError, Refusal

#: GitHub's limit for the body of a comment.
LONGEST_BODY = 65_536

OURSELVES = Account(id=41_898_282, login="github-actions", kind=AccountKind.BOT)


class Operation(StrEnum):
    """What can be asked of a code host; the values are the names of the methods."""

    PULL_REQUEST = "pull_request"
    HEAD_SHA = "head_sha"
    CONVERSATION = "conversation"
    POST_REVIEW = "post_review"
    DELETE_PENDING_REVIEWS = "delete_pending_reviews"
    POST_FILE_COMMENT = "post_file_comment"
    POST_COMMENT = "post_comment"
    EDIT_COMMENT = "edit_comment"
    REPLY = "reply"
    RESOLVE = "resolve"
    POST_CHECK = "post_check"
    HAS_CHECK = "has_check"
    PERMISSION = "permission"
    REACT = "react"


#: What changes nothing on the pull request.
READS = frozenset(
    {
        Operation.PULL_REQUEST,
        Operation.HEAD_SHA,
        Operation.CONVERSATION,
        Operation.HAS_CHECK,
        Operation.PERMISSION,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One thing that was asked.

    Args:
        operation: What.
        arguments: With what, in the order of the method's parameters.
        done: Whether it was done; also where the asker was told otherwise.
    """

    operation: Operation
    arguments: tuple[object, ...] = ()
    done: bool = True


@dataclass(slots=True, kw_only=True)
class _Script:
    """An error that waits for its operation."""

    operation: Operation
    error: CodeHostError
    applied: bool
    left: int | None


@dataclass(slots=True, kw_only=True)
class _Standing:
    """A thread, and what it stood on when it was made."""

    thread: Thread
    location: Location | None = None
    text: str = ""


@dataclass(kw_only=True)
class FakeCodeHost:
    """Implements `ports.code_host.CodeHost` and `Discussion` in memory.

    Args:
        request: The pull request; its head is ``change.head``, whatever it says itself.
        change: What it changes: where comments may stand.
        viewer: The account behind our token.
        pending_reviews: Reviews of ours that were begun and never submitted.
        may_resolve: Whether our token may resolve threads.
        permissions: What people may do, by login; ``NONE`` for everybody else.
    """

    request: PullRequest
    change: Change
    viewer: Account = OURSELVES
    pending_reviews: int = 0
    may_resolve: bool = True
    permissions: Mapping[str, Permission] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    reactions: list[tuple[int, Reaction, bool]] = field(default_factory=list)
    comments: dict[int, Comment] = field(default_factory=dict)
    review_count: int = 0

    def __post_init__(self) -> None:
        """Begin with the given change and nothing said."""
        self._changes = {self.change.head: self.change}
        self._standing: dict[str, _Standing] = {}
        self._scripts: list[_Script] = []
        self._moves: list[tuple[int, Change]] = []
        self._head_reads = 0
        self._last_id = 1_000
        self._written_at: dict[int, datetime] = {}

    @property
    def writes(self) -> list[Call]:
        """What was written, and was done, in order."""
        return [call for call in self.calls if call.operation not in READS and call.done]

    @property
    def threads(self) -> tuple[Thread, ...]:
        """The review threads as they stand."""
        return tuple(standing.thread for standing in self._standing.values())

    def count(self, operation: Operation) -> int:
        """Return how often something was asked, done or not."""
        return sum(call.operation is operation for call in self.calls)

    # -- what others do ------------------------------------------------------------------------

    def fail(
        self,
        operation: Operation,
        error: CodeHostError,
        *,
        applied: bool = False,
        times: int | None = 1,
    ) -> None:
        """Let an operation fail.

        Args:
            operation: Which.
            error: How; an ``uncertain`` one is what a broken connection looks like.
            applied: Whether it is done all the same, before the error is told.
            times: How often; None for always.
        """
        self._scripts.append(_Script(operation=operation, error=error, applied=applied, left=times))

    def push(self, change: Change) -> None:
        """Make a change the pull request's head; threads on lines that differ are outdated."""
        self.change = change
        self._changes[change.head] = change
        for standing in self._standing.values():
            where = standing.location
            if where is None or where.side is Side.BASE:
                continue
            file = change.by_path.get(where.path)
            still = file is not None and file.is_commentable(where)
            if file is None or not still or file.text_at(where) != standing.text:
                standing.thread = replace(standing.thread, outdated=True, line=None)

    def push_after(self, head_reads: int, change: Change) -> None:
        """Push when the head has been read so many more times; the next read tells the new one.

        A conversation tells the head too, and counts as one reading of it.
        """
        self._moves.append((self._head_reads + head_reads, change))

    def say(
        self, body: str, *, author: Account | None, ours: bool = False, at: datetime | None = None
    ) -> int:
        """Put a comment under the pull request; return its id."""
        self._last_id += 1
        if at is not None:
            self._written_at[self._last_id] = at
        comment = Comment(id=self._last_id, body=body, author=author, ours=ours)
        self.comments[comment.id] = comment
        return comment.id

    def start_thread(
        self, location: Location, body: str, *, author: Account | None, ours: bool = False
    ) -> Thread:
        """Begin a thread on lines of the change."""
        return self._begin(location.path, location, body, author=author, ours=ours)

    def answer(self, thread_id: str, body: str, *, author: Account | None) -> int:
        """Let somebody else reply in a thread; return the id of the reply."""
        return self._append(thread_id, body, author=author, ours=False)

    def settle(self, thread_id: str, *, by_us: bool = False, resolved: bool = True) -> None:
        """Let somebody resolve a thread, or open it again."""
        standing = self._standing[thread_id]
        standing.thread = replace(
            standing.thread, resolved=resolved, resolved_by_us=resolved and by_us
        )

    # -- CodeHost ------------------------------------------------------------------------------

    async def pull_request(self) -> PullRequest:
        """Return the pull request with its head as it is now."""
        self._note(Operation.PULL_REQUEST)
        return replace(self.request, head_sha=self.change.head)

    async def head_sha(self) -> str:
        """Return the head; it may move between two reads."""
        self._note(Operation.HEAD_SHA)
        self._read_head()
        return self.change.head

    def _read_head(self) -> None:
        due = [move for move in self._moves if move[0] <= self._head_reads]
        for move in due:
            self._moves.remove(move)
            self.push(move[1])
        self._head_reads += 1

    async def conversation(self) -> Conversation:
        """Return what stands there; of the comments only our own."""
        self._note(Operation.CONVERSATION)
        self._read_head()
        return Conversation(
            viewer=self.viewer,
            head_sha=self.change.head,
            comments=tuple(comment for comment in self.comments.values() if comment.ours),
            threads=self.threads,
            accepted=tuple(self._accepted()),
        )

    def _accepted(self) -> Iterator[AcceptedComment]:
        """Return the comments of others, with a known time, that carry our 👀."""
        for comment in self.comments.values():
            at = self._written_at.get(comment.id)
            seen = (comment.id, Reaction.SEEN, False) in self.reactions
            if seen and at is not None and not comment.ours:
                yield AcceptedComment(
                    id=comment.id, author=comment.author, created_at=at, body=comment.body
                )

    async def post_review(self, comments: Sequence[InlineComment], *, head_sha: str) -> None:
        """Post all comments, or none where one of them stands where none may."""
        operation = Operation.POST_REVIEW
        arguments = (tuple(comments), head_sha)
        self._require_no_pending(operation, arguments)
        change = self._changes.get(head_sha)
        if change is None or not comments:
            self._refuse(operation, arguments, "Unprocessable Entity")
        for comment in comments:
            if comment.location.path not in change.by_path:
                self._refuse(operation, arguments, "Path could not be resolved")
            if not change.is_commentable(comment.location):
                self._refuse(operation, arguments, "Line could not be resolved")
            self._require_body(operation, arguments, comment.body)
        late = self._note(operation, *arguments)
        self.review_count += 1
        for comment in comments:
            self._begin(
                comment.location.path,
                comment.location,
                comment.body,
                author=self.viewer,
                ours=True,
                change=change,
            )
        _tell(late)

    async def delete_pending_reviews(self) -> int:
        """Delete what blocks the next review."""
        late = self._note(Operation.DELETE_PENDING_REVIEWS)
        count, self.pending_reviews = self.pending_reviews, 0
        _tell(late)
        return count

    async def post_file_comment(self, comment: FileComment, *, head_sha: str) -> None:
        """Begin a thread on a file."""
        operation = Operation.POST_FILE_COMMENT
        arguments = (comment, head_sha)
        self._require_no_pending(operation, arguments)
        change = self._changes.get(head_sha)
        if change is None or comment.path not in change.by_path:
            self._refuse(operation, arguments, "Path could not be resolved")
        self._require_body(operation, arguments, comment.body)
        late = self._note(operation, *arguments)
        self._begin(comment.path, None, comment.body, author=self.viewer, ours=True)
        _tell(late)

    async def post_comment(self, body: str) -> int:
        """Put a comment of ours under the pull request."""
        self._require_body(Operation.POST_COMMENT, (body,), body)
        late = self._note(Operation.POST_COMMENT, body)
        comment_id = self.say(body, author=self.viewer, ours=True)
        _tell(late)
        return comment_id

    async def edit_comment(self, comment_id: int, body: str) -> None:
        """Put another text into a comment of ours."""
        operation = Operation.EDIT_COMMENT
        comment = self.comments.get(comment_id)
        if comment is None or not comment.ours:
            self._refuse(operation, (comment_id, body), "Not Found", Refusal.NOT_FOUND, 404)
        self._require_body(operation, (comment_id, body), body)
        late = self._note(operation, comment_id, body)
        self.comments[comment_id] = replace(comment, body=body)
        _tell(late)

    async def reply(self, comment_id: int, body: str) -> None:
        """Reply in the thread that begins with this comment."""
        operation = Operation.REPLY
        self._require_no_pending(operation, (comment_id, body))
        thread_id = next(
            (thread.id for thread in self.threads if thread.comments[0].id == comment_id), None
        )
        if thread_id is None:
            self._refuse(operation, (comment_id, body), "Not Found", Refusal.NOT_FOUND, 404)
        self._require_body(operation, (comment_id, body), body)
        late = self._note(operation, comment_id, body)
        self._append(thread_id, body, author=self.viewer, ours=True)
        _tell(late)

    async def resolve(self, thread_id: str) -> None:
        """Resolve a thread, where our token may."""
        operation = Operation.RESOLVE
        if thread_id not in self._standing:
            message = f"Could not resolve to a node with the global id of '{thread_id}'"
            self._refuse(operation, (thread_id,), message, Refusal.NOT_FOUND, 200)
        if not self.may_resolve:
            message = "Resource not accessible by integration"
            self._refuse(operation, (thread_id,), message, Refusal.FORBIDDEN, 200)
        late = self._note(operation, thread_id)
        self.settle(thread_id, by_us=True)
        _tell(late)

    async def post_check(self, check: Check) -> None:
        """Put a check on a commit of the pull request."""
        if check.head_sha not in self._changes:
            self._refuse(Operation.POST_CHECK, (check,), "No commit found for SHA")
        late = self._note(Operation.POST_CHECK, check)
        self.checks.append(check)
        _tell(late)

    async def has_check(self, head_sha: str, mark: str) -> bool:
        """Tell whether the newest check on the commit is that one."""
        self._note(Operation.HAS_CHECK, head_sha, mark)
        marks = [check.mark for check in self.checks if check.head_sha == head_sha]
        return bool(marks) and is_marked(marks[-1], mark)

    # -- Discussion ----------------------------------------------------------------------------

    async def permission(self, login: str) -> Permission:
        """Return what somebody may do."""
        self._note(Operation.PERMISSION, login)
        return self.permissions.get(login, Permission.NONE)

    async def react(self, comment_id: int, reaction: Reaction, *, inline: bool) -> None:
        """Remember the reaction; the same one twice is one, as on GitHub."""
        late = self._note(Operation.REACT, comment_id, reaction, inline)
        if (comment_id, reaction, inline) not in self.reactions:
            self.reactions.append((comment_id, reaction, inline))
        _tell(late)

    # -- rules ---------------------------------------------------------------------------------

    def _note(self, operation: Operation, *arguments: object) -> CodeHostError | None:
        """Write the call down; raise its scripted error, or return one that is told afterwards."""
        script = next((s for s in self._scripts if s.operation is operation), None)
        if script is not None and script.left is not None:
            script.left -= 1
            if script.left == 0:
                self._scripts.remove(script)
        done = script is None or script.applied
        self.calls.append(Call(operation=operation, arguments=arguments, done=done))
        if script is None:
            return None
        if operation in READS or not script.applied:
            raise script.error
        return script.error

    def _refuse(
        self,
        operation: Operation,
        arguments: tuple[object, ...],
        message: str,
        refusal: Refusal = Refusal.UNPROCESSABLE,
        status: int = 422,
    ) -> NoReturn:
        self.calls.append(Call(operation=operation, arguments=arguments, done=False))
        raise CodeHostError(refusal, message, status=status)

    def _require_no_pending(self, operation: Operation, arguments: tuple[object, ...]) -> None:
        if self.pending_reviews:
            self.calls.append(Call(operation=operation, arguments=arguments, done=False))
            raise CodeHostError(
                Refusal.UNPROCESSABLE,
                "User can only have one pending review per pull request",
                status=422,
                pending_review=True,
            )

    def _require_body(self, operation: Operation, arguments: tuple[object, ...], body: str) -> None:
        if not body.strip():
            self._refuse(operation, arguments, "Body can't be blank")
        if len(body) > LONGEST_BODY:
            message = f"Body is too long (maximum is {LONGEST_BODY} characters)"
            self._refuse(operation, arguments, message)

    def _begin(
        self,
        path: str,
        location: Location | None,
        body: str,
        *,
        author: Account | None,
        ours: bool,
        change: Change | None = None,
    ) -> Thread:
        self._last_id += 1
        comment = Comment(id=self._last_id, body=body, author=author, ours=ours)
        stale = change is not None and change.head != self.change.head
        thread = Thread(
            id=f"PRRT_{comment.id}",
            path=path,
            line=None if location is None or stale else location.end_line,
            side=Side.HEAD if location is None else location.side,
            resolved=False,
            resolved_by_us=False,
            outdated=stale,
            resolvable=self.may_resolve,
            comments=(comment,),
        )
        file = (change or self.change).by_path.get(path)
        text = "" if location is None or file is None else file.text_at(location)
        self._standing[thread.id] = _Standing(thread=thread, location=location, text=text)
        return thread

    def _append(self, thread_id: str, body: str, *, author: Account | None, ours: bool) -> int:
        self._last_id += 1
        comment = Comment(id=self._last_id, body=body, author=author, ours=ours)
        standing = self._standing[thread_id]
        standing.thread = replace(standing.thread, comments=(*standing.thread.comments, comment))
        return comment.id


def _tell(late: CodeHostError | None) -> None:
    """Raise an error that came after the deed."""
    if late is not None:
        raise late
