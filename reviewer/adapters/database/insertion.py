"""Inserts a row unless an equal one is there, whoever else writes at the same time."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from reviewer.adapters.database.tables import Table


async def insert_if_absent(session: AsyncSession, table: type[Table], **values: Any) -> None:  # noqa: ANN401 - columns of any table
    """Insert a row; one that would break a unique constraint changes nothing.

    Args:
        session: With an open transaction.
        table: Where.
        values: Value by column.
    """
    # Both databases have the clause, in dialects of their own.
    if session.get_bind().dialect.name == "sqlite":
        await session.execute(sqlite.insert(table).values(**values).on_conflict_do_nothing())
    else:
        await session.execute(postgresql.insert(table).values(**values).on_conflict_do_nothing())
