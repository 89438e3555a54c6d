"""Reads and adds kept answers of models; the transaction around it commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from reviewer.adapters.database.completion_document import completion_of, document_of
from reviewer.adapters.database.insertion import insert_if_absent
from reviewer.adapters.database.presence import is_present
from reviewer.adapters.database.session import Session
from reviewer.adapters.database.tables import KeptCompletion
from reviewer.domain.completion import Completion

#: So few at once that nobody waits for it; more are deleted than are added.
_DELETED_AT_ONCE = 20


class CompletionRepository:
    """The kept answers inside one transaction.

    Args:
        session: The transaction's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, key: str) -> Completion | None:
        """Return what is kept under a key."""
        kept = await self._session.scalar(
            select(KeptCompletion.completion).where(KeptCompletion.key == key)
        )
        return None if kept is None else completion_of(kept)

    async def add(
        self, key: str, completion: Completion, created_at: datetime, installation: int | None
    ) -> None:
        """Keep an answer; the first one under a key stays."""
        if not await is_present(self._session, installation):
            return
        await insert_if_absent(
            self._session,
            KeptCompletion,
            key=key,
            completion=document_of(completion),
            installation=installation,
            created_at=created_at,
        )

    async def forget_some(self, before: datetime) -> None:
        """Delete a few of the answers that were kept before a time."""
        old = (
            select(KeptCompletion.key)
            .where(KeptCompletion.created_at < before)
            .order_by(KeptCompletion.created_at)
            .limit(_DELETED_AT_ONCE)
        )
        await self._session.execute(delete(KeptCompletion).where(KeptCompletion.key.in_(old)))
