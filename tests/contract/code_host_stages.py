"""Pull requests to hold code hosts against: one in memory, one on a GitHub on loopback."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typing_extensions import override

pytest.importorskip("github")

from reviewer.adapters.github.addresses import GitHubAddresses
from reviewer.adapters.github.client import GitHubClient
from reviewer.adapters.github.code_host import GitHubCodeHost
from reviewer.adapters.github.discussion import GitHubDiscussion
from reviewer.domain.change import Change
from reviewer.domain.conversation import Thread
from reviewer.domain.posting import (
    Permission,
)
from reviewer.domain.pull_request import Account, AccountKind, PullRequest, PullRequestName
from reviewer.ports.code_host import CodeHost, Discussion
from reviewer.testing.builders import BASE, HEAD, build_change, build_file
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_code_host import FakeCodeHost
from reviewer.testing.fake_github import FakeGitHub

Texts = Mapping[str, str | None]

NUMBERED = [f"line {number}" for number in range(1, 41)]
BEFORE: Texts = {"app.py": "\n".join([*NUMBERED, ""]), "gone.py": "one\ntwo\nthree\n"}
#: Two hunks in one file, which show lines 2 to 8 and 27 to 33; a new file, and a deleted one.
AFTER: Texts = {
    "app.py": "\n".join(
        f"{text} changed" if text in {"line 5", "line 30"} else text for text in [*NUMBERED, ""]
    ),
    "new.py": "first\nsecond\nthird\n",
    "gone.py": None,
}
ALICE = Account(id=11, login="alice", kind=AccountKind.USER)
ROLES = {role.value: role for role in Permission}


class Stage(ABC):
    """A pull request somewhere, and the people around it."""

    host: CodeHost
    discussion: Discussion

    @abstractmethod
    def push(self, texts: Texts) -> str:
        """Push a commit on top; return the new head."""

    @abstractmethod
    def begin_review(self) -> None:
        """Leave a review of ours behind that was never submitted."""

    @abstractmethod
    def forbid_resolving(self) -> None:
        """Take from our token what it needs to resolve threads."""

    @abstractmethod
    def say(self, body: str) -> int:
        """Let Alice comment under the pull request; return the comment's id."""

    @abstractmethod
    def answer(self, thread: Thread, body: str) -> None:
        """Let Alice reply in a thread."""

    @abstractmethod
    def settle(self, thread: Thread) -> None:
        """Let Alice resolve a thread."""

    @abstractmethod
    def give(self, login: str, role: str) -> None:
        """Give somebody a role."""

    @abstractmethod
    def checks(self) -> list[tuple[str, str, int]]:
        """Return the head, conclusion and number of annotations of each check."""

    @abstractmethod
    def reactions(self) -> int:
        """Return how many reactions of ours stand there."""


class MemoryStage(Stage):
    """A `FakeCodeHost`."""

    def __init__(self) -> None:
        self.texts: dict[str, str | None] = {**BEFORE, **AFTER}
        self.count = 0
        self.fake = FakeCodeHost(
            request=PullRequest(
                name=PullRequestName.parse("octo/shop#7"),
                repository_id=9,
                title="A change",
                body="",
                author=ALICE,
                head_sha=HEAD,
                base_sha=BASE,
                base_ref="main",
                head_repository="octo/shop",
            ),
            change=self.change(HEAD),
        )
        self.host = self.discussion = self.fake

    def change(self, head: str) -> Change:
        changed = {path: text for path, text in self.texts.items() if text != BEFORE.get(path)}
        files = (
            build_file(path, before=BEFORE.get(path), after=text) for path, text in changed.items()
        )
        return build_change(*files, head=head)

    @override
    def push(self, texts: Texts) -> str:
        self.texts |= texts
        self.count += 1
        head = f"{self.count:040x}"
        self.fake.push(self.change(head))
        return head

    @override
    def begin_review(self) -> None:
        self.fake.pending_reviews += 1

    @override
    def forbid_resolving(self) -> None:
        self.fake.may_resolve = False

    @override
    def say(self, body: str) -> int:
        return self.fake.say(body, author=ALICE, at=datetime.now(UTC))

    @override
    def answer(self, thread: Thread, body: str) -> None:
        self.fake.answer(thread.id, body, author=ALICE)

    @override
    def settle(self, thread: Thread) -> None:
        self.fake.settle(thread.id)

    @override
    def give(self, login: str, role: str) -> None:
        self.fake.permissions = {**self.fake.permissions, login: ROLES[role]}

    @override
    def checks(self) -> list[tuple[str, str, int]]:
        return [
            (check.head_sha, check.conclusion.value, len(check.annotations))
            for check in self.fake.checks
        ]

    @override
    def reactions(self) -> int:
        return len(self.fake.reactions)


@asynccontextmanager
async def _memory(_: Path) -> AsyncIterator[Stage]:
    yield MemoryStage()


class HubStage(Stage):
    """A GitHub on loopback, and the adapter that production uses."""

    def __init__(self, hub: FakeGitHub, client: Callable[[str], GitHubClient]) -> None:
        self.hub = hub
        self.repository = hub.repository("octo/shop", files=BEFORE)
        self.pull = self.repository.open_pull(files=AFTER, author="alice")
        self.permissions = {
            "checks": "write",
            "contents": "write",
            "issues": "write",
            "metadata": "read",
            "pull_requests": "write",
        }
        self.token = hub.token(permissions=self.permissions, viewer="persona-reviewer[bot]")
        self.client = client(self.token)
        name = PullRequestName.parse(self.pull.name)
        self.host = GitHubCodeHost(self.client, name)
        self.discussion = GitHubDiscussion(self.client, name)

    @override
    def push(self, texts: Texts) -> str:
        return self.pull.push(texts)

    @override
    def begin_review(self) -> None:
        self.pull.discussion.add_review(
            self.hub.account("persona-reviewer[bot]"),
            event=None,
            body="begun",
            commit_id=self.pull.head_sha,
            comments=[],
        )

    @override
    def forbid_resolving(self) -> None:
        self.hub.tokens[self.token].permissions = {**self.permissions, "contents": "read"}

    @override
    def say(self, body: str) -> int:
        return self.pull.comment("alice", body).id

    @override
    def answer(self, thread: Thread, body: str) -> None:
        (found,) = (known for known in self.pull.threads if known.id == thread.id)
        self.pull.reply(found, "alice", body)

    @override
    def settle(self, thread: Thread) -> None:
        (found,) = (known for known in self.pull.threads if known.id == thread.id)
        self.pull.resolve(found, "alice")

    @override
    def give(self, login: str, role: str) -> None:
        self.repository.permission(login, role)

    @override
    def checks(self) -> list[tuple[str, str, int]]:
        return [
            (check.head_sha, check.conclusion or "", len(check.annotations))
            for check in self.repository.checks
        ]

    @override
    def reactions(self) -> int:
        return sum(len(comment.reactions) for comment in self.pull.comments)


def _hub(prefix: str) -> Callable[[Path], AbstractAsyncContextManager[Stage]]:
    @asynccontextmanager
    async def opened(folder: Path) -> AsyncIterator[Stage]:
        hub = FakeGitHub(folder)
        with hub.serve() as url:
            addresses = GitHubAddresses.of(api_url=f"{url}{prefix}")
            stage = HubStage(hub, lambda token: GitHubClient(token, addresses, clock=FakeClock()))
            yield stage
            await stage.client.close()

    return opened


STAGES: dict[str, Callable[[Path], AbstractAsyncContextManager[Stage]]] = {
    "memory": _memory,
    "github.com": _hub(""),
    "enterprise": _hub("/api/v3"),
}
