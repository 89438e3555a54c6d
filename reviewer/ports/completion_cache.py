"""Where answers of models are kept by content, so that nothing is paid or rolled twice."""

from __future__ import annotations

from typing import Protocol

from reviewer.domain.completion import Completion


class CompletionCache(Protocol):
    """Keeps completions under keys that hold everything that may change an answer."""

    async def get(self, key: str) -> Completion | None:
        """Return what was kept under the key, as it was kept."""
        ...

    async def put(self, key: str, completion: Completion) -> None:
        """Keep a completion; the first one under a key stays."""
        ...
