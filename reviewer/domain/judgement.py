"""What is known after everybody has answered: tools, and models where one is configured."""

from __future__ import annotations

from dataclasses import dataclass

from reviewer.domain.checklist import Scorecard
from reviewer.domain.finding import PlacedFinding
from reviewer.domain.model_use import ModelUse


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is known after everybody has answered.

    Args:
        cards: One a chosen persona, in their order.
        dropped: Claims that were not believed and findings that the policy scopes away.
        gaps: What was planned and did not happen, ready to be read; a run with any is partial.
        notices: What people must know apart from the answers.
        model: The model that was asked; None for none.
        use: What was used of models; None for none.
    """

    cards: tuple[Scorecard, ...]
    dropped: tuple[PlacedFinding, ...] = ()
    gaps: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    model: str | None = None
    use: ModelUse | None = None
