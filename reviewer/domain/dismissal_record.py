"""A dismissal as it is kept: who took a finding off, with which words, and who took that back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reviewer.domain.pull_request import Account, PullRequestName


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissalRecord:
    """One dismissal of one finding.

    Args:
        installation_id: The host's number of the installation.
        repository_id: The host's number of the repository.
        pull_request: Where.
        fingerprint: Which finding.
        by: Who.
        reason: Why, in that person's words; untrusted.
        authorised: Whether the host said that this person may do so.
        at: When.
        withdrawn_by: Who took it back, by login; empty where nobody did.
        withdrawn_at: When; None where nobody did.
    """

    installation_id: int
    repository_id: int
    pull_request: PullRequestName
    fingerprint: str
    by: Account
    reason: str = ""
    authorised: bool = True
    at: datetime
    withdrawn_by: str = ""
    withdrawn_at: datetime | None = None
