"""The part of GitHub's client that only reads: nothing that a change is read with can write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from reviewer.adapters.github.client import NOTHING


class GitHubReading(Protocol):
    """Reads; `GitHubClient` is one. Every method may raise `CodeHostError`."""

    async def get(self, path: str, parameters: Mapping[str, str | int] = NOTHING) -> object:
        """Read one thing."""
        ...

    async def pages(
        self, path: str, parameters: Mapping[str, str | int] = NOTHING, *, most: int = 3000
    ) -> list[object]:
        """Read a list, all pages of it."""
        ...

    async def query(self, document: str, variables: Mapping[str, object]) -> Mapping[str, object]:
        """Ask GraphQL; return the ``data``."""
        ...
