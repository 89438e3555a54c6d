"""Reads GraphQL's pages of what stands on a pull request; null is always allowed.

What may be null is taken from GitHub's schema: the author of a comment (a deleted account), the
line of a thread (outdated, or about a file), who resolved it, and any entry of a list.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from reviewer.adapters.github.pull_request_reader import FreeText, Sha, Wire, read_wire
from reviewer.domain.change import Side
from reviewer.domain.conversation import AcceptedComment, Comment, Thread
from reviewer.domain.pull_request import Account, AccountKind

_KINDS = {
    "User": AccountKind.USER,
    "Bot": AccountKind.BOT,
    "Organization": AccountKind.ORGANIZATION,
}


#: GraphQL's word for 👀.
_SEEN = "EYES"


class _WireActor(Wire):
    """Somebody, as GraphQL writes them."""

    login: str | None = None
    number: int | None = Field(default=None, alias="databaseId")
    type: str | None = Field(default=None, alias="__typename")

    def account(self) -> Account:
        """Return the account; a login ends in ``[bot]`` here only for the viewer."""
        return Account(
            id=self.number or 0,
            login=(self.login or "").removesuffix("[bot]"),
            kind=_KINDS.get(self.type or "", AccountKind.UNKNOWN),
        )


class _WireReaction(Wire):
    """One kind of reaction, and whether the account behind our token gave it."""

    content: str | None = None
    ours: bool | None = Field(default=None, alias="viewerHasReacted")


class _WireComment(Wire):
    """A comment; large numbers are written as text."""

    number: int | None = Field(default=None, alias="fullDatabaseId")
    body: FreeText | None = None
    ours: bool | None = Field(default=None, alias="viewerDidAuthor")
    author: _WireActor | None = None
    state: str | None = None
    created_at: datetime | None = Field(default=None, alias="createdAt")
    reactions: tuple[_WireReaction | None, ...] | None = Field(default=None, alias="reactionGroups")


class _WirePage(Wire):
    """Where a list goes on."""

    more: bool | None = Field(default=None, alias="hasNextPage")
    end: str | None = Field(default=None, alias="endCursor")


class _WireComments(Wire):
    """A page of comments."""

    page: _WirePage | None = Field(default=None, alias="pageInfo")
    nodes: tuple[_WireComment | None, ...] | None = None


class _WireThread(Wire):
    """A review thread."""

    id: str
    path: FreeText | None = None
    line: int | None = None
    side: str | None = Field(default=None, alias="diffSide")
    resolved: bool | None = Field(default=None, alias="isResolved")
    outdated: bool | None = Field(default=None, alias="isOutdated")
    resolvable: bool | None = Field(default=None, alias="viewerCanResolve")
    resolved_by: _WireActor | None = Field(default=None, alias="resolvedBy")
    comments: _WireComments | None = None


class _WireThreads(Wire):
    """A page of threads."""

    page: _WirePage | None = Field(default=None, alias="pageInfo")
    nodes: tuple[_WireThread | None, ...] | None = None


class _WireRequest(Wire):
    """A pull request's part of the answer."""

    head_sha: Sha = Field(alias="headRefOid")
    comments: _WireComments | None = None
    threads: _WireThreads | None = Field(default=None, alias="reviewThreads")


class _WireRepository(Wire):
    """A repository's part of the answer."""

    request: _WireRequest = Field(alias="pullRequest")


class _WireConversation(Wire):
    """One page of the conversation."""

    viewer: _WireActor | None = None
    repository: _WireRepository


class ConversationPage:
    """One page of the conversation, read.

    Args:
        data: The ``data`` of GraphQL's answer.

    Raises:
        GitHubError: Something that GitHub promises is not there.
    """

    def __init__(self, data: object) -> None:
        wire = read_wire(_WireConversation, data, what="the conversation")
        self._request = wire.repository.request
        viewer = wire.viewer or _WireActor()
        self.viewer = viewer.account()
        self.head_sha = self._request.head_sha

    @property
    def comments(self) -> list[Comment]:
        """The comments of this page, of all authors."""
        return _comments(self._request.comments, self.viewer)

    @property
    def accepted(self) -> list[AcceptedComment]:
        """The comments of others on this page that carry our 👀, also those in threads."""
        threads = (self._request.threads and self._request.threads.nodes) or ()
        lists = (self._request.comments, *(thread.comments for thread in threads if thread))
        return [
            AcceptedComment(
                id=node.number,
                author=None if node.author is None else node.author.account(),
                created_at=node.created_at,
                body=node.body or "",
            )
            for page in lists
            for node in (page and page.nodes) or ()
            if node is not None and node.number and node.created_at and not node.ours
            if any(one and one.content == _SEEN and one.ours for one in node.reactions or ())
        ]

    @property
    def threads(self) -> list[Thread]:
        """The threads of this page, without those that do not stand there.

        One without a comment is being deleted; one of a review that was begun and not submitted
        is seen by its author alone.
        """
        nodes = (self._request.threads and self._request.threads.nodes) or ()
        threads = (_thread(node, self.viewer) for node in nodes if node and not _is_pending(node))
        return [thread for thread in threads if thread.comments]

    @property
    def more_comments(self) -> str | None:
        """Where the comments go on; None where they do not."""
        return _cursor(self._request.comments)

    @property
    def more_threads(self) -> str | None:
        """Where the threads go on; None where they do not."""
        return _cursor(self._request.threads)


def _cursor(wire: _WireComments | _WireThreads | None) -> str | None:
    page = None if wire is None else wire.page
    return page.end if page is not None and page.more and page.end else None


def _comments(wire: _WireComments | None, viewer: Account) -> list[Comment]:
    nodes = (wire and wire.nodes) or ()
    return [
        _comment(node, viewer) for node in nodes if node is not None and node.number is not None
    ]


def _comment(wire: _WireComment, viewer: Account) -> Comment:
    author = None if wire.author is None else wire.author.account()
    return Comment(
        id=wire.number or 0,
        body=wire.body or "",
        author=author,
        ours=bool(wire.ours) and author is not None and _is_same(author, viewer),
    )


def _thread(wire: _WireThread, viewer: Account) -> Thread:
    resolver = None if wire.resolved_by is None else wire.resolved_by.account()
    return Thread(
        id=wire.id,
        path=wire.path or "",
        line=wire.line,
        side=Side.BASE if wire.side == "LEFT" else Side.HEAD,
        resolved=bool(wire.resolved),
        resolved_by_us=bool(wire.resolved) and resolver is not None and _is_same(resolver, viewer),
        outdated=bool(wire.outdated),
        resolvable=bool(wire.resolvable),
        comments=tuple(_comments(wire.comments, viewer)),
    )


def _is_pending(wire: _WireThread) -> bool:
    nodes = (wire.comments and wire.comments.nodes) or ()
    return any(node is not None and node.state == "PENDING" for node in nodes[:1])


def _is_same(one: Account, other: Account) -> bool:
    """Tell whether two are one account: by number, and by login where a number is missing."""
    if one.id and other.id:
        return one.id == other.id
    return bool(one.login) and one.login.lower() == other.login.lower()
