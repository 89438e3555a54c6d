"""How pieces of a change become batches: packed, shared where sharing is cheap, priced.

A *piece* is a file, or a part of a large one, with the tokens that it takes. A batch is what one
or several personas are shown. Two ways of showing a persona its pieces compete by computed cost:

=========  ====================================================================================
shared     it gets the whole batch that others get; the provider has it in its cache, so that
           reading it again costs a fraction
own        it gets only the pieces that its rules ask about, paid for in full
=========  ====================================================================================

Pieces are packed first fit in the order of risk: no piece is displaced by one of less risk.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from reviewer.domain.completion import Usage

#: Fences, headings and the list of what is not shown, in every batch.
AROUND_BATCH = 120

#: What a model writes for each rule, for each finding, and how many findings it has for each ask.
OUTPUT_PER_RULE = 60
OUTPUT_PER_FINDING = 180
FINDINGS_PER_ASK = 1
#: The question of ``verify`` without its findings, and each finding in it.
VERIFY_QUESTION = 500
VERIFY_PER_FINDING = 220
VERIFY_OUTPUT_PER_FINDING = 60

_MILLION = Decimal(1_000_000)


class Purpose(StrEnum):
    """Which prompt asks a persona."""

    REVIEW = "review"
    HUNT = "hunt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What tokens cost, in US dollars a million, by bucket.

    Args:
        fresh: Input neither read from nor written to a cache.
        cache_read: Input read from the provider's cache.
        cache_write: Input written to it.
        output: Output, reasoning included.
    """

    fresh: Decimal
    cache_read: Decimal
    cache_write: Decimal
    output: Decimal

    def of(self, usage: Usage) -> Decimal:
        """Return what this usage costs."""
        return (
            usage.fresh_input * self.fresh
            + usage.cache_read * self.cache_read
            + usage.cache_write * self.cache_write
            + usage.output * self.output
        ) / _MILLION


#: What buckets cost in relation to one another at most providers, where no price is known.
USUAL_RATIO = Prices(
    fresh=Decimal(1), cache_read=Decimal("0.1"), cache_write=Decimal("1.25"), output=Decimal(5)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheTerms:
    """When a provider's prompt cache helps.

    Args:
        least_tokens: The shortest prefix that it keeps; None where it keeps none.
        waits: Whether the personas of a batch wait for the first byte of the first answer. Those
            that all start at once all pay the full price.
    """

    least_tokens: int | None = 1_024
    waits: bool = True


#: Nearly every provider keeps prefixes of this length.
USUAL_CACHE = CacheTerms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A file of the change, or a part of a large one, as it will be shown.

    Args:
        path: The file.
        tokens: About how many tokens it takes, evidence included.
        part: Which part, from 1.
    """

    path: str
    tokens: int
    part: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRule:
    """A rule that needs judgement: what it takes in a question, and the files it speaks about."""

    rule_id: str
    tokens: int
    paths: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Question:
    """Everything that one persona is to be asked about the change.

    Args:
        persona: Its name.
        purpose: Which prompt asks it.
        tokens: What its question takes without the rules: charter, task, contract.
        rules: The rules, in the order of its checklist; at least one.
    """

    persona: str
    purpose: Purpose = Purpose.REVIEW
    tokens: int
    rules: tuple[AskedRule, ...]

    @cached_property
    def paths(self) -> frozenset[str]:
        """The files that any of its rules speaks about."""
        return frozenset(path for rule in self.rules for path in rule.paths)

    @property
    def most_tokens(self) -> int:
        """What the question takes with all rules."""
        return self.tokens + sum(rule.tokens for rule in self.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One call: a persona, the rules that it is asked about one batch, and about which files.

    Args:
        persona: Its name.
        purpose: Which prompt asks it.
        rules: The rules, all in one request.
        paths: By rule, the files of the batch that it speaks about.
        tokens: What the question takes.
    """

    persona: str
    purpose: Purpose
    rules: tuple[str, ...]
    paths: Mapping[str, frozenset[str]] = field(hash=False)
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one or several personas are shown together, and what each is asked.

    Args:
        pieces: In the order of risk.
        asks: One a persona.
        tokens: The shared part of every call: system text and batch.
        cached: Whether the provider's cache keeps the shared part.
    """

    pieces: tuple[Piece, ...]
    asks: tuple[Ask, ...]
    tokens: int
    cached: bool

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that it shows, in order."""
        return tuple(dict.fromkeys(piece.path for piece in self.pieces))

    def holds(self, path: str, part: int = 1) -> bool:
        """Tell whether it shows this piece."""
        return any(piece.path == path and piece.part == part for piece in self.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What bounds and prices batches.

    Args:
        capacity: The most tokens of pieces in one batch.
        system_tokens: The system text, before every batch.
        cache: When the provider's cache helps.
        weights: Prices, or the usual ratio where none are known.
        reasoning_tokens: What the model thinks before an answer, where it does.
    """

    capacity: int
    system_tokens: int
    cache: CacheTerms = USUAL_CACHE
    weights: Prices = USUAL_RATIO
    reasoning_tokens: int = 0


def pack(pieces: Iterable[Piece], capacity: int) -> list[list[Piece]]:
    """Put each piece into the first batch that has room for it; every piece must fit into one."""
    batches: list[list[Piece]] = []
    room: list[int] = []
    for piece in pieces:
        for index, left in enumerate(room):
            if piece.tokens <= left:
                batches[index].append(piece)
                room[index] -= piece.tokens
                break
        else:
            batches.append([piece])
            room.append(capacity - piece.tokens)
    return batches


def sharing(pieces: Sequence[Piece], questions: Sequence[Question], shape: Shape) -> frozenset[str]:
    """Decide which personas get the whole batches and which only their own pieces, by cost.

    Args:
        pieces: Everything to be shown.
        questions: Everything to be asked.
        shape: What bounds and prices batches.

    Returns:
        The personas that share; the others get pieces of their own.
    """
    names = frozenset(question.persona for question in questions)
    best, least = names, _cost(arrange(pieces, questions, names, shape), shape)
    while best:
        costs = [
            (_cost(arrange(pieces, questions, best - {name}, shape), shape), name)
            for name in sorted(best)
        ]
        cost, name = min(costs)
        if cost >= least:
            break
        best, least = best - {name}, cost
    return best


def arrange(
    pieces: Sequence[Piece],
    questions: Sequence[Question],
    sharers: Collection[str],
    shape: Shape,
) -> tuple[Batch, ...]:
    """Make the batches.

    Args:
        pieces: Everything to be shown, in the order of risk; none larger than the capacity.
        questions: Everything to be asked, in the order of the personas.
        sharers: The personas that get whole batches.
        shape: What bounds and prices batches.

    Returns:
        The batches, those with the riskiest pieces first.
    """
    groups = [[q for q in questions if q.persona in sharers]]
    groups += [[q] for q in questions if q.persona not in sharers]
    shown: dict[tuple[Piece, ...], list[Ask]] = {}
    for group in groups:
        wanted = frozenset(path for question in group for path in question.paths)
        for packed in pack((p for p in pieces if p.path in wanted), shape.capacity):
            paths = frozenset(piece.path for piece in packed)
            asks = [ask for q in group if (ask := _ask(q, paths)) is not None]
            # Whoever wants the very same pieces shares them.
            shown.setdefault(tuple(packed), []).extend(asks)
    rank = {piece: index for index, piece in enumerate(pieces)}
    ordered = sorted(shown.items(), key=lambda item: (rank[item[0][0]], -len(item[1])))
    return tuple(_batch(packed, asks, shape) for packed, asks in ordered)


def _ask(question: Question, paths: frozenset[str]) -> Ask | None:
    """Return what a persona is asked about a batch of these files; None for nothing."""
    rules = [rule for rule in question.rules if rule.paths & paths]
    if not rules:
        return None
    return Ask(
        persona=question.persona,
        purpose=question.purpose,
        rules=tuple(rule.rule_id for rule in rules),
        paths={rule.rule_id: rule.paths & paths for rule in rules},
        tokens=question.tokens + sum(rule.tokens for rule in rules),
    )


def _batch(packed: tuple[Piece, ...], asks: Sequence[Ask], shape: Shape) -> Batch:
    tokens = shape.system_tokens + AROUND_BATCH + sum(piece.tokens for piece in packed)
    least = shape.cache.least_tokens
    return Batch(
        pieces=packed,
        asks=tuple(asks),
        tokens=tokens,
        cached=least is not None and tokens >= least,
    )


def review_usage(batch: Batch, shape: Shape) -> Usage:
    """Estimate what the calls of a batch use, without verifying and repairing."""
    calls = len(batch.asks)
    output = sum(_answer_tokens(ask, shape) for ask in batch.asks)
    asked = sum(ask.tokens for ask in batch.asks)
    if not batch.cached:
        return Usage(fresh_input=calls * batch.tokens + asked, output=output)
    writes = 1 if shape.cache.waits else calls
    return Usage(
        fresh_input=asked,
        cache_write=writes * batch.tokens,
        cache_read=(calls - writes) * batch.tokens,
        output=output,
    )


def verify_usage(batch: Batch, shape: Shape) -> Usage:
    """Estimate what it uses to have the findings of a batch refuted: one call."""
    findings = FINDINGS_PER_ASK * len(batch.asks)
    asked = VERIFY_QUESTION + VERIFY_PER_FINDING * findings
    return Usage(
        fresh_input=asked + (0 if batch.cached else batch.tokens),
        cache_read=batch.tokens if batch.cached else 0,
        output=VERIFY_OUTPUT_PER_FINDING * findings + shape.reasoning_tokens,
    )


def repair_usage(batch: Batch, shape: Shape) -> Usage:
    """Return what repairs of a batch use if every answer needs its one repair."""
    answers = sum(_answer_tokens(ask, shape) for ask in batch.asks)
    asked = sum(ask.tokens for ask in batch.asks) + answers
    calls = len(batch.asks)
    return Usage(
        fresh_input=asked + (0 if batch.cached else calls * batch.tokens),
        cache_read=calls * batch.tokens if batch.cached else 0,
        output=answers,
    )


def _answer_tokens(ask: Ask, shape: Shape) -> int:
    written = OUTPUT_PER_RULE * len(ask.rules) + OUTPUT_PER_FINDING * FINDINGS_PER_ASK
    return written + shape.reasoning_tokens


def _cost(batches: Iterable[Batch], shape: Shape) -> Decimal:
    """Weigh what a review by these batches costs, verifying included."""
    total = Usage()
    for batch in batches:
        total = total + review_usage(batch, shape) + verify_usage(batch, shape)
    return shape.weights.of(total)
