"""What a code host tells us that happened, reduced to what this program acts on.

Everything in an event that names something (repository, number, commits, ids) is believed because
the host said it; every text in it is untrusted.
"""

from __future__ import annotations

from dataclasses import dataclass

from reviewer.domain.pull_request import Account, PullRequest, PullRequestName, Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestEvent:
    """Something happened to a pull request.

    Args:
        action: GitHub's word: ``opened``, ``synchronize``, ``ready_for_review``, …
        pull_request: The pull request as the event shows it: the text that a run freezes.
        sender: Who did it; `UNKNOWN_ACCOUNT` where the event does not tell.
        base_changed: For ``edited``: whether the base branch was changed.
    """

    action: str
    pull_request: PullRequest
    sender: Account
    base_changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentEvent:
    """Somebody wrote, edited or deleted a comment.

    Args:
        action: GitHub's word: ``created``, ``edited``, ``deleted``.
        comment_id: The comment.
        body: Its text; untrusted.
        author: Who wrote it; None for a deleted account.
        sender: Who did what the event tells; `UNKNOWN_ACCOUNT` where the event does not tell.
        pull_request: Where; None on an issue that is no pull request.
        inline: Whether it stands in a review thread.
        thread_comment_id: The comment that begins that thread, where it is known.
        title: The pull request's title at that moment; None where the event does not tell.
        description: Its description at that moment; None where the event does not tell.
    """

    action: str
    comment_id: int
    body: str
    author: Account | None
    sender: Account
    pull_request: PullRequestName | None
    inline: bool = False
    thread_comment_id: int | None = None
    title: str | None = None
    description: str | None = None

    def freeze(self, pull_request: PullRequest) -> PullRequest:
        """Return the pull request with the words that it had when the comment was made (S11).

        Args:
            pull_request: As the host tells it now.
        """
        return pull_request.in_words_of(self.title, self.description)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadEvent:
    """Somebody resolved a review thread, or opened it again.

    Args:
        action: GitHub's word: ``resolved``, ``unresolved``.
        thread_id: The name by which GraphQL knows the thread.
        pull_request: Where.
        sender: Who did it; `UNKNOWN_ACCOUNT` where the event does not tell.
    """

    action: str
    thread_id: str
    pull_request: PullRequestName
    sender: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckEvent:
    """Something happened to a check run or a check suite.

    Args:
        action: GitHub's word: ``rerequested`` where somebody asks for another run.
        repository: Where.
        head_sha: The commit that it stands on.
        app_id: The application whose check it is; None where the host does not tell.
        numbers: The pull requests that the host says have this head; empty for forks.
        sender: Who did it; `UNKNOWN_ACCOUNT` where the event does not tell.
    """

    action: str
    repository: Repository
    head_sha: str
    app_id: int | None
    numbers: tuple[int, ...]
    sender: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeGroupEvent:
    """A merge queue asks for checks on a commit that it made, or takes it back.

    Args:
        action: GitHub's word: ``checks_requested``, ``destroyed``.
        repository: Where.
        head_sha: The commit that wants a check.
        head_ref: The queue's branch, which names the pull request; untrusted as a text.
    """

    action: str
    repository: Repository
    head_sha: str
    head_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationEvent:
    """The application was installed, removed, or given other repositories.

    Args:
        action: GitHub's word: ``created``, ``deleted``, ``suspend``, ``added``, ``removed``, …
        installation_id: The host's number of the installation.
        account: Where it is installed; None where the host does not tell.
        added: Numbers of the repositories that it has got.
        removed: Numbers of the repositories that it has lost.
    """

    action: str
    installation_id: int
    account: Account | None
    added: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEvent:
    """Something that this program does not act on, with GitHub's words for it."""

    name: str
    action: str


Event = (
    PullRequestEvent
    | CommentEvent
    | ThreadEvent
    | CheckEvent
    | MergeGroupEvent
    | InstallationEvent
    | OtherEvent
)

#: Who did something that an event tells nobody of; may do nothing, because it is no human.
UNKNOWN_ACCOUNT = Account(id=0, login="")
