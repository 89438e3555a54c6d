"""Whose work is being done: the ids that every line of a log names, from webhook to comment."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Identification(Protocol):
    """Names the work of a block of code; tasks that begin inside it inherit the names."""

    def working_on(
        self,
        *,
        request_id: str | None = None,
        delivery_id: str | None = None,
        run_id: str | None = None,
        installation_id: int | None = None,
    ) -> AbstractContextManager[None]:
        """Name the work inside the block; what is None stays as it was outside."""
        ...


class NoIdentification:
    """What is used where nobody reads logs."""

    def working_on(
        self,
        *,
        request_id: str | None = None,
        delivery_id: str | None = None,
        run_id: str | None = None,
        installation_id: int | None = None,
    ) -> AbstractContextManager[None]:
        """Name nothing."""
        del request_id, delivery_id, run_id, installation_id
        return nullcontext()
