"""The plan of a run with a model: who is asked what about which batch, at what price.

1. Only rules that tools left open are asked, and only about files that they speak about.
2. Files come in the order of risk (`domain.risk`), packed into batches that the model holds.
3. Who shares a batch and who gets files of its own is a matter of cost (`domain.arrangement`).
4. One budget holds for all personas together: what does not fit is left out from the end of the
   order, one large file does not block the small ones behind it, and each is named with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reviewer.domain.arrangement import (
    AROUND_BATCH,
    USUAL_CACHE,
    USUAL_RATIO,
    AskedRule,
    Batch,
    CacheTerms,
    Piece,
    Prices,
    Purpose,
    Question,
    Shape,
    arrange,
    repair_usage,
    review_usage,
    sharing,
    verify_usage,
)
from reviewer.domain.budget import UNPRICED_TOKENS_PER_DOLLAR, Refusal, Scope
from reviewer.domain.change import Change
from reviewer.domain.checklist import Answer, Scorecard, Verdict
from reviewer.domain.completion import Usage
from reviewer.domain.evidence import Decides
from reviewer.domain.persona import Persona, Rule, Wakes
from reviewer.domain.run_event import FailureCause

#: What a model is taken to hold where nobody says; small servers hold little more.
UNKNOWN_CONTEXT_TOKENS = 16_384
#: Larger batches are read with less care, and cost much when one call fails.
DEFAULT_BATCH_TOKENS = 60_000
#: An estimate may be wrong by so much before a model's context overflows.
_MARGIN = 0.9
_NOTHING = Usage()
#: So many pieces that exceed a ceiling are stepped over; what then comes is left out, too.
_MOST_SKIPPED = 32

TOO_SMALL = "too large for what the model holds"
NOT_ASKED = "no rule that is asked speaks about it"
ELSEWHERE = "in another part of this review"
ONLY_A_PART = "only a part of it is here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What bounds a plan.

    Args:
        output_tokens: The longest answer that is asked for, reasoning included.
        context_tokens: What the model holds, input and output; None where nobody says.
        batch_tokens: The most tokens of files in one batch.
        call_tokens: The ceiling of one call; None for none.
        run_tokens: What is left of the tightest ceiling in tokens; None for none.
        run_dollars: What is left of the tightest ceiling in US dollars; None for none.
    """

    output_tokens: int
    context_tokens: int | None = None
    batch_tokens: int = DEFAULT_BATCH_TOKENS
    call_tokens: int | None = None
    run_tokens: int | None = None
    run_dollars: Decimal | None = None

    def capacity(self, system_tokens: int, question_tokens: int) -> int:
        """Return how many tokens of files one batch may hold; 0 where nothing fits.

        Args:
            system_tokens: The system text.
            question_tokens: The largest question.
        """
        context = self.context_tokens or UNKNOWN_CONTEXT_TOKENS
        others = self.output_tokens + system_tokens + question_tokens + AROUND_BATCH
        room = min(int(context * _MARGIN), self.call_tokens or context) - others
        return max(0, min(room, self.batch_tokens))


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a plan is expected to use, and what it then costs.

    Args:
        calls: Calls of personas; verifying adds at most one a batch.
        review: What they use.
        verify: What it uses to have every batch's findings refuted.
        repair: What repairs use if every answer needs its one repair.
        dollars: Price of ``review``; None where the price is unknown.
        verify_dollars: Price of ``verify``.
        repair_dollars: Price of ``repair``.
    """

    calls: int = 0
    review: Usage = _NOTHING
    verify: Usage = _NOTHING
    repair: Usage = _NOTHING
    dollars: Decimal | None = None
    verify_dollars: Decimal | None = None
    repair_dollars: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A file, or a part of one, that no persona is shown although rules speak about it.

    Args:
        path: The file.
        reason: Why, ready to be read.
        part: Which part; None for all that there is of it.
        cause: What kind of thing keeps it out: a ceiling, or a size.
    """

    path: str
    reason: str
    part: int | None = None
    cause: FailureCause = FailureCause.LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who is asked what about which batch.

    Args:
        batches: In the order in which they are sent, the riskiest first.
        left_out: What rules speak about and nobody is shown; a run with any is partial.
        not_asked: Reviewed files that no rule which is asked speaks about; no gap of the run.
        estimate: What it uses and costs.
    """

    batches: tuple[Batch, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    not_asked: tuple[str, ...] = ()
    estimate: Estimate = Estimate()

    def not_shown(self, change: Change, batch: Batch) -> tuple[tuple[str, str], ...]:
        """List what a batch does not show, each path of the change with the reason.

        Args:
            change: What is reviewed.
            batch: One of the batches.
        """
        left_out = {entry.path: entry.reason for entry in self.left_out}
        elsewhere = {
            (piece.path, piece.part)
            for other in self.batches
            for piece in other.pieces
            if not batch.holds(piece.path, piece.part)
        }
        paths_elsewhere = {path for path, _ in elsewhere}
        here = set(batch.paths)
        listed: list[tuple[str, str]] = []
        for file in change.files:
            if file.not_reviewed is not None:
                listed.append((file.path, str(file.not_reviewed)))
            elif file.path in here:
                if file.path in left_out or file.path in paths_elsewhere:
                    listed.append((file.path, ONLY_A_PART))
            elif file.path in left_out:
                listed.append((file.path, left_out[file.path]))
            else:
                reason = ELSEWHERE if file.path in paths_elsewhere else NOT_ASKED
                listed.append((file.path, reason))
        return tuple(listed)


def is_open(rule: Rule, answer: Answer) -> bool:
    """Tell whether a rule still needs judgement after tools have answered.

    What tools could not assess is open. So is a fail that came from evidence which only finds
    fault: elsewhere it has decided nothing. Evidence that decides both has spoken for all files.

    Args:
        rule: The rule.
        answer: The answer from mechanical evidence.
    """
    if answer.verdict is Verdict.NOT_ASSESSED:
        return True
    return answer.verdict is Verdict.FAIL and all(
        evidence.decides is Decides.FAIL for evidence in rule.evidence
    )


def open_rules(persona: Persona, card: Scorecard, change: Change) -> tuple[Rule, ...]:
    """Return the rules that need a model's judgement, in the order of the checklist.

    Args:
        persona: The persona.
        card: Its answers from mechanical evidence.
        change: What is reviewed.
    """
    answers = {answer.rule_id: answer for answer in card.answers}
    return tuple(
        rule
        for rule in persona.rules
        if rule.id in answers and is_open(rule, answers[rule.id]) and rule.applies.files(change)
    )


#: Returns the files about which a persona's rule has an answer that still counts.
Covered = Callable[[str, str], frozenset[str]]


def nothing_covered(_persona: str, _rule_id: str) -> frozenset[str]:
    """Return no file: everything is asked."""
    return frozenset()


def ask_about(
    persona: Persona,
    card: Scorecard,
    change: Change,
    *,
    tokens: int,
    rule_tokens: Callable[[Rule], int],
    covered: Covered = nothing_covered,
) -> Question | None:
    """Return everything that a persona is to be asked; None where nothing is open.

    Args:
        persona: The persona.
        card: Its answers from mechanical evidence.
        change: What is reviewed.
        tokens: What its question takes without the rules.
        rule_tokens: What a rule takes.
        covered: What an earlier round has answered.
    """
    rules = [
        (rule, paths)
        for rule in open_rules(persona, card, change)
        if (paths := _paths(rule, change) - covered(persona.name, rule.id))
    ]
    if not rules:
        return None
    return Question(
        persona=persona.name,
        purpose=Purpose.HUNT if persona.match.wakes is Wakes.WITH_MODEL else Purpose.REVIEW,
        tokens=tokens,
        rules=tuple(
            AskedRule(rule_id=rule.id, tokens=rule_tokens(rule), paths=paths)
            for rule, paths in rules
        ),
    )


def _paths(rule: Rule, change: Change) -> frozenset[str]:
    return frozenset(file.path for file in rule.applies.files(change))


def make_plan(
    pieces: Sequence[Piece],
    questions: Sequence[Question],
    limits: Limits,
    *,
    system_tokens: int,
    cache: CacheTerms = USUAL_CACHE,
    prices: Prices | None = None,
    reasoning_tokens: int = 0,
) -> Plan:
    """Plan a run.

    Args:
        pieces: Every reviewed file or part of it, in the order of risk.
        questions: What is to be asked, in the order of the personas.
        limits: What bounds the run.
        system_tokens: The system text, answer's schema included.
        cache: When the provider's cache helps.
        prices: What tokens cost; None where nobody knows.
        reasoning_tokens: What the model thinks before an answer, where it does.
    """
    largest = max((question.most_tokens for question in questions), default=0)
    shape = Shape(
        capacity=limits.capacity(system_tokens, largest),
        system_tokens=system_tokens,
        cache=cache,
        weights=prices or USUAL_RATIO,
        reasoning_tokens=reasoning_tokens,
    )
    wanted = frozenset(path for question in questions for path in question.paths)
    asked = [piece for piece in pieces if piece.path in wanted]
    fitting = [piece for piece in asked if piece.tokens <= shape.capacity]
    small = (TOO_SMALL, FailureCause.LIMIT)
    reasons = {piece: small for piece in asked if piece.tokens > shape.capacity}
    sharers = sharing(fitting, questions, shape)

    def planned(kept: Sequence[Piece]) -> tuple[tuple[Batch, ...], Estimate]:
        batches = arrange(kept, questions, sharers, shape)
        return batches, _estimate(batches, shape, prices)

    kept, refusal = _within(fitting, limits, lambda some: planned(some)[1])
    if refusal is not None:
        held = frozenset(kept)
        dear = (str(refusal), FailureCause.BUDGET)
        reasons |= {piece: dear for piece in fitting if piece not in held}
    batches, estimate = planned(kept)
    return Plan(
        batches=batches,
        left_out=_left_out(asked, reasons),
        not_asked=tuple(dict.fromkeys(p.path for p in pieces if p.path not in wanted)),
        estimate=estimate,
    )


def _left_out(
    asked: Sequence[Piece], reasons: Mapping[Piece, tuple[str, FailureCause]]
) -> tuple[LeftOut, ...]:
    """Name what is left out: a file once where all of it is, else its parts."""
    shown = {piece.path for piece in asked if piece not in reasons}
    entries = {
        (piece.path, piece.part if piece.path in shown else None): reason
        for piece, reason in reasons.items()
    }
    rank = {piece.path: index for index, piece in reversed(list(enumerate(asked)))}
    ordered = sorted(entries.items(), key=lambda entry: (rank[entry[0][0]], entry[0][1] or 0))
    return tuple(
        LeftOut(path=path, part=part, reason=reason, cause=cause)
        for (path, part), (reason, cause) in ordered
    )


def _within(
    pieces: Sequence[Piece], limits: Limits, estimate: Callable[[Sequence[Piece]], Estimate]
) -> tuple[list[Piece], Refusal | None]:
    """Keep as many pieces as the ceilings allow, from the front; return what forbids the others."""
    if (refusal := _refusal(estimate(pieces), limits)) is None:
        return list(pieces), None
    kept: list[Piece] = []
    rest = list(pieces)
    for _ in range(_MOST_SKIPPED):
        # The most that fits from the front of the rest, by halving.
        fits, fails = 0, len(rest) + 1
        while fails - fits > 1:
            middle = (fits + fails) // 2
            if _refusal(estimate([*kept, *rest[:middle]]), limits) is None:
                fits = middle
            else:
                fails = middle
        kept += rest[:fits]
        # What is larger than the one that does not fit does not fit either.
        too_large = rest[fits].tokens if fits < len(rest) else 0
        rest = [piece for piece in rest[fits:] if piece.tokens < too_large]
        if not rest:
            break
    return kept, refusal


def _refusal(estimate: Estimate, limits: Limits) -> Refusal | None:
    """Return the ceiling that an estimate exceeds, verifying included."""
    tokens = estimate.review.total + estimate.verify.total
    most = limits.run_tokens
    if most is not None and tokens > most:
        return Refusal(scope=Scope.RUN, limit=f"{most:,} tokens")
    if limits.run_dollars is None:
        return None
    if estimate.dollars is None or estimate.verify_dollars is None:
        if most is not None:
            # Calls of unknown price are bound by tokens, and these ceilings are held above;
            # dollars stand in for them only where nobody set any.
            return None
        most = int(limits.run_dollars * UNPRICED_TOKENS_PER_DOLLAR)
        return Refusal(scope=Scope.RUN, limit=f"{most:,} tokens") if tokens > most else None
    if estimate.dollars + estimate.verify_dollars > limits.run_dollars:
        return Refusal(scope=Scope.RUN, limit=f"${limits.run_dollars:.2f}")
    return None


def _estimate(batches: Sequence[Batch], shape: Shape, prices: Prices | None) -> Estimate:
    review = sum((review_usage(batch, shape) for batch in batches), _NOTHING)
    verify = sum((verify_usage(batch, shape) for batch in batches), _NOTHING)
    repair = sum((repair_usage(batch, shape) for batch in batches), _NOTHING)
    return Estimate(
        calls=sum(len(batch.asks) for batch in batches),
        review=review,
        verify=verify,
        repair=repair,
        dollars=None if prices is None else prices.of(review),
        verify_dollars=None if prices is None else prices.of(verify),
        repair_dollars=None if prices is None else prices.of(repair),
    )
