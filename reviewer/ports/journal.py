"""The seam for durability: an action that runs at most once per run, whatever kills the process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Journal(Protocol):
    """Runs an action and keeps its result; in the command line it just runs it."""

    async def once(self, name: str, action: Callable[[], Awaitable[Result]]) -> Result:
        """Run the action, or return what it returned when this run did it before.

        Args:
            name: Names the action within the run (``ask:security-sentinel:batch-1``).
            action: What to do; its result must be a value that the engine can keep.
        """
        ...
