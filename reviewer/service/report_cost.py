"""Sums what models cost: by persona, rule, model, prompt, repository or day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from reviewer.domain.attempt import Attempt, AttemptOutcome
from reviewer.domain.completion import Usage


class CostKey(StrEnum):
    """What attempts are summed by."""

    PERSONA = "persona"
    RULE = "rule"
    MODEL = "model"
    PROMPT = "prompt"
    REPOSITORY = "repo"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """What the attempts of one persona, rule, model, prompt, repository or day cost.

    Args:
        name: Of which; empty for attempts that belong to none.
        attempts: How many, retries counted.
        failed: How many of them failed.
        kept: How many of them a kept answer spared.
        usage: Tokens.
        dollars: The sum of the known prices.
        unpriced: How many attempts used tokens whose price nobody knows; they stand in no sum
            of dollars.
        reserved: How many attempts count with what was reserved for them, because the
            provider never said what they used.
    """

    name: str
    attempts: int = 0
    failed: int = 0
    kept: int = 0
    usage: Usage = field(default_factory=Usage)
    dollars: Decimal = Decimal(0)
    unpriced: int = 0
    reserved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CostReport:
    """What models cost.

    Args:
        by: What the lines are summed by.
        lines: The dearest first; days in their order.
        total: All attempts together, each counted once.
        shared: How many attempts asked several rules at once, so that each rule stands for an
            even share of them; 0 unless lines are rules.
    """

    by: CostKey
    lines: tuple[CostLine, ...]
    total: CostLine
    shared: int = 0


def report_cost(attempts: Sequence[Attempt], by: CostKey) -> CostReport:
    """Sum attempts.

    One request asks several rules, and no provider says which of them it thought about: by rule,
    each gets an even share of tokens and dollars, and every attempt that asked it is counted.

    Args:
        attempts: What is summed.
        by: What by.
    """
    sums: dict[str, _Sum] = defaultdict(_Sum)
    for attempt in attempts:
        names = _names(attempt, by)
        for name, tokens in zip(names, _split(attempt.usage, len(names)), strict=True):
            sums[name].add(attempt, tokens, len(names))
    total = _Sum()
    for attempt in attempts:
        total.add(attempt, attempt.usage, 1)
    lines = [each.line(name) for name, each in sums.items()]
    if by is CostKey.DAY:
        lines.sort(key=lambda line: line.name)
    else:
        lines.sort(key=lambda line: (-line.dollars, -line.usage.total, line.name))
    return CostReport(
        by=by,
        lines=tuple(lines),
        total=total.line(""),
        shared=sum(len(_names(attempt, by)) > 1 for attempt in attempts),
    )


_NAMES: dict[CostKey, Callable[[Attempt], str]] = {
    CostKey.PERSONA: lambda attempt: attempt.persona,
    CostKey.MODEL: lambda attempt: str(attempt.model),
    CostKey.PROMPT: lambda attempt: str(attempt.prompt),
    CostKey.REPOSITORY: lambda attempt: attempt.repository,
    CostKey.DAY: lambda attempt: attempt.started_at.astimezone(UTC).date().isoformat(),
}


def _names(attempt: Attempt, by: CostKey) -> tuple[str, ...]:
    if by is CostKey.RULE:
        return tuple(dict.fromkeys(attempt.rules)) or ("",)
    return (_NAMES[by](attempt),)


def _split(usage: Usage, parts: int) -> Iterator[Usage]:
    """Split tokens evenly; those that are left over go to the first parts, so that none is lost."""
    for part in range(parts):

        def share(tokens: int, part: int = part) -> int:
            return tokens // parts + (part < tokens % parts)

        yield Usage(
            fresh_input=share(usage.fresh_input),
            cache_read=share(usage.cache_read),
            cache_write=share(usage.cache_write),
            output=share(usage.output),
            reasoning=share(usage.reasoning),
        )


class _Sum:
    """The attempts of one line while they are added up; dollars as fractions, which are exact."""

    def __init__(self) -> None:
        self._counted = CostLine(name="")
        self._dollars = Fraction(0)

    def add(self, attempt: Attempt, tokens: Usage, parts: int) -> None:
        """Add one attempt, or one of the parts that it was split into."""
        before = self._counted
        self._counted = replace(
            before,
            attempts=before.attempts + 1,
            failed=before.failed + (attempt.outcome is AttemptOutcome.FAILED),
            kept=before.kept + (attempt.outcome is AttemptOutcome.CACHED),
            usage=before.usage + tokens,
            unpriced=before.unpriced + (attempt.cost is None and attempt.usage.total > 0),
            reserved=before.reserved + (not attempt.usage_known),
        )
        if attempt.cost is not None:
            self._dollars += Fraction(attempt.cost) / parts

    def line(self, name: str) -> CostLine:
        """Return what was added up."""
        dollars = Decimal(self._dollars.numerator) / Decimal(self._dollars.denominator)
        return replace(self._counted, name=name, dollars=dollars)
