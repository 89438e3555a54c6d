"""Put what tools and models answered together: one verdict a rule, every claim with its outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reviewer.domain.carried import Carried
from reviewer.domain.checklist import Answer, Scorecard, Verdict, score
from reviewer.domain.finding import Confidence, Finding, Outcome, OutcomeKind, PlacedFinding
from reviewer.domain.judgement import left_unasked, weigh
from reviewer.domain.persona import Persona
from reviewer.domain.plan import Plan
from reviewer.domain.review import MODEL_SOURCE
from reviewer.prompting.answer import DroppedClaim
from reviewer.service.consult_model import Opinion
from reviewer.service.plan_consultation import Consultation


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """Scorecards with everybody's answers.

    Args:
        cards: One a persona, in their order.
        dropped: What models claimed and code did not believe, each with the reason.
        gaps: What was planned and did not happen, ready to be read.
    """

    cards: tuple[Scorecard, ...]
    dropped: tuple[PlacedFinding, ...]
    gaps: tuple[str, ...]


def combine_answers(
    personas: Sequence[Persona],
    cards: Sequence[Scorecard],
    opinions: Sequence[Opinion],
    consultation: Consultation,
    carried: Carried,
) -> Combined:
    """Combine answers.

    What tools decided stands. Where a model was asked, its verdict fills in what they left open,
    and its findings stand beside theirs. What was said in earlier rounds, as far as it still
    counts, stands beside what is said now. A pass on a file that nobody was shown is no pass.

    Args:
        personas: Who reviews.
        cards: What tools answered, in the same order.
        opinions: What models said, checked.
        consultation: What was planned, and what was left out.
        carried: What counts of earlier rounds.
    """
    plan = consultation.plan
    combined = tuple(
        _card(card, [o for o in opinions if o.persona == card.persona], plan, carried)
        for card in cards
    )
    people = {persona.name: persona for persona in personas}
    dropped = tuple(
        _placed(people[opinion.persona], claim)
        for opinion in opinions
        for claim in opinion.checked.dropped
    )
    left_out = [f"{entry.path} was not shown: {entry.reason}" for entry in plan.left_out]
    left_out += [f"{entry.path}: {entry.reason}" for entry in consultation.cut]
    left_out += [f"{path}: {reason}" for path, reason in carried.gaps]
    gaps = [f"{people[o.persona].title}: {o.gap}" for o in opinions if o.gap]
    return Combined(cards=combined, dropped=dropped, gaps=tuple(dict.fromkeys((*gaps, *left_out))))


def combine_carried(cards: Sequence[Scorecard], carried: Carried) -> tuple[Scorecard, ...]:
    """Put what counts of earlier rounds beside what tools answered, where no model is asked.

    Args:
        cards: What tools answered.
        carried: What counts of earlier rounds.
    """
    return tuple(_card(card, (), Plan(), carried) for card in cards)


def _card(
    card: Scorecard,
    opinions: Sequence[Opinion],
    plan: Plan,
    carried: Carried,
) -> Scorecard:
    unseen = {entry.path for entry in plan.left_out}
    unasked = f"not asked: {plan.left_out[0].reason}" if plan.left_out else ""
    answers = tuple(
        left_unasked(_answer(answer, opinions, unseen, carried), unasked) for answer in card.answers
    )
    return replace(card, answers=answers, score=score(answers))


def _answer(
    mechanical: Answer, opinions: Sequence[Opinion], unseen: set[str], carried: Carried
) -> Answer:
    rule_id = mechanical.rule_id
    said = [
        (verdict, reason)
        for opinion in opinions
        for asked, verdict, reason in opinion.checked.verdicts
        if asked == rule_id
    ]
    found = [
        finding
        for opinion in opinions
        for finding in opinion.checked.findings
        if finding.rule_id == rule_id
    ]
    said += carried.verdicts.get((mechanical.persona, rule_id), ())
    # Earlier findings first: of two that say the same, the one that people know stays.
    answer = weigh(mechanical, said, (*carried.of(mechanical.persona, rule_id), *found))
    if answer.asked and answer.verdict is Verdict.PASS:
        missed = sorted(path for path in unseen if _speaks_of(opinions, rule_id, path))
        if missed:
            reason = f"{missed[0]} was not shown to the model"
            return replace(answer, verdict=Verdict.NOT_ASSESSED, reason=reason)
    return answer


def _speaks_of(opinions: Sequence[Opinion], rule_id: str, path: str) -> bool:
    """Tell whether a rule that was asked also speaks about a file that was left out."""
    return any(
        path in ask.paths.get(rule_id, frozenset()) or path not in opinion.batch.batch.paths
        for opinion in opinions
        for ask in opinion.batch.batch.asks
        if ask.persona == opinion.persona and rule_id in ask.rules
    )


def _placed(persona: Persona, claim: DroppedClaim) -> PlacedFinding:
    """Keep a claim that was not believed, so that every finding has its outcome."""
    rule = persona.rule(claim.rule_id)
    ingredients = (persona.name, claim.rule_id, claim.path, claim.headline, claim.reason)
    name = hashlib.sha256("\0".join(ingredients).encode("utf-8", "surrogatepass")).hexdigest()
    return PlacedFinding(
        finding=Finding(
            rule_id=claim.rule_id,
            persona=persona.name,
            severity=persona.rules[-1].severity if rule is None else rule.severity,
            confidence=Confidence.LOW,
            path=claim.path,
            location=None,
            headline=claim.headline,
            explanation="",
            remedy="",
            quote="",
            sources=(MODEL_SOURCE,),
            family=claim.rule_id,
            fingerprint=name[:40],
        ),
        outcome=Outcome(kind=OutcomeKind.DROPPED, reason=claim.reason),
    )
