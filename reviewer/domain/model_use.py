"""What a run used of models: the line under a review that accounts for every token and cent."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from reviewer.domain.completion import PromptIdentity, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUse:
    """What a run used of models.

    Args:
        models: Models that were asked, as configuration writes them.
        prompts: Prompts that were used, each version once.
        usage: Tokens by bucket; what never arrived counts as it was reserved.
        cost: US dollars; None where a part of it has no known price.
        known_cost: US dollars of the calls whose price is known.
        ceiling: What the run might have spent in US dollars; None without such a ceiling.
        calls: Attempts that reached a provider.
        cached: Calls that kept answers served, at no cost.
        failed: Attempts that failed.
        uncertain: Attempts that are charged at their reservation, since no usage arrived.
    """

    models: tuple[str, ...] = ()
    prompts: tuple[PromptIdentity, ...] = ()
    usage: Usage = field(default_factory=Usage)
    cost: Decimal | None = Decimal(0)
    known_cost: Decimal = Decimal(0)
    ceiling: Decimal | None = None
    calls: int = 0
    cached: int = 0
    failed: int = 0
    uncertain: int = 0
