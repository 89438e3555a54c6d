"""Reads, adds and withdraws dismissals; the transaction around it commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from reviewer.adapters.database.presence import is_present
from reviewer.adapters.database.pull_request_repository import (
    PullRequestRepository,
    is_pull_request,
)
from reviewer.adapters.database.service_tables import DismissalRow, PullRequestRow, RepositoryRow
from reviewer.adapters.database.session import Session
from reviewer.domain.dismissal_record import DismissalRecord
from reviewer.domain.pull_request import Account, AccountKind, PullRequestName, Repository


class DismissalRepository:
    """Dismissals inside one transaction; implements `ports.store.Dismissals`.

    Args:
        session: The transaction's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, dismissal: DismissalRecord) -> None:
        """Write a dismissal down."""
        if not await is_present(self._session, dismissal.installation_id):
            return
        pull_request_id = await PullRequestRepository(self._session).ensure(
            dismissal.pull_request,
            installation_id=dismissal.installation_id,
            repository_id=dismissal.repository_id,
            title="",
            at=dismissal.at,
        )
        await self._session.add(
            DismissalRow(
                pull_request_id=pull_request_id,
                installation_id=dismissal.installation_id,
                fingerprint=dismissal.fingerprint,
                account_id=dismissal.by.id,
                account_login=dismissal.by.login,
                account_kind=dismissal.by.kind.value,
                reason=dismissal.reason,
                authorised=dismissal.authorised,
                dismissed_at=dismissal.at,
                withdrawn_by=dismissal.withdrawn_by,
                withdrawn_at=dismissal.withdrawn_at,
            )
        )

    async def withdraw(
        self, repository_id: int, number: int, fingerprint: str, *, by: str, at: datetime
    ) -> None:
        """Take every dismissal of a finding back that holds."""
        pull_request = select(PullRequestRow.id).where(*is_pull_request(repository_id, number))
        await self._session.execute(
            update(DismissalRow)
            .where(
                DismissalRow.pull_request_id.in_(pull_request),
                DismissalRow.fingerprint == fingerprint,
                DismissalRow.withdrawn_at.is_(None),
            )
            .values(withdrawn_by=by, withdrawn_at=at)
        )

    async def of(self, repository_id: int, number: int) -> Sequence[DismissalRecord]:
        """Return every dismissal on a pull request, oldest first, those taken back too."""
        rows = await self._session.rows(
            select(DismissalRow, PullRequestRow, RepositoryRow)
            .join(PullRequestRow, DismissalRow.pull_request_id == PullRequestRow.id)
            .join(RepositoryRow, PullRequestRow.repository_id == RepositoryRow.id)
            .where(*is_pull_request(repository_id, number))
            .order_by(DismissalRow.dismissed_at, DismissalRow.id)
        )
        return [_record_of(*row) for row in rows]


def _record_of(
    row: DismissalRow, pull_request: PullRequestRow, repository: RepositoryRow
) -> DismissalRecord:
    return DismissalRecord(
        installation_id=row.installation_id,
        repository_id=repository.id,
        pull_request=PullRequestName(
            repository=Repository(owner=repository.owner, name=repository.name),
            number=pull_request.number,
        ),
        fingerprint=row.fingerprint,
        by=Account(id=row.account_id, login=row.account_login, kind=AccountKind(row.account_kind)),
        reason=row.reason,
        authorised=row.authorised,
        at=row.dismissed_at,
        withdrawn_by=row.withdrawn_by,
        withdrawn_at=row.withdrawn_at,
    )
