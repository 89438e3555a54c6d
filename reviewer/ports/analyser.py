"""Who reviews: in this process, or in another one that holds a model's key and no token."""

from __future__ import annotations

from typing import Protocol

from reviewer.domain.material import Material, Question, Reply
from reviewer.domain.review import Review


class Analyser(Protocol):
    """Reviews and answers; writes nothing and knows no code host."""

    async def review(self, material: Material) -> Review:
        """Review a change.

        Raises:
            ReviewerError: The review could not be made; the text may be shown.
        """
        ...

    async def answer(self, material: Material, question: Question) -> Reply:
        """Answer a question about a change, or plan something; within the same budget."""
        ...
