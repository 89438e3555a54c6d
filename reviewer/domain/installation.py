"""An installation of the GitHub App, and the repositories that it was given."""

from __future__ import annotations

from dataclasses import dataclass

from reviewer.domain.pull_request import Account, Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The App in one account.

    Args:
        id: The host's number of the installation.
        account: Whose it is.
        suspended: Whether the account took its rights away for a while.
    """

    id: int
    account: Account
    suspended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledRepository:
    """A repository that an installation may work on.

    Args:
        id: The host's number of the repository; it survives a new name and a new owner.
        name: What it is called now.
        installation_id: The installation.
        private: Whether strangers cannot read it.
    """

    id: int
    name: Repository
    installation_id: int
    private: bool = True
