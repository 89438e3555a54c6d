"""Code hosts of an App's installations: each narrowed to one repository, for the time of a run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from reviewer.domain.pull_request import PullRequest, PullRequestName
from reviewer.ports.code_host import CodeHost, Discussion
from reviewer.ports.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Hosted:
    """One pull request, with a token that reaches no other repository.

    Args:
        host: Reads and writes it.
        discussion: Answers people there.
        workspace: Reads its change and its base.
        repository_url: Where the repository can be read, from our own configuration.
    """

    host: CodeHost
    discussion: Discussion
    workspace: Callable[[PullRequest], Workspace]
    repository_url: str


class InstalledHosts(Protocol):
    """Opens pull requests of installations."""

    def on(
        self, installation_id: int, repository_id: int, name: PullRequestName
    ) -> AbstractAsyncContextManager[Hosted]:
        """Open one pull request.

        Args:
            installation_id: Whose it is; from a verified event or the store.
            repository_id: The host's number of the repository, which the token is narrowed to.
            name: Which.

        Raises:
            CodeHostError: The host gives no token: the App was uninstalled, or lost a permission.
        """
        ...
