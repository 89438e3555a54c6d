"""DatabaseJournal: what a run did already, so that it may be started again from its beginning.

The result of an action is committed before anybody sees it. Where the process dies between the
end of an action and that commit, the action is done again: the one window that is left.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import select

from reviewer.adapters.database.completion_document import completion_of, document_of
from reviewer.adapters.database.insertion import insert_if_absent
from reviewer.adapters.database.presence import is_present
from reviewer.adapters.database.service_tables import JournalRow
from reviewer.adapters.database.session import Session, Transactions
from reviewer.domain.completion import Completion

Result = TypeVar("Result")


class DatabaseJournal:
    """Keeps the results of one run's actions in the database; implements `ports.journal.Journal`.

    Its errors are those of `Transactions.writing`; while the database does not answer it is tried
    again for a while, since what was paid would be lost.

    Args:
        transactions: Begins its transactions.
        now: Tells the time, with a zone.
        run_id: The run.
        installation_id: Whose it is; None for nobody's.
    """

    def __init__(
        self,
        transactions: Transactions,
        now: Callable[[], datetime],
        *,
        run_id: str,
        installation_id: int | None = None,
    ) -> None:
        self._transactions = transactions
        self._now = now
        self._run_id = run_id
        self._installation_id = installation_id
        self._locks: dict[str, asyncio.Lock] = {}

    async def once(self, name: str, action: Callable[[], Awaitable[Result]]) -> Result:
        """Run the action, or return what it returned when this run did it before.

        An action that raises is kept nowhere. Of two processes that do the same at once, both
        return what the first one kept.

        Args:
            name: Names the action within the run.
            action: What to do; it returns a `Completion` or what JSON gives back as it is.

        Raises:
            TypeError: The action returned something else; a defect of ours.
        """
        async with self._locks.setdefault(name, asyncio.Lock()):
            kept = await self._transactions.run(
                lambda session: self._read(session, name), reads=True
            )
            if kept is None:
                written = _text_of(await action())
                kept = await self._transactions.run(
                    lambda session: self._write(session, name, written)
                )
        return cast("Result", _value_of(kept))

    async def _read(self, session: Session, name: str) -> str | None:
        kept: str | None = await session.scalar(
            select(JournalRow.result).where(
                JournalRow.run_id == self._run_id, JournalRow.name == name
            )
        )
        return kept

    async def _write(self, session: Session, name: str, written: str) -> str:
        """Keep a result and return what is kept: another process may have been faster."""
        if not await is_present(session, self._installation_id):
            return written
        is_first = await insert_if_absent(
            session,
            JournalRow,
            run_id=self._run_id,
            name=name,
            installation_id=self._installation_id,
            result=written,
            created_at=self._now(),
        )
        return written if is_first else (await self._read(session, name) or written)


def _text_of(value: object) -> str:
    """Return a result as text.

    Raises:
        TypeError: It would not come back as it is.
    """
    if isinstance(value, Completion):
        return json.dumps({"completion": document_of(value)})
    text = json.dumps({"value": value})
    # A tuple would come back as a list, a number as a key as its digits.
    if repr(json.loads(text)["value"]) != repr(value):
        raise TypeError(f"the journal cannot keep a {type(value).__name__} as it is")
    return text


def _value_of(text: str) -> object:
    document: dict[str, Any] = json.loads(text)
    if "completion" in document:
        return completion_of(document["completion"])
    return document["value"]
