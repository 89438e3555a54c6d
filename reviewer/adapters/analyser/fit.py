"""Holds a review that came back against what was sent: nothing in it may be about anything else.

The analyser reads hostile text and may be deceived or, at worst, taken over. What it gives back is
a claim. Refused as a whole is what no analyser of ours makes:

- personas that do not exist, or others than were asked for;
- a finding of a rule or in a file that is not there, unless it says itself that it was dropped;
- a checklist that is not whole, a severity above the rule's, a price that is none;
- a review that contradicts itself, or speaks for people (`contradiction`).

Mended with a reason is what could only be misplaced: a location on which no comment may stand, a
replacement that nobody wants. Put in place by us, whatever came: the change, the personas, the
scores, what earlier rounds knew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain

from reviewer.adapters.analyser.contradiction import (
    as_people_dismissed,
    hold_findings,
    hold_state,
)
from reviewer.adapters.analyser.wire import SentCard, SentReview, UnreadableError
from reviewer.domain.change import Change
from reviewer.domain.checklist import Answer, Scorecard, score
from reviewer.domain.finding import Finding, Outcome, OutcomeKind, PlacedFinding
from reviewer.domain.history import Heard, KnownFinding, KnownState, Since
from reviewer.domain.material import Material, Reply
from reviewer.domain.model_use import ModelUse
from reviewer.domain.persona import PANELS, Persona
from reviewer.domain.review import Review
from reviewer.domain.rounds import believed, follow
from reviewer.domain.status import RunState

#: Where a run of an analyser can end; superseded is a publisher's word.
_ENDS = frozenset({RunState.COMPLETED, RunState.PARTIAL, RunState.SKIPPED, RunState.FAILED})
_FINGERPRINT = re.compile(r"[0-9a-f]{40}")
_LOOK = re.compile(r"[0-9a-f]{0,64}")

#: Nobody reviews for so much, and nothing has so many tokens.
_MOST_DOLLARS = Decimal(100_000)
_MOST_COUNT = 10**12

_RULE = re.compile(r"[A-Za-z0-9_-]{1,40}")
#: What a finding is of whose rule has no name of a rule.
NO_RULE = "unknown"
MISPLACED = "its place is not in the change"


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the receiver knows."""

    change: Change
    personas: Mapping[str, Persona]
    told: Mapping[str, KnownFinding]
    suggestions: bool


def fit_review(
    sent: SentReview,
    material: Material,
    catalogue: Sequence[Persona],
    *,
    suggestions: bool = False,
) -> Review:
    """Make a review of what came back.

    Args:
        sent: What came back.
        material: What was sent.
        catalogue: Every persona that can review it, read by us.
        suggestions: Whether the operator wants findings to propose new lines.

    Raises:
        UnreadableError: It does not fit.
    """
    # As whoever reviews sees it: renamed files keep the name that earlier rounds gave them.
    change = follow(material.change, material.before)
    known = _Known(
        change=change,
        personas={persona.name: persona for persona in catalogue},
        told={entry.fingerprint: entry for entry in believed(material.before).known},
        suggestions=suggestions,
    )
    _demand(sent.state in _ENDS, f"a run cannot end as {sent.state.value}")
    _demand(_LOOK.fullmatch(sent.look) is not None, "the name of the look has another form")
    _hold_personas(sent, material, known)
    findings = tuple(_placed(placed, known) for placed in sent.findings)
    cards = tuple(_card(card, known) for card in sent.scorecards)
    hold_state(sent.state, cards, change, _demand)
    hold_findings(cards, findings, _demand)
    findings = as_people_dismissed(findings, material.before, _demand)
    if sent.model_use is not None:
        _hold_use(sent.model_use)
    for hit in sent.other_analysers:
        _demand(hit.path in change.by_path, "a result about a file that is not in the change")
    return Review(
        state=sent.state,
        reason=sent.reason,
        cause=sent.cause,
        change=change,
        personas=tuple(known.personas[name] for name in sent.personas),
        selection=sent.selection,
        scorecards=cards,
        findings=findings,
        notices=sent.notices,
        other_analysers=sent.other_analysers,
        injection_suspected=sent.injection_suspected,
        model=sent.model,
        model_use=sent.model_use,
        since=_since(sent.since, material, known, findings),
        look=sent.look,
        heard=_heard(sent.heard, known),
    )


def fit_reply(reply: Reply) -> Reply:
    """Hold a reply against what can be: a text or a problem, and an amount that is one.

    Raises:
        UnreadableError: It does not fit.
    """
    _demand(bool(reply.text) != bool(reply.problem), "neither a text nor a problem, or both")
    if reply.use is not None:
        _hold_use(reply.use)
    return reply


def _demand(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads like an assertion
    if not holds:
        raise UnreadableError(otherwise)


def _hold_personas(sent: SentReview, material: Material, known: _Known) -> None:
    choices = [choice.persona for choice in sent.selection.choices]
    _demand(known.personas.keys() >= {*choices, *sent.personas}, "a persona that does not exist")
    _demand(len(set(choices)) == len(choices), "a persona that is chosen twice")
    _demand(sent.selection.chosen == sent.personas, "personas that were not chosen")
    cards = tuple(card.persona for card in sent.scorecards)
    _demand(cards == sent.personas, "another scorecard than those of the personas")
    panels = {panel.name: panel.personas for panel in PANELS}
    wanted = dict.fromkeys((*material.personas, *panels.get(material.panel or "", ())))
    _demand(not wanted or sent.personas == tuple(wanted), "others than those who were asked for")


def _card(card: SentCard, known: _Known) -> Scorecard:
    """Hold a checklist against its persona, and compute its score."""
    persona = known.personas[card.persona]
    severities = {rule.id: rule.severity for rule in persona.rules}
    asked = [answer.rule_id for answer in card.answers]
    _demand(asked == list(severities), "a checklist that is not the persona's")
    answers = tuple(_answer(answer, card.persona, known) for answer in card.answers)
    for answer in answers:
        _demand(answer.severity is severities[answer.rule_id], "a severity that is not the rule's")
    return Scorecard(persona=card.persona, answers=answers, score=score(answers))


def _answer(answer: Answer, persona: str, known: _Known) -> Answer:
    _demand(answer.persona == persona, "an answer of another persona")
    findings = tuple(_located(finding, known) for finding in answer.findings)
    for finding in findings:
        own = (finding.persona, finding.rule_id) == (persona, answer.rule_id)
        _demand(own, "a finding of another rule")
    return replace(answer, findings=findings)


def _placed(placed: PlacedFinding, known: _Known) -> PlacedFinding:
    if _names_nothing(placed, known):
        return PlacedFinding(finding=_named(placed.finding, known), outcome=placed.outcome)
    finding = _located(placed.finding, known)
    inline = placed.outcome.kind is OutcomeKind.INLINE
    if inline and finding.location is None:
        outcome = Outcome(kind=OutcomeKind.FILE_LEVEL, reason=MISPLACED)
        return PlacedFinding(finding=finding, outcome=outcome)
    return PlacedFinding(finding=finding, outcome=placed.outcome)


def _names_nothing(placed: PlacedFinding, known: _Known) -> bool:
    """Tell whether a model named a file or a rule that is not there, and was not believed.

    That is the model's fault and not the analyser's: what tools found beside it has to be told.
    """
    if placed.outcome.kind is not OutcomeKind.DROPPED:
        return False
    finding, persona = placed.finding, known.personas.get(placed.finding.persona)
    exists = persona is not None and persona.rule(finding.rule_id) is not None
    return not exists or finding.path not in known.change.by_path


def _named(finding: Finding, known: _Known) -> Finding:
    """Hold what is left of a finding about nothing: it has no place, and no name of another."""
    _demand(finding.persona in known.personas, "a finding of a persona that does not exist")
    _demand(known.personas.keys() >= set(finding.co_signers), "a signature of nobody")
    _demand(_FINGERPRINT.fullmatch(finding.fingerprint) is not None, "a fingerprint that is none")
    _demand(finding.fingerprint not in known.told, "the name of a finding of another rule")
    rule_id = finding.rule_id if _RULE.fullmatch(finding.rule_id) else NO_RULE
    return replace(finding, rule_id=rule_id, location=None, suggestion="")


def _located(finding: Finding, known: _Known) -> Finding:
    """Hold a finding against the change; one whose lines take no comment is about the file."""
    _hold_rule(finding, known)
    _demand(finding.path in known.change.by_path, "a finding in a file that is not in the change")
    location = finding.location
    if finding.suggestion and (location is None or not known.suggestions):
        finding = replace(finding, suggestion="")
    if location is None:
        return finding
    if location.path == finding.path and known.change.is_commentable(location):
        return finding
    return replace(finding, location=None, suggestion="")


def _hold_rule(finding: Finding, known: _Known) -> None:
    persona = known.personas.get(finding.persona)
    rule = None if persona is None else persona.rule(finding.rule_id)
    _demand(rule is not None, "a finding of a rule that does not exist")
    _demand(
        rule is not None and rule.severity.at_least(finding.severity),
        "a severity above the rule's",
    )
    _demand(known.personas.keys() >= set(finding.co_signers), "a signature of nobody")
    _demand(_FINGERPRINT.fullmatch(finding.fingerprint) is not None, "a fingerprint that is none")
    told = known.told.get(finding.fingerprint)
    own = told is None or (told.persona, told.rule_id) == (finding.persona, finding.rule_id)
    _demand(own, "the name of a finding of another rule")


def _heard(heard: Heard, known: _Known) -> Heard:
    """Return what the next round is to know; where it does not fit, nothing, so that it asks anew.

    Places in it are those of earlier rounds; they are held against the change when they are used.
    """
    try:
        _hold_heard(heard, known)
    except UnreadableError:
        return Heard()
    return heard


def _hold_heard(heard: Heard, known: _Known) -> None:
    for answer in heard.answers:
        persona = known.personas.get(answer.persona)
        exists = persona is not None and persona.rule(answer.rule_id) is not None
        _demand(exists, "an answer to a rule that does not exist")
    for entry in heard.findings:
        _hold_rule(entry.finding, known)
        _demand(0 <= entry.first <= entry.last < _MOST_COUNT, "a place in a hunk that is none")
        _demand(entry.hunk is None or 0 <= entry.hunk < _MOST_COUNT, "a hunk that is none")
    paths: Iterable[str] = chain(heard.unseen, (path for path, _ in heard.gaps))
    _demand(known.change.by_path.keys() >= set(paths), "a gap in a file that is not in the change")


def _hold_use(use: ModelUse) -> None:
    amounts = (use.known_cost, use.cost or Decimal(0), use.ceiling or Decimal(0))
    _demand(all(0 <= amount <= _MOST_DOLLARS for amount in amounts), "a price that is none")
    usage = use.usage
    counts = (usage.fresh_input, usage.cache_read, usage.cache_write, usage.output)
    calls = (usage.reasoning, use.calls, use.cached, use.failed, use.uncertain)
    _demand(all(0 <= count <= _MOST_COUNT for count in (*counts, *calls)), "a count that is none")


def _since(
    since: Since | None, material: Material, known: _Known, findings: Sequence[PlacedFinding]
) -> Since | None:
    """Say of earlier findings what we know of them; new are at most those that are there."""
    if since is None:
        return None

    def ours(
        entries: Sequence[KnownFinding], was: KnownState, now: KnownState
    ) -> tuple[KnownFinding, ...]:
        own = [known.told.get(entry.fingerprint) for entry in entries]
        held = [entry for entry in own if entry is not None and entry.state is was]
        _demand(len(held) == len(own), "an earlier finding that nobody knows so")
        return tuple(replace(entry, state=now) for entry in held)

    return Since(
        head_sha=material.before.head_sha,
        note=since.note,
        fixed=ours(since.fixed, KnownState.OPEN, KnownState.FIXED),
        dismissed=ours(since.dismissed, KnownState.DISMISSED, KnownState.DISMISSED),
        new=since.new & {placed.finding.fingerprint for placed in findings},
    )
