"""Who is told how far a run has come."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Is told what a run does next; must return at once."""

    def stage(self, name: str) -> None:
        """Begin a stage.

        Args:
            name: What is being done, in words for people: ``reading the change``.
        """
        ...
