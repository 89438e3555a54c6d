"""DatabaseLedger: every attempt of a call, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reviewer.adapters.database.call_repository import CallRepository
from reviewer.adapters.database.session import Session, Transactions
from reviewer.domain.attempt import Attempt
from reviewer.ports.ledger import Spent


class DatabaseLedger:
    """Keeps every attempt in the database; implements `ports.ledger.Ledger`.

    Its errors are those of `Transactions.writing`.

    Args:
        transactions: Begins its transactions.
    """

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def begin(self, attempt: Attempt) -> None:
        """Write down what an attempt may cost; it is committed when this returns."""
        await self._put(attempt)

    async def record(self, attempt: Attempt) -> None:
        """Write the end of one attempt down; it is committed when this returns."""
        await self._put(attempt)

    async def _put(self, attempt: Attempt) -> None:
        tried = False

        async def write(session: Session) -> None:
            nonlocal tried
            calls = CallRepository(session)
            # The connection may have broken after the commit, before anybody heard of it.
            if tried and await calls.has(attempt):
                return
            tried = True
            await calls.put(attempt)

        await self._transactions.run(write)

    async def spent(
        self,
        *,
        since: datetime,
        repository: str | None = None,
        pull_request: int | None = None,
        installation: int | None = None,
    ) -> Spent:
        """Sum the attempts since a time that match everything that is given."""

        async def read(session: Session) -> Spent:
            return await CallRepository(session).spent(
                since=since,
                repository=repository,
                pull_request=pull_request,
                installation=installation,
            )

        return await self._transactions.run(read, reads=True)

    async def attempts(
        self, *, since: datetime | None = None, run_id: str | None = None
    ) -> Sequence[Attempt]:
        """Return attempts in the order in which they began."""

        async def read(session: Session) -> Sequence[Attempt]:
            return await CallRepository(session).all(since=since, run_id=run_id)

        return await self._transactions.run(read, reads=True)
