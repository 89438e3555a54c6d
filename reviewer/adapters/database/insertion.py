"""Inserts rows that may be there already, whoever else writes at the same time."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from reviewer.adapters.database.session import Session
from reviewer.adapters.database.tables import Table


async def insert_if_absent(session: Session, table: type[Table], **values: Any) -> bool:  # noqa: ANN401 - columns of any table
    """Insert a row; one that would break a unique constraint changes nothing.

    Args:
        session: With an open transaction.
        table: Where.
        values: Value by column.

    Returns:
        Whether it was inserted.
    """
    statement = _insert(session, table).values(**values).on_conflict_do_nothing()
    return await session.execute(statement) > 0


async def insert_or_change(
    session: Session,
    table: type[Table],
    *,
    key: Collection[str],
    kept: Collection[str] = (),
    **values: Any,  # noqa: ANN401 - columns of any table
) -> None:
    """Insert a row, or change the one with the same key.

    Args:
        session: With an open transaction.
        table: Where.
        key: The columns of a unique constraint.
        kept: Columns that a row keeps once it is there.
        values: Value by column.
    """
    statement = _insert(session, table).values(**values)
    changed = {
        name: statement.excluded[name] for name in values if name not in key and name not in kept
    }
    await session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed))


def _insert(session: Session, table: type[Table]) -> sqlite.Insert | postgresql.Insert:
    # Both databases have the clause, in dialects of their own.
    return sqlite.insert(table) if session.dialect == "sqlite" else postgresql.insert(table)
