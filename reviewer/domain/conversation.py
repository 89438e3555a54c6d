"""What stands on a pull request already: our own comments, and every review thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reviewer.domain.change import Side
from reviewer.domain.pull_request import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment.

    Args:
        id: The number by which REST knows it.
        body: Its text; untrusted unless it is ours and a signature says so.
        author: Who wrote it; None for a deleted account.
        ours: Whether the host itself says that the account behind our token wrote it. In an
            Action other workflows share that account (security.md S15).
    """

    id: int
    body: str
    author: Account | None
    ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A review thread: one comment on lines or on a file, and the replies to it.

    Args:
        id: The name by which GraphQL knows it.
        path: The file.
        line: The last line it stands on now; None where it is outdated or about a file.
        side: Which version the line counts in.
        resolved: Whether somebody resolved it.
        resolved_by_us: Whether that was the account behind our token.
        outdated: Whether the host says that its lines have changed since.
        resolvable: Whether the host says that our token may resolve it.
        comments: The first comment and its replies, in order; the first fifty.
    """

    id: str
    path: str
    line: int | None
    side: Side
    resolved: bool
    resolved_by_us: bool
    outdated: bool
    resolvable: bool
    comments: tuple[Comment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedComment:
    """A comment of somebody that carries our own 👀: a command in it was begun.

    Only the account behind our token can give that sign, so nobody else can make it look as if
    people had asked often, and nobody can take it away without deleting the comment.

    Args:
        author: Who wrote it; None for a deleted account.
        created_at: When, by the host's clock, with a time zone.
        body: Its text as it is now; untrusted.
    """

    id: int
    author: Account | None
    created_at: datetime
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What stands on a pull request at one moment.

    Args:
        viewer: The account behind our token.
        head_sha: The pull request's head at that moment.
        comments: Our own comments under the pull request, oldest first.
        threads: Every review thread, also those of others.
        accepted: Comments of others that carry our 👀, the newest hundred or so: how often
            people asked lately.
    """

    viewer: Account
    head_sha: str
    comments: tuple[Comment, ...] = ()
    threads: tuple[Thread, ...] = ()
    accepted: tuple[AcceptedComment, ...] = ()
