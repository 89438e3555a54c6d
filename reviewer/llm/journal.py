"""JustRun: the journal of runs that are not taken up again, as those of the command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

Result = TypeVar("Result")


class JustRun:
    """Runs every action and keeps nothing."""

    async def once(self, name: str, action: Callable[[], Awaitable[Result]]) -> Result:
        """Run the action."""
        del name
        return await action()
