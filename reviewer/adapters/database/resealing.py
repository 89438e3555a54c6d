"""Writes every sealed text anew with the first key, so that the keys behind it may go.

Texts of before the first key are sealed so, too.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import Column, bindparam, select, tuple_, update
from sqlalchemy import Table as CoreTable

from reviewer.adapters.database.column_type import SealedJson, SealedText
from reviewer.adapters.database.session import Session, Transactions
from reviewer.adapters.database.tables import Table

#: So few at once that nobody waits for it.
_ROWS_AT_ONCE = 200


async def reseal(transactions: Transactions) -> int:
    """Seal everything anew, a few rows in each transaction; may be begun again at any time.

    Args:
        transactions: Begins its transactions.

    Returns:
        How many rows were written.
    """
    count = 0
    for table in Table.metadata.sorted_tables:
        sealed = [each for each in table.columns if isinstance(each.type, SealedText | SealedJson)]
        last: tuple[Any, ...] | None = None
        while sealed:
            written = await transactions.run(
                partial(_reseal_some, table=table, sealed=sealed, after=last)
            )
            count += len(written)
            if len(written) < _ROWS_AT_ONCE:
                break
            last = written[-1]
    return count


async def _reseal_some(
    session: Session, table: CoreTable, sealed: list[Column[Any]], after: tuple[Any, ...] | None
) -> list[tuple[Any, ...]]:
    """Seal the next rows anew and return their keys."""
    key = list(table.primary_key.columns)
    query = select(*key, *sealed).order_by(*key).limit(_ROWS_AT_ONCE).with_for_update()
    if after is not None:
        query = query.where(tuple_(*key) > after)
    rows = [tuple(row) for row in await session.rows(query)]
    if rows:
        names = [f"old_{column.name}" for column in key] + [column.name for column in sealed]
        statement = update(table).where(
            *(column == bindparam(f"old_{column.name}") for column in key)
        )
        await session.execute(
            statement.values({column.name: bindparam(column.name) for column in sealed}),
            [dict(zip(names, row, strict=True)) for row in rows],
        )
    return [row[: len(key)] for row in rows]
