"""The ids of the work at hand, in context variables that every line of the log is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from structlog.contextvars import bound_contextvars


class LoggedIdentification:
    """Binds ids to lines; implements `ports.identification.Identification`."""

    @contextmanager
    def working_on(
        self,
        *,
        request_id: str | None = None,
        delivery_id: str | None = None,
        run_id: str | None = None,
        installation_id: int | None = None,
    ) -> Iterator[None]:
        """Name the work inside the block; what is None stays as it was outside."""
        named = {
            "request_id": request_id,
            "delivery_id": delivery_id,
            "run_id": run_id,
            "installation_id": installation_id,
        }
        with bound_contextvars(**{name: value for name, value in named.items() if value}):
            yield
