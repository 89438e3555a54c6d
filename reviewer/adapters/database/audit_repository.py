"""Reads and adds audit entries; the transaction around it commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from reviewer.adapters.database.presence import is_present
from reviewer.adapters.database.service_tables import AuditRow
from reviewer.adapters.database.session import Session
from reviewer.domain.audit import AuditEntry


class AuditRepository:
    """The audit trail inside one transaction; implements `ports.store.AuditTrail`.

    Args:
        session: The transaction's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, entry: AuditEntry) -> None:
        """Write an entry down."""
        if not await is_present(self._session, entry.installation_id):
            return
        await self._session.add(
            AuditRow(
                happened_at=entry.at,
                actor=entry.actor,
                actor_id=entry.actor_id,
                action=entry.action,
                allowed=entry.allowed,
                detail=entry.detail,
                installation_id=entry.installation_id,
                repository_id=entry.repository_id,
                number=entry.number,
                delivery_id=entry.delivery_id,
                run_id=entry.run_id,
            )
        )

    async def find(
        self, *, installation_id: int | None = None, since: datetime | None = None, limit: int = 100
    ) -> Sequence[AuditEntry]:
        """Return entries, newest first."""
        query = select(AuditRow).order_by(AuditRow.happened_at.desc(), AuditRow.id.desc())
        if installation_id is not None:
            query = query.where(AuditRow.installation_id == installation_id)
        if since is not None:
            query = query.where(AuditRow.happened_at >= since)
        return [_entry_of(row) for row in await self._session.scalars(query.limit(limit))]


def _entry_of(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        at=row.happened_at,
        actor=row.actor,
        actor_id=row.actor_id,
        action=row.action,
        allowed=row.allowed,
        detail=row.detail,
        installation_id=row.installation_id,
        repository_id=row.repository_id,
        number=row.number,
        delivery_id=row.delivery_id,
        run_id=row.run_id,
    )
