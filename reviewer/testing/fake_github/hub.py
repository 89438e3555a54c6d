"""FakeGitHub: repositories, people, tokens, a journal of every exchange, and a server."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
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
from reviewer.testing.fake_github.fault import Fault
from reviewer.testing.fake_github.git_store import Files, GitStore
from reviewer.testing.fake_github.journal import Exchange
from reviewer.testing.fake_github.repository import FakeRepository

if TYPE_CHECKING:
    from reviewer.testing.fake_github.application import Application

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
        self.limits = Limits()
        self.journal: list[Exchange] = []
        self.faults: list[Fault] = []
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
    ) -> str:
        """Make a token.

        Args:
            permissions: What it may do; what a workflow usually asks for where nothing is given.
            viewer: Whose it is.
            installation: Whether it is an application's and not a person's.

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
        )
        return text

    # --- what happens --------------------------------------------------------------------------
    @property
    def writes(self) -> list[Exchange]:
        """The exchanges that asked for something to be written."""
        return [exchange for exchange in self.journal if exchange.writes]

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
