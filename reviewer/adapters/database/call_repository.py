"""Reads and adds attempts of calls; the unit of work around it commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import joinedload

from reviewer.adapters.database.call_row import attempt_of, row_of
from reviewer.adapters.database.insertion import insert_if_absent
from reviewer.adapters.database.presence import is_present
from reviewer.adapters.database.session import Session
from reviewer.adapters.database.tables import LlmCall, ModelVersion, PromptVersion
from reviewer.domain.attempt import UNFINISHED, Attempt
from reviewer.domain.completion import PromptIdentity
from reviewer.ports.ledger import Spent


class CallRepository:
    """The attempts of calls inside one transaction.

    Args:
        session: The transaction's.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def put(self, attempt: Attempt) -> None:
        """Write one attempt, with its prompt and model where they are new.

        Its end takes the place of what it might have cost; what has ended is never changed.
        """
        if not await is_present(self._session, attempt.installation):
            return
        await self._session.execute(
            delete(LlmCall).where(LlmCall.attempt_id == attempt.id, LlmCall.failure == UNFINISHED)
        )
        prompt = await self._prompt_version_id(attempt.prompt)
        model = await self._model_version_id(attempt)
        await self._session.add(row_of(attempt, prompt_version_id=prompt, model_version_id=model))

    async def has(self, attempt: Attempt) -> bool:
        """Tell whether an attempt was written down as it is."""
        found = await self._session.scalar(
            select(LlmCall.id).where(
                LlmCall.attempt_id == attempt.id, LlmCall.failure == attempt.failure
            )
        )
        return found is not None

    async def spent(
        self,
        *,
        since: datetime,
        repository: str | None,
        pull_request: int | None,
        installation: int | None,
    ) -> Spent:
        """Sum what matches everything that is given; each price is added up exactly, here."""
        conditions: list[ColumnElement[bool]] = [LlmCall.started_at >= since]
        if repository is not None:
            conditions.append(LlmCall.repository == repository)
        if pull_request is not None:
            conditions.append(LlmCall.pull_request == pull_request)
        if installation is not None:
            conditions.append(LlmCall.installation == installation)
        tokens = (
            LlmCall.fresh_input_tokens
            + LlmCall.cache_read_tokens
            + LlmCall.cache_write_tokens
            + LlmCall.output_tokens
        )
        rows = await self._session.rows(
            select(LlmCall.cost_dollars, func.count(), func.sum(tokens))
            .where(*conditions)
            .group_by(LlmCall.cost_dollars)
        )
        total, dollars = 0, Decimal(0)
        for cost, count, of_these in rows:
            total += int(of_these)
            dollars += Decimal(0) if cost is None else cost * count
        return Spent(tokens=total, dollars=dollars)

    async def all(self, *, since: datetime | None, run_id: str | None) -> Sequence[Attempt]:
        """Return attempts in the order in which they began, equal times as they were added."""
        query = (
            select(LlmCall)
            .options(joinedload(LlmCall.prompt_version), joinedload(LlmCall.model_version))
            .order_by(LlmCall.started_at, LlmCall.id)
        )
        if since is not None:
            query = query.where(LlmCall.started_at >= since)
        if run_id is not None:
            query = query.where(LlmCall.run_id == run_id)
        return [attempt_of(row) for row in await self._session.scalars(query)]

    async def _prompt_version_id(self, prompt: PromptIdentity) -> int:
        query = select(PromptVersion.id).where(
            PromptVersion.name == prompt.name,
            PromptVersion.version == prompt.version,
            PromptVersion.sha256 == prompt.sha256,
        )
        known: int | None = await self._session.scalar(query)
        if known is not None:
            return known
        await insert_if_absent(
            self._session,
            PromptVersion,
            name=prompt.name,
            version=prompt.version,
            sha256=prompt.sha256,
        )
        return int(await self._session.scalar(query))

    async def _model_version_id(self, attempt: Attempt) -> int:
        model = attempt.model
        query = select(ModelVersion.id).where(
            ModelVersion.provider == model.provider,
            ModelVersion.base_url == model.base_url,
            ModelVersion.asked_name == model.model,
            ModelVersion.answered_name == attempt.model_answered,
        )
        known: int | None = await self._session.scalar(query)
        if known is not None:
            return known
        await insert_if_absent(
            self._session,
            ModelVersion,
            provider=model.provider,
            base_url=model.base_url,
            asked_name=model.model,
            answered_name=attempt.model_answered,
        )
        return int(await self._session.scalar(query))
