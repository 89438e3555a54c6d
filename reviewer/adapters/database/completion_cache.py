"""DatabaseCompletionCache: kept answers of models, in the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from reviewer.adapters.database.completion_repository import CompletionRepository
from reviewer.adapters.database.session import Session, Transactions
from reviewer.domain.completion import Completion


class DatabaseCompletionCache:
    """Keeps completions in the database; implements `ports.completion_cache.CompletionCache`.

    Its errors are those of `Transactions.writing`.

    Args:
        transactions: Begins its transactions.
        now: Tells the time, with a zone.
        installation: Whose the answers are; None for nobody's, on the command line.
        keep_for: What is older is forgotten, little by little; None leaves that to retention.
    """

    def __init__(
        self,
        transactions: Transactions,
        now: Callable[[], datetime],
        *,
        installation: int | None = None,
        keep_for: timedelta | None = None,
    ) -> None:
        self._transactions = transactions
        self._now = now
        self._installation = installation
        self._keep_for = keep_for

    async def get(self, key: str) -> Completion | None:
        """Return what was kept under the key, as it was kept."""

        async def read(session: Session) -> Completion | None:
            return await CompletionRepository(session).get(key)

        return await self._transactions.run(read, reads=True)

    async def put(self, key: str, completion: Completion) -> None:
        """Keep a completion; the first one under a key stays."""

        async def write(session: Session) -> None:
            completions, now = CompletionRepository(session), self._now()
            await completions.add(key, completion, now, self._installation)
            if self._keep_for is not None:
                await completions.forget_some(now - self._keep_for)

        await self._transactions.run(write)
