"""Reads and adds deliveries; the transaction around it commits."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update

from reviewer.adapters.database.insertion import insert_if_absent
from reviewer.adapters.database.parts import in_parts
from reviewer.adapters.database.presence import is_present
from reviewer.adapters.database.service_tables import DeliveryRow
from reviewer.adapters.database.session import Session
from reviewer.domain.delivery import Delivery, DeliveryRecord


class DeliveryRepository:
    """Deliveries inside one transaction; implements `ports.store.Deliveries`.

    Args:
        session: The transaction's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, delivery: Delivery) -> bool:
        """Write a delivery down; False where it stands there already."""
        # Of an installation that is gone only that it came: else the sweep would ask for it again.
        present = await is_present(self._session, delivery.installation_id)
        return await insert_if_absent(
            self._session,
            DeliveryRow,
            id=delivery.id,
            name=delivery.name,
            action=delivery.action,
            installation_id=delivery.installation_id if present else None,
            repository_id=delivery.repository_id if present else None,
            outcome="",
            received_at=delivery.received_at,
        )

    async def handled(self, delivery_id: str, outcome: str, at: datetime) -> None:
        """Say what became of a delivery, in a few words; the first word stays."""
        await self._session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id == delivery_id, DeliveryRow.handled_at.is_(None))
            .values(outcome=outcome, handled_at=at)
        )

    async def get(self, delivery_id: str) -> DeliveryRecord | None:
        """Return what is kept of a delivery."""
        row = await self._session.scalar(select(DeliveryRow).where(DeliveryRow.id == delivery_id))
        return None if row is None else _record_of(row)

    async def known(self, delivery_ids: Collection[str]) -> frozenset[str]:
        """Return those of the deliveries that stand there."""
        found: list[str] = []
        for some in in_parts(sorted(delivery_ids)):
            found += await self._session.scalars(
                select(DeliveryRow.id).where(DeliveryRow.id.in_(some))
            )
        return frozenset(found)


def _record_of(row: DeliveryRow) -> DeliveryRecord:
    return DeliveryRecord(
        id=row.id,
        name=row.name,
        action=row.action,
        received_at=row.received_at,
        installation_id=row.installation_id,
        repository_id=row.repository_id,
        outcome=row.outcome,
        handled_at=row.handled_at,
    )
