"""FakeGitHub: repositories, people, tokens, a journal of every exchange, and a server."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from reviewer.testing.fake_github.account import (
    USUAL_PERMISSIONS,
    Accounts,
    FakeAccount,
    FakeToken,
)
from reviewer.testing.fake_github.difference import Limits
from reviewer.testing.fake_github.event import FakeEvent, Happening, payload_of, sign
from reviewer.testing.fake_github.fault import Fault
from reviewer.testing.fake_github.git_store import Files, GitStore
from reviewer.testing.fake_github.journal import Exchange
from reviewer.testing.fake_github.repository import FakeRepository
from reviewer.testing.fake_github.rest_app import FakeInstallation
from reviewer.testing.fake_github.standing import (
    FakeCheck,
    FakeComment,
    FakeReview,
    FakeThread,
)

if TYPE_CHECKING:
    from reviewer.testing.fake_github.application import Application
    from reviewer.testing.fake_github.pull_request import FakePullRequest

#: Comments' numbers have outgrown 32 bits, and GraphQL's `databaseId` with them.
_FIRST_LARGE_ID = 3_000_000_001


class FakeGitHub:
    """A GitHub of one's own.

    Args:
        folder: Where the git repositories are made.
    """

    #: Told of every one that is made, so that a test suite can hold all of them to its rules.
    watchers: ClassVar[list[Callable[[FakeGitHub], None]]] = []

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        #: Held by every request and every act: the server answers from a thread.
        self.lock = threading.RLock()
        self.accounts = Accounts()
        self.repositories: dict[str, FakeRepository] = {}
        self.tokens: dict[str, FakeToken] = {}
        self.installations: dict[int, FakeInstallation] = {}
        self.limits = Limits()
        #: What the claims of an application's token are measured with.
        self.wall_clock: Callable[[], float] = time.time
        #: Every exchange; a test may clear it, to count from there on.
        self.journal: list[Exchange] = []
        #: Told of every exchange, also of those that are cleared away.
        self.observers: list[Callable[[Exchange], None]] = []
        self.faults: list[Fault] = []
        #: Asked for a fault where none of those is due: method, path, GraphQL's document.
        self.misfortune: Callable[[str, str, str], Fault | None] | None = None
        #: How long every answer takes.
        self.latency_seconds = 0.0
        self.api_url = "https://api.github.com"
        self.server_url = "https://github.com"
        self._ids = 0
        self._large_ids = _FIRST_LARGE_ID
        self._moment = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
        self._application: Application | None = None
        for tell in self.watchers:
            tell(self)

    # --- what there is -------------------------------------------------------------------------
    def account(self, login: str, kind: str | None = None) -> FakeAccount:
        """Return an account; one that was not named before is made."""
        return self.accounts.get(login, kind)

    def repository(self, full_name: str, *, files: Files | None = None) -> FakeRepository:
        """Make a repository with one commit on ``main``.

        Args:
            full_name: ``owner/name``.
            files: What stands in it.
        """
        with self.lock:
            owner, name = full_name.split("/")
            store = GitStore(self.folder / owner / f"{name}.git")
            repository = FakeRepository(self, self.account(owner), name, store)
            self.repositories[full_name.lower()] = repository
            repository.push(files or {"README.md": "# A repository\n"}, message="Begin")
            return repository

    def fork(self, parent: FakeRepository, owner: FakeAccount) -> FakeRepository:
        """Return somebody's fork of a repository."""
        name = f"{owner.login}/{parent.name}".lower()
        if name not in self.repositories:
            fork = FakeRepository(self, owner, parent.name, parent.store, parent)
            self.repositories[name] = fork
        return self.repositories[name]

    def token(
        self,
        *,
        permissions: Mapping[str, str] | None = None,
        viewer: str = "persona-reviewer[bot]",
        installation: bool = True,
        repositories: Iterable[str] | None = None,
    ) -> str:
        """Make a token.

        Args:
            permissions: What it may do; what a workflow usually asks for where nothing is given.
            viewer: Whose it is.
            installation: Whether it is an application's and not a person's.
            repositories: The full names that it reaches; all where none are named.

        Returns:
            The secret.
        """
        # No real prefix: whoever looks for secrets must not take these for some.
        text = f"fake-token-{len(self.tokens) + 1:04}"
        granted = dict(USUAL_PERMISSIONS if permissions is None else permissions)
        granted.setdefault("metadata", "read")
        self.tokens[text] = FakeToken(
            text=text,
            viewer=self.account(viewer),
            permissions=granted,
            installation=installation,
            repositories=None if repositories is None else frozenset(repositories),
        )
        return text

    def install(
        self,
        owner: str,
        *,
        permissions: Mapping[str, str] | None = None,
        viewer: str = "persona-reviewer[bot]",
    ) -> int:
        """Install the application for an owner's repositories; return the installation's number.

        Args:
            owner: Whose.
            permissions: What is granted.
            viewer: The account that it acts as.
        """
        granted = dict(USUAL_PERMISSIONS if permissions is None else permissions)
        made = FakeInstallation(
            id=self.next_id(), account=self.account(owner), viewer=viewer, permissions=granted
        )
        self.installations[made.id] = made
        return made.id

    # --- what happens --------------------------------------------------------------------------
    @property
    def writes(self) -> list[Exchange]:
        """The exchanges that asked for something to be written."""
        return [exchange for exchange in self.journal if exchange.writes]

    def note(self, exchange: Exchange) -> None:
        """Write down an exchange."""
        self.journal.append(exchange)
        for tell in self.observers:
            tell(exchange)

    def now(self) -> str:
        """Return GitHub's time, which passes by a second whenever it is asked."""
        self._moment += timedelta(seconds=1)
        return self._moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def next_id(self) -> int:
        """Return a number that nothing else has."""
        self._ids += 1
        return 100_000 + self._ids

    def next_large_id(self) -> int:
        """Return a number that does not fit into 32 bits."""
        self._large_ids += 1
        return self._large_ids

    def fault(  # noqa: PLR0913 - the ways in which something can go wrong
        self,
        method: str,
        path: str,
        *,
        document: str = "",
        status: int | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        after_apply: bool = False,
        cut: bool = False,
        delay_seconds: float = 0.0,
        act: Callable[[], object] | None = None,
        skip: int = 0,
        times: int | None = 1,
    ) -> Fault:
        """Script a fault; the arguments are those of `Fault`, the path a regular expression."""
        made = Fault(
            method=method,
            path=re.compile(path),
            document=document,
            status=status,
            body=body,
            headers=headers or {},
            after_apply=after_apply,
            cut=cut,
            delay_seconds=delay_seconds,
            act=act,
            skip=skip,
            times=times,
        )
        self.faults.append(made)
        return made

    def secondary_limit(self, *, retry_after: int | None = None, times: int = 1) -> Fault:
        """Let writes be refused as too fast, by default without saying how long.

        Args:
            retry_after: The seconds that the answer names.
            times: How many writes are refused.
        """
        return self.fault(
            "POST",
            "/repos/.*",
            status=403,
            body={
                "message": "You have exceeded a secondary rate limit and have been temporarily "
                "blocked from content creation. Please retry your request again later."
            },
            headers={} if retry_after is None else {"retry-after": str(retry_after)},
            times=times,
        )

    def expire(self, token: str) -> None:
        """Let a token's time be over."""
        self.tokens[token].expired = True

    def delete_account(self, login: str) -> None:
        """Somebody deletes their account: what they wrote stays, of nobody."""
        self.account(login).deleted = True

    # --- webhooks ------------------------------------------------------------------------------
    def event(  # noqa: PLR0913 - what an event can be about
        self,
        name: str,
        action: str,
        pull: FakePullRequest,
        *,
        sender: str = "",
        comment: FakeComment | None = None,
        thread: FakeThread | None = None,
        review: FakeReview | None = None,
        check: FakeCheck | None = None,
        label: str | None = None,
        changes: Mapping[str, object] | None = None,
        installation: int | None = None,
    ) -> FakeEvent:
        """Return the payload that GitHub sends, as things are now.

        Args:
            name: GitHub's name of the event: ``pull_request``, ``issue_comment``, …
            action: GitHub's word for what happened: ``opened``, ``synchronize``, ``created``, …
            pull: Where.
            sender: Who did it; the comment's or the pull request's author where nobody is named.
            comment: The comment that it is about.
            thread: The thread that it is about, or that the comment stands in.
            review: The review that it is about.
            check: The check run that it is about.
            label: The label that it is about.
            changes: What was edited, in GitHub's form.
            installation: The application's installation that it is sent to.
        """
        with self.lock:
            author = pull.author if comment is None else comment.author or self.accounts.ghost
            if comment is not None and thread is None:
                thread = next((t for t in pull.threads if comment in t.comments), None)
            happening = Happening(
                action=action,
                pull=pull,
                sender=self.account(sender) if sender else author,
                comment=comment,
                thread=thread,
                review=review,
                check=check,
                label=label,
                changes=changes,
            )
            return payload_of(name, happening, installation)

    def signed(
        self, event: Mapping[str, object], secret: str, *, delivery: str = ""
    ) -> tuple[dict[str, str], bytes]:
        """Return headers and body of a delivery.

        Args:
            event: What `event` returned.
            secret: What it is signed with.
            delivery: Its id; a new one where none is named.
        """
        number = delivery or f"72d3162e-cc78-11e3-81ab-{self.next_id():012x}"
        return sign(event, secret, delivery=number)

    # --- how it is reached ---------------------------------------------------------------------
    @property
    def app(self) -> Application:
        """The ASGI application."""
        # Late: starlette and graphql-core are needed by those alone who serve.
        from reviewer.testing.fake_github.application import Application  # noqa: PLC0415

        if self._application is None:
            self._application = Application(self)
        return self._application

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Serve on the loopback interface, from a thread.

        Yields:
            The address of REST; GraphQL is at ``/graphql`` below it.
        """
        from reviewer.testing.fake_github.serving import serving  # noqa: PLC0415

        with serving(self.app) as url:
            before = self.api_url, self.server_url
            self.api_url = self.server_url = url
            try:
                yield url
            finally:
                self.api_url, self.server_url = before
