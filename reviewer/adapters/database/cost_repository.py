"""Sums what calls cost, day by day; only reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, String, func, select, type_coerce

from reviewer.adapters.database.session import Session
from reviewer.adapters.database.tables import LlmCall
from reviewer.domain.spending import DayCost


class CostRepository:
    """The ledger's sums inside one transaction; implements `ports.store.Costs`.

    Args:
        session: The transaction's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def by_day(
        self,
        *,
        since: datetime,
        until: datetime,
        installation_id: int | None = None,
        repository: str | None = None,
    ) -> Sequence[DayCost]:
        """Sum calls from ``since`` up to before ``until``, by day and repository, oldest first."""
        day = self._day()
        tokens = (
            LlmCall.fresh_input_tokens
            + LlmCall.cache_read_tokens
            + LlmCall.cache_write_tokens
            + LlmCall.output_tokens
        )
        query = (
            select(
                day,
                LlmCall.installation,
                LlmCall.repository,
                LlmCall.cost_dollars,
                func.count(),
                func.sum(tokens),
            )
            .where(LlmCall.started_at >= since, LlmCall.started_at < until)
            .group_by(day, LlmCall.installation, LlmCall.repository, LlmCall.cost_dollars)
        )
        if installation_id is not None:
            query = query.where(LlmCall.installation == installation_id)
        if repository is not None:
            query = query.where(func.lower(LlmCall.repository) == repository.lower())
        return _summed(await self._session.rows(query))

    def _day(self) -> ColumnElement[str]:
        """Return what makes ``2026-11-20`` of a time; stored times are in UTC."""
        if self._session.dialect == "sqlite":
            return func.substr(type_coerce(LlmCall.started_at, String), 1, 10)
        return func.to_char(func.timezone("UTC", LlmCall.started_at), "YYYY-MM-DD")


def _summed(rows: Sequence[Any]) -> list[DayCost]:
    """Add prices up exactly, which SQLite cannot."""
    sums: dict[tuple[str, int | None, str], tuple[int, int, Decimal, int]] = {}
    for day, installation, repository, cost, count, of_these in rows:
        key = (day, installation, repository)
        calls, tokens, dollars, unpriced = sums.get(key, (0, 0, Decimal(0), 0))
        sums[key] = (
            calls + count,
            tokens + int(of_these),
            dollars + (Decimal(0) if cost is None else cost * count),
            unpriced + (count if cost is None else 0),
        )
    ordered = sorted(sums.items(), key=lambda item: (item[0][0], item[0][1] or 0, item[0][2]))
    return [
        DayCost(
            day=date.fromisoformat(day),
            installation_id=installation,
            repository=repository,
            calls=calls,
            tokens=tokens,
            dollars=dollars,
            unpriced=unpriced,
        )
        for (day, installation, repository), (calls, tokens, dollars, unpriced) in ordered
    ]
