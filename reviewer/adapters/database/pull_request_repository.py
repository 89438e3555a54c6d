"""Makes sure that a pull request stands in the database; the transaction around it commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select

from reviewer.adapters.database.insertion import insert_or_change
from reviewer.adapters.database.installation_repository import InstallationRepository, name_key
from reviewer.adapters.database.service_tables import PullRequestRow, RepositoryRow
from reviewer.adapters.database.session import Session
from reviewer.domain.pull_request import PullRequestName


class PullRequestRepository:
    """Pull requests inside one transaction.

    Args:
        session: The transaction's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def ensure(
        self,
        name: PullRequestName,
        *,
        installation_id: int,
        repository_id: int,
        title: str,
        at: datetime,
    ) -> int:
        """Return the key of a pull request's row; what is missing on the way to it is added.

        Args:
            name: Which.
            installation_id: The host's number of the installation.
            repository_id: The host's number of the repository.
            title: Its title; empty leaves the one that is known.
            at: When something happened to it.
        """
        repository = name.repository
        await InstallationRepository(self._session).ensure(installation_id, repository.owner)
        await insert_or_change(
            self._session,
            RepositoryRow,
            key=("id",),
            # Only the host's word on installations changes these.
            kept=("private", "installed"),
            id=repository_id,
            installation_id=installation_id,
            owner=repository.owner,
            name=repository.name,
            name_key=name_key(repository),
            private=True,
            installed=True,
        )
        await insert_or_change(
            self._session,
            PullRequestRow,
            key=("repository_id", "number"),
            kept=() if title else ("title",),
            repository_id=repository_id,
            number=name.number,
            title=title,
            changed_at=at,
        )
        found = select(PullRequestRow.id).where(*is_pull_request(repository_id, name.number))
        return int(await self._session.scalar(found))


def is_pull_request(repository_id: int, number: int) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that find a pull request's row."""
    return (PullRequestRow.repository_id == repository_id, PullRequestRow.number == number)
