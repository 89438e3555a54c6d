"""A repository of a FakeGitHub: branches in real git, people with roles, pull requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reviewer.testing.fake_github.account import FakeAccount
from reviewer.testing.fake_github.difference import FileDifference, read_difference
from reviewer.testing.fake_github.git_store import Files, GitStore, TreeEntry
from reviewer.testing.fake_github.pull_request import FakePullRequest
from reviewer.testing.fake_github.standing import FakeCheck

if TYPE_CHECKING:
    from reviewer.testing.fake_github.hub import FakeGitHub

#: GitHub's roles; the old word of ``permission`` knows only four of them.
ROLES = {
    "none": "none",
    "read": "read",
    "triage": "read",
    "write": "write",
    "maintain": "write",
    "admin": "admin",
}
_SHA_LENGTH = 40
_SMALL_TREE = 200


class FakeRepository:
    """A repository, or a fork of one, which shares its objects.

    Args:
        hub: Where it is.
        owner: Whose it is.
        name: Its name.
        store: Its git repository.
        parent: What it is a fork of.
    """

    def __init__(
        self,
        hub: FakeGitHub,
        owner: FakeAccount,
        name: str,
        store: GitStore,
        parent: FakeRepository | None = None,
    ) -> None:
        self.hub = hub
        self.owner = owner
        self.name = name
        self.store = store
        self.parent = parent
        self.id = hub.next_id()
        self.default_branch = "main"
        self.private = False
        self.deleted = False
        self.roles: dict[str, str] = {owner.login.lower(): "admin"}
        self.labels: dict[str, int] = {}
        self.pulls: dict[int, FakePullRequest] = {}
        self.checks: list[FakeCheck] = []
        self._next_number = 1
        self._trees: dict[str, dict[str, TreeEntry]] = {}
        self._differences: dict[tuple[str, str], list[FileDifference]] = {}

    @property
    def full_name(self) -> str:
        """``owner/name``."""
        return f"{self.owner.login}/{self.name}"

    @property
    def git_folder(self) -> str:
        """The bare repository, to clone from."""
        return str(self.store.folder)

    def ref(self, branch: str) -> str:
        """Return the full name of a branch in the shared store."""
        if self.parent is None:
            return f"refs/heads/{branch}"
        return f"refs/forks/{self.owner.login}/heads/{branch}"

    def branch(self, name: str) -> str | None:
        """Return the commit that a branch points at."""
        return self.store.resolve(self.ref(name))

    def push(
        self,
        files: Files,
        *,
        branch: str = "",
        message: str = "Change",
        author: str = "Test Author",
    ) -> str:
        """Commit to a branch, which is made from the default branch where it is new.

        Args:
            files: What changes; None deletes.
            branch: The branch; the default branch where nothing is named.
            message: The commit's message.
            author: Its author.

        Returns:
            The commit.
        """
        with self.hub.lock:
            name = branch or self.default_branch
            tip = self.branch(name) or self.branch(self.default_branch)
            parents = [] if tip is None else [tip]
            return self.store.commit(
                [self.ref(name)], parents, files=files, message=message, author=author
            )

    def permission(self, login: str, role: str) -> None:
        """Give somebody one of GitHub's roles, from ``none`` to ``admin``."""
        if role not in ROLES:
            raise ValueError(f"{role!r} is no role of GitHub")
        self.hub.account(login)
        self.roles[login.lower()] = role

    def role(self, login: str) -> str:
        """Return somebody's role; everybody may read what is public."""
        return self.roles.get(login.lower(), "none" if self.private else "read")

    def open_pull(  # noqa: PLR0913 - what a pull request is made of
        self,
        *,
        branch: str = "feature",
        files: Files | None = None,
        title: str = "A change",
        body: str | None = "",
        author: str = "alice",
        fork: bool = False,
        draft: bool = False,
        base: str = "",
        labels: Sequence[str] = (),
    ) -> FakePullRequest:
        """Open a pull request.

        Args:
            branch: The head's branch; made with one commit where ``files`` are given.
            files: What it changes against the base.
            title: The title.
            body: The description; None as GitHub has it where nothing was written.
            author: Who opens it.
            fork: Whether its head lives in a fork of the author's.
            draft: Whether it is a draft.
            base: The branch that it would be merged into; the default branch where none is named.
            labels: Names of its labels.
        """
        with self.hub.lock:
            opener = self.hub.account(author)
            if not fork:
                self.roles.setdefault(author.lower(), "write")
            home = self.hub.fork(self, opener) if fork else self
            base_ref = base or self.default_branch
            base_sha = self.branch(base_ref)
            if base_sha is None:
                raise ValueError(f"there is no branch {base_ref!r}")
            ref = home.ref(branch)
            if files is not None:
                self.store.commit([ref], [base_sha], files=files, message=title or "Change")
            pull = FakePullRequest(
                self,
                self.take_number(),
                author=opener,
                title=title,
                body=body,
                head_repository=home,
                branch=branch,
                base_ref=base_ref,
                draft=draft,
            )
            for label in labels:
                pull.add_label(label)
            self.pulls[pull.number] = pull
            return pull

    def take_number(self) -> int:
        """Return the next number of an issue or a pull request."""
        number = self._next_number
        self._next_number += 1
        return number

    def lookup(self, name: str) -> tuple[str, str, bytes] | None:
        """Return id, type and content of an object of git; None where a name means none.

        What stands under a commit never changes, and one question asks for many files of it: the
        first reads all files of a small tree at once.
        """
        revision, colon, path = name.partition(":")
        if not colon or len(revision) != _SHA_LENGTH:
            return self.store.objects([name])[0]
        if revision not in self._trees:
            listed = (
                self.store.tree(revision, recursive=True) if self.store.resolve(revision) else []
            )
            self._trees[revision] = {entry.path: entry for entry in listed}
            if len(listed) <= _SMALL_TREE:
                self.store.blobs(entry.sha for entry in listed if entry.type == "blob")
        entry = self._trees[revision].get(path)
        if entry is None or entry.type != "blob":
            return self.store.objects([name])[0]
        return entry.sha, "blob", self.store.blobs([entry.sha])[entry.sha]

    def compare(self, base: str, head: str) -> list[FileDifference]:
        """Return what two commits differ in, whole."""
        key = (base, head)
        if key not in self._differences:
            self._differences[key] = read_difference(self.store.difference(base, head))
        return self._differences[key]
