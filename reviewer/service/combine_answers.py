"""Put what tools and models answered together: one verdict a rule, every claim with its outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reviewer.domain.checklist import Answer, Scorecard, Verdict, score
from reviewer.domain.finding import Confidence, Finding, Outcome, OutcomeKind, PlacedFinding
from reviewer.domain.persona import Persona
from reviewer.domain.plan import Plan
from reviewer.domain.review import MODEL_SOURCE
from reviewer.prompting.answer import DroppedClaim
from reviewer.service.consult_model import Opinion
from reviewer.service.plan_consultation import Consultation

#: Which verdict counts where a rule was asked about several batches, first first.
_ORDER = (Verdict.FAIL, Verdict.NOT_ASSESSED, Verdict.PASS, Verdict.NOT_APPLICABLE)


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
) -> Combined:
    """Combine answers.

    What tools decided stands. Where a model was asked, its verdict fills in what they left open,
    and its findings stand beside theirs. A pass on a file that nobody was shown is no pass.

    Args:
        personas: Who reviews.
        cards: What tools answered, in the same order.
        opinions: What models said, checked.
        consultation: What was planned, and what was left out.
    """
    plan = consultation.plan
    combined = tuple(
        _card(persona, card, [o for o in opinions if o.persona == persona.name], plan)
        for persona, card in zip(personas, cards, strict=True)
    )
    people = {persona.name: persona for persona in personas}
    dropped = tuple(
        _placed(people[opinion.persona], claim)
        for opinion in opinions
        for claim in opinion.checked.dropped
    )
    left_out = [f"{entry.path} was not shown: {entry.reason}" for entry in plan.left_out]
    left_out += [f"{entry.path}: {entry.reason}" for entry in consultation.cut]
    gaps = [f"{people[o.persona].title}: {o.gap}" for o in opinions if o.gap]
    return Combined(cards=combined, dropped=dropped, gaps=tuple(dict.fromkeys((*gaps, *left_out))))


def _card(persona: Persona, card: Scorecard, opinions: Sequence[Opinion], plan: Plan) -> Scorecard:
    unseen = {entry.path for entry in plan.left_out}
    answers = tuple(_answer(persona, answer, opinions, unseen) for answer in card.answers)
    return replace(card, answers=answers, score=score(answers))


def _answer(
    persona: Persona, mechanical: Answer, opinions: Sequence[Opinion], unseen: set[str]
) -> Answer:
    said = [
        (verdict, reason)
        for opinion in opinions
        for rule_id, verdict, reason in opinion.checked.verdicts
        if rule_id == mechanical.rule_id
    ]
    if not said:
        return mechanical
    found = tuple(
        finding
        for opinion in opinions
        for finding in opinion.checked.findings
        if finding.rule_id == mechanical.rule_id
    )
    if mechanical.verdict is Verdict.FAIL or found:
        both = (*mechanical.findings, *found)
        sources = dict.fromkeys(source for finding in both for source in finding.sources)
        reason = ", ".join(sources)
        return replace(mechanical, verdict=Verdict.FAIL, findings=both, reason=reason, asked=True)
    verdict, reason = min(said, key=lambda pair: _ORDER.index(pair[0]))
    rule = persona.rule(mechanical.rule_id)
    if verdict is Verdict.PASS and rule is not None:
        missed = sorted(path for path in unseen if _speaks_of(opinions, mechanical.rule_id, path))
        if missed:
            verdict, reason = Verdict.NOT_ASSESSED, f"{missed[0]} was not shown to the model"
    if verdict is Verdict.PASS:
        reason = f"model: {reason}" if reason else "model"
    reason = reason or "the model gave no reason"
    return replace(mechanical, verdict=verdict, reason=reason, asked=True)


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
