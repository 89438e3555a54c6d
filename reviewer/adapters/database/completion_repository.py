"""Reads and adds kept answers of models; the unit of work around it commits."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reviewer.adapters.database.insertion import insert_if_absent
from reviewer.adapters.database.tables import KeptCompletion
from reviewer.domain.completion import Completion, Finish, Usage


class CompletionRepository:
    """The kept answers inside one transaction.

    Args:
        session: The transaction's.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, key: str) -> Completion | None:
        """Return what is kept under a key."""
        kept = await self._session.scalar(
            select(KeptCompletion.completion).where(KeptCompletion.key == key)
        )
        return None if kept is None else _completion_of(kept)

    async def add(self, key: str, completion: Completion, created_at: datetime) -> None:
        """Keep an answer; the first one under a key stays."""
        await insert_if_absent(
            self._session,
            KeptCompletion,
            key=key,
            completion=asdict(completion),
            created_at=created_at,
        )


def _completion_of(kept: dict[str, Any]) -> Completion:
    usage = kept["usage"]
    return Completion(
        **{
            **kept,
            "finish": Finish(kept["finish"]),
            "usage": None if usage is None else Usage(**usage),
        }
    )
