"""A pull request and the people around it, as a code host knows them and no message can change.

Repository, number, commits and ids come from the verified event or from the host itself, never
from a comment, a change or a model (security.md S3). Of what GitHub may leave out (a deleted
account, a deleted fork, an empty description) everything is None or empty here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from typing_extensions import override

from reviewer.errors import UserError

#: https://docs.github.com/en/repositories: an owner has no dot, a repository may.
_REFERENCE = re.compile(
    r"(?:https?://[^/\s]+/)?(?P<owner>[A-Za-z0-9][A-Za-z0-9_-]{0,99})/"
    r"(?P<name>[A-Za-z0-9._-]{1,100})(?:#|/pull/)(?P<number>[1-9][0-9]{0,9})/?"
)


class AccountKind(StrEnum):
    """What an account is; told by the host's own type, never by its name."""

    USER = "user"
    BOT = "bot"
    ORGANIZATION = "organization"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody on the code host.

    Args:
        id: The host's number of the account, the same over all its interfaces; 0 where the
            host does not tell it.
        login: The name, without ``@`` and without the suffix ``[bot]``, which REST and GraphQL
            spell differently.
        kind: What it is.
    """

    id: int
    login: str
    kind: AccountKind = AccountKind.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository's name on its host."""

    owner: str
    name: str

    @override
    def __str__(self) -> str:
        """Return ``owner/name``."""
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestName:
    """Which pull request: ``owner/name#7``."""

    repository: Repository
    number: int

    @classmethod
    def parse(cls, text: str) -> PullRequestName:
        """Read ``OWNER/REPO#N`` or the address of a pull request.

        Raises:
            UserError: It is neither.
        """
        match = _REFERENCE.fullmatch(text.strip())
        if match is None or match["name"] in {".", ".."}:
            raise UserError(
                f"{text!r} names no pull request",
                hint="Write OWNER/REPO#NUMBER, like octo/shop#12, or its address in a browser.",
            )
        repository = Repository(owner=match["owner"], name=match["name"])
        return cls(repository=repository, number=int(match["number"]))

    @override
    def __str__(self) -> str:
        """Return ``owner/name#7``."""
        return f"{self.repository}#{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """One pull request at one moment; frozen when the run begins (security.md S11).

    Args:
        name: Which.
        repository_id: The host's number of the repository.
        title: The title; untrusted.
        body: The description, empty where there is none; untrusted.
        author: Who opened it; None for a deleted account.
        head_sha: The commit that is reviewed.
        base_sha: The commit of the base branch that configuration is read from.
        base_ref: The branch that it would be merged into.
        head_repository: Where the head lives, ``owner/name``; empty for a deleted fork.
        open: Whether it is open.
        draft: Whether it is a draft.
        labels: Names of its labels.
        changed_files: How many files it changes; None where the host does not tell.
    """

    name: PullRequestName
    repository_id: int
    title: str
    body: str
    author: Account | None
    head_sha: str
    base_sha: str
    base_ref: str
    head_repository: str
    open: bool = True
    draft: bool = False
    labels: tuple[str, ...] = ()
    changed_files: int | None = None

    @property
    def from_fork(self) -> bool:
        """Whether the head lives in another repository, or nobody knows where."""
        return self.head_repository.lower() != str(self.name.repository).lower()

    def in_words_of(self, title: str | None, description: str | None) -> PullRequest:
        """Return it with the words that it had at the trigger (S11).

        Args:
            title: Its title then; None where the event says nothing of its words.
            description: Its description then.
        """
        return self if title is None else replace(self, title=title, body=description or "")
