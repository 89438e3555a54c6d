"""ScriptedAnalyser: an analyser that says what a test wants, and remembers what it was given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from reviewer.domain.material import Material, Question, Reply
from reviewer.domain.review import Review
from reviewer.errors import ReviewerError


def _no_review(material: Material) -> Review:
    raise ReviewerError(f"no review of {material.name} is scripted")


@dataclass(kw_only=True)
class ScriptedAnalyser:
    """Implements `ports.analyser.Analyser`.

    Args:
        reply: What it says to every question; an error is raised.
        reviewing: Makes the review of a material.
        meanwhile: Happens before every answer: somebody pushes, say.
    """

    reply: Reply | ReviewerError = field(default_factory=lambda: Reply(text="It adds a shop."))
    reviewing: Callable[[Material], Review] = _no_review
    meanwhile: Callable[[], object] = lambda: None
    reviews: list[Material] = field(default_factory=list)
    questions: list[tuple[Material, Question]] = field(default_factory=list)

    @property
    def calls(self) -> int:
        """How often it was asked for anything."""
        return len(self.reviews) + len(self.questions)

    async def review(self, material: Material) -> Review:
        """Return the scripted review."""
        self.reviews.append(material)
        return self.reviewing(material)

    async def answer(self, material: Material, question: Question) -> Reply:
        """Return the scripted reply."""
        self.questions.append((material, question))
        self.meanwhile()
        if isinstance(self.reply, ReviewerError):
            raise self.reply
        return self.reply
