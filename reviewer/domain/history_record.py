"""What reviews of a pull request remember, as it is kept: whose it is, and since when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from reviewer.domain.history import History
from reviewer.domain.pull_request import PullRequestName


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRecord:
    """A history of one pull request.

    Args:
        installation_id: The host's number of the installation.
        repository_id: The host's number of the repository.
        pull_request: Where.
        history: What is remembered.
        at: Since when.
    """

    installation_id: int
    repository_id: int
    pull_request: PullRequestName
    history: History = field(repr=False)
    at: datetime
