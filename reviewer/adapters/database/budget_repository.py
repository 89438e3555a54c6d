"""Reads and sets ceilings; the transaction around it commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from reviewer.adapters.database.insertion import insert_or_change
from reviewer.adapters.database.presence import is_present
from reviewer.adapters.database.service_tables import BudgetRow
from reviewer.adapters.database.session import Session
from reviewer.domain.budget import Scope
from reviewer.domain.spending import SpendingLimit

#: Stands for all repositories of an installation; the host numbers none so.
_ALL = 0


class BudgetRepository:
    """Ceilings inside one transaction; implements `ports.store.Budgets`.

    Args:
        session: The transaction's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def put(self, limit: SpendingLimit) -> None:
        """Set a ceiling, in place of the one for the same scope."""
        if not await is_present(self._session, limit.installation_id):
            return
        await insert_or_change(
            self._session,
            BudgetRow,
            key=("installation_id", "repository_id", "scope"),
            installation_id=limit.installation_id,
            repository_id=limit.repository_id or _ALL,
            scope=limit.scope.value,
            tokens=limit.tokens,
            dollars=limit.dollars,
            changed_at=limit.changed_at,
        )

    async def remove(self, limit: SpendingLimit) -> None:
        """Take the ceiling of this installation, repository and scope away."""
        await self._session.execute(
            delete(BudgetRow).where(
                BudgetRow.installation_id == limit.installation_id,
                BudgetRow.repository_id == (limit.repository_id or _ALL),
                BudgetRow.scope == limit.scope.value,
            )
        )

    async def of(
        self, installation_id: int, repository_id: int | None = None
    ) -> Sequence[SpendingLimit]:
        """Return the ceilings that hold: a repository's own in place of the installation's."""
        rows = await self._session.scalars(
            select(BudgetRow)
            .where(
                BudgetRow.installation_id == installation_id,
                BudgetRow.repository_id.in_({_ALL, repository_id or _ALL}),
            )
            .order_by(BudgetRow.repository_id)
        )
        held = {row.scope: _limit_of(row) for row in rows}
        return [held[scope.value] for scope in Scope if scope.value in held]


def _limit_of(row: BudgetRow) -> SpendingLimit:
    return SpendingLimit(
        installation_id=row.installation_id,
        repository_id=row.repository_id or None,
        scope=Scope(row.scope),
        tokens=row.tokens,
        dollars=row.dollars,
        changed_at=row.changed_at,
    )
