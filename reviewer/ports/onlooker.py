"""Who is told what happens inside of a review; names and counts, never content."""

from __future__ import annotations

from typing import Protocol


class Onlooker(Protocol):
    """Hears what happens while people wait; must return at once and raise nothing."""

    def looking(self, persona: str) -> None:
        """Hear that a persona begins to look.

        Args:
            persona: Its name.
        """
        ...

    def left_out(self, *, shown: int, left_out: int, unlisted: int = 0) -> None:
        """Hear that not every file is shown to whoever looks.

        Args:
            shown: Files that are.
            left_out: Files that are not, or not whole.
            unlisted: Files that the host does not even list.
        """
        ...

    def answering(self, persona: str, purpose: str, attempt: int) -> None:
        """Hear that an answer of a model begins to arrive.

        Args:
            persona: Who asked.
            purpose: What for: ``review``, ``verify``, …
            attempt: Which attempt of the call, from 1.
        """
        ...


class NoOnlooker:
    """What is used where nobody looks on."""

    def looking(self, persona: str) -> None:
        """Forget it."""
        del persona

    def left_out(self, *, shown: int, left_out: int, unlisted: int = 0) -> None:
        """Forget it."""
        del shown, left_out, unlisted

    def answering(self, persona: str, purpose: str, attempt: int) -> None:
        """Forget it."""
        del persona, purpose, attempt
