"""Review one change: prepare, examine, answer the checklists, merge, place."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reviewer.domain.change import Change
from reviewer.domain.checklist import (
    NO_MODEL,
    Scorecard,
    Verdict,
    answer_mechanically,
)
from reviewer.domain.evidence import Evidence, EvidenceKind, Examination, Hit, Unexamined
from reviewer.domain.failure_cause import first_cause
from reviewer.domain.file_role import is_source
from reviewer.domain.finding import PlacedFinding
from reviewer.domain.history import History
from reviewer.domain.judgement import Judgement, left_unasked
from reviewer.domain.known_name import with_known_names
from reviewer.domain.own_linter import covered_sources
from reviewer.domain.persona import Persona
from reviewer.domain.policy import Policy
from reviewer.domain.remember import since
from reviewer.domain.review import Review, merge, place
from reviewer.domain.rounds import Delta, compare, follow
from reviewer.domain.run_event import FailureCause
from reviewer.domain.status import RunState
from reviewer.domain.withheld import withhold
from reviewer.ports.examiner import Examiner
from reviewer.ports.onlooker import NoOnlooker, Onlooker
from reviewer.ports.progress import Progress
from reviewer.ports.workspace import Workspace
from reviewer.service.describe_review import (
    SENTINELS,
    SaidOfChange,
    read_description,
    reported_anyway,
    suspicions,
)
from reviewer.service.name_look import name_look
from reviewer.service.prepare_review import Preparation, Wishes, prepare_review
from reviewer.service.scope_answers import scope_answers

if TYPE_CHECKING:
    from reviewer.service.model_setup import ModelSetup


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A review and the policy that judges it."""

    review: Review
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidenced:
    """A change after tools have answered what they can.

    Args:
        ready: What is reviewed, by whom, under which policy.
        seen: What examiners saw.
        cards: What tools answered, one card a chosen persona.
        dropped: Findings that the policy scopes away.
        reason: Why there is nothing to review; empty where there is.
    """

    ready: Preparation
    seen: Examination
    cards: tuple[Scorecard, ...]
    dropped: tuple[PlacedFinding, ...]
    reason: str


async def review_change(  # noqa: PLR0913 - all that one review hangs on, by name
    workspace: Workspace,
    built_in: Sequence[Persona],
    examiners: Sequence[Examiner],
    wishes: Wishes,
    *,
    setup: ModelSetup | None = None,
    before: History | None = None,
    description: tuple[str, str] | None = None,
    full: bool = False,
    notices: Sequence[str] = (),
    progress: Progress | None = None,
    onlooker: Onlooker | None = None,
) -> Judged:
    """Review a change: what tools can decide, and, where a model is configured, the rest.

    Args:
        workspace: Where the change comes from.
        built_in: The personas that ship.
        examiners: Who gives evidence, one a kind.
        wishes: What the person at the door asks for.
        setup: The models and how to go about it; None for mechanical evidence alone.
        before: What earlier rounds left behind; models are asked about what is new since then.
        description: Title and body, as people wrote them; None where there is none.
        full: Ask models about everything again, also about what has not changed.
        notices: What people must know about what the door brought along.
        progress: Who is told how far it is.
        onlooker: Who is told what happens meanwhile.

    Raises:
        UserError: The change cannot be read, or somebody was asked for who does not exist.
    """
    known = await gather_evidence(
        workspace,
        built_in,
        examiners,
        wishes,
        before=before,
        notices=notices,
        progress=progress,
        onlooker=onlooker,
    )
    ready, said = known.ready, read_description(description)
    if setup is not None:
        setup, unpinned = setup.pinned(ready.policy.prompt_pins)
        ready = replace(ready, notices=(*ready.notices, *unpinned))
    look = name_look(ready, setup)
    delta = compare(before, ready.change, look, full=full, asks=setup is not None)
    known = replace(known, ready=ready, cards=with_known_names(known.cards, delta))
    if known.reason:
        heard = Judgement(cards=_unasked(known.cards, known.reason), dropped=known.dropped)
    else:
        heard = await _hear(setup, known, delta, said, progress)
    _tell(progress, "weighing the findings")
    review = replace(_review(ready, known, heard, delta, said), look=look)
    return Judged(
        review=replace(review, since=since(before, review, delta.note(heard.newcomers))),
        policy=ready.policy,
    )


def _unasked(cards: Iterable[Scorecard], reason: str) -> tuple[Scorecard, ...]:
    """Say of every open rule why nobody was asked, where there is nothing to review."""
    return tuple(
        replace(card, answers=tuple(left_unasked(answer, reason) for answer in card.answers))
        for card in cards
    )


async def _hear(
    setup: ModelSetup | None,
    known: Evidenced,
    delta: Delta,
    said: SaidOfChange,
    progress: Progress | None,
) -> Judgement:
    """Hear models where there are any, and what counts of earlier rounds in any case."""
    # Whatever models need is imported where there is one: a run without does not pay for it.
    if setup is not None:
        _tell(progress, f"asking {setup.model}")
        from reviewer.service.ask_models import ask_models  # noqa: PLC0415

        heard = await ask_models(
            setup, known.ready, known.cards, delta, introduction=said.introduction
        )
    elif delta.before.heard:
        from reviewer.service.carry_on import carry_on  # noqa: PLC0415

        heard = carry_on(known.ready, known.cards, delta)
    else:
        heard = Judgement(cards=known.cards)
    return replace(heard, dropped=(*known.dropped, *heard.dropped))


async def gather_evidence(
    workspace: Workspace,
    built_in: Sequence[Persona],
    examiners: Sequence[Examiner],
    wishes: Wishes,
    *,
    before: History | None = None,
    notices: Sequence[str] = (),
    progress: Progress | None = None,
    onlooker: Onlooker | None = None,
) -> Evidenced:
    """Let tools answer what they can; what they leave open is for a model.

    Args:
        workspace: Where the change comes from.
        built_in: The personas that ship.
        examiners: Who gives evidence, one a kind.
        wishes: What the person at the door asks for.
        before: What earlier rounds left behind; renamed files keep the names of their findings.
        notices: What people must know about what the door brought along.
        progress: Who is told how far it is.
        onlooker: Who is told what happens meanwhile.

    Raises:
        UserError: The change cannot be read, or somebody was asked for who does not exist.
    """
    ready = await prepare_review(workspace, built_in, wishes, progress=progress)
    ready = replace(ready, change=follow(ready.change, before))
    reason = _why_not(ready)
    if not reason:
        _tell(progress, "gathering evidence")
        _look_on(ready, onlooker or NoOnlooker())
    seen = await _examine(ready, examiners, chosen=() if reason else ready.chosen)
    ready = replace(ready, notices=(*notices, *ready.notices))
    _tell(progress, "answering the checklists")
    cards, dropped = _answer(ready, seen)
    return Evidenced(ready=ready, seen=seen, cards=cards, dropped=dropped, reason=reason)


def _tell(progress: Progress | None, stage: str) -> None:
    if progress is not None:
        progress.stage(stage)


def _look_on(ready: Preparation, onlooker: Onlooker) -> None:
    """Tell who looks, and that they are not shown everything, where it is so."""
    change = ready.change
    if change.not_reviewed or change.unlisted:
        onlooker.left_out(
            shown=len(change.reviewed),
            left_out=len(change.not_reviewed),
            unlisted=change.unlisted,
        )
    for persona in ready.chosen:
        onlooker.looking(persona.name)


def _why_not(ready: Preparation) -> str:
    """Say why there is nothing to review; empty when there is."""
    if not ready.change.files:
        return "the change is empty"
    if ready.selection.chosen:
        return ""
    if not ready.change.reviewed:
        return "no file of this change can be reviewed"
    if any(is_source(file) for file in ready.change.reviewed):
        return "no persona speaks about these files without a model"
    return "no persona speaks about these files"


async def _examine(
    ready: Preparation, examiners: Sequence[Examiner], *, chosen: Sequence[Persona]
) -> Examination:
    """Ask every examiner, side by side, for the evidence of the chosen personas."""
    wanted = _wanted(ready, chosen)
    # Other analysers' results are different on both sides: those that a person brings along are
    # shown even where no rule claims them, and a run without them has no gap.
    asked = [e for e in examiners if e.kind in wanted or e.kind is EvidenceKind.SARIF]
    seen = await asyncio.gather(
        *(
            examiner.examine(ready.change, tuple(wanted.get(examiner.kind, ())))
            for examiner in asked
        )
    )
    # Evidence that nobody can give is a gap with a reason, never a pass.
    missing = wanted.keys() - {examiner.kind for examiner in asked} - {EvidenceKind.SARIF}
    gaps = tuple(
        Unexamined(kind=kind, reason=f"{kind.value} is not available") for kind in sorted(missing)
    )
    return sum(seen, Examination(unexamined=gaps))


def _wanted(
    ready: Preparation, chosen: Sequence[Persona]
) -> dict[EvidenceKind, dict[Evidence, None]]:
    """Collect the evidence to look for, by kind: only what has a file to speak about."""
    sentinels = Evidence(kind=EvidenceKind.FACT, codes=SENTINELS)
    wanted: dict[EvidenceKind, dict[Evidence, None]] = {EvidenceKind.FACT: {sentinels: None}}
    for persona in chosen:
        for rule in persona.rules:
            if ready.policy.switched_off(rule.id) is not None:
                continue
            has_file = bool(rule.applies.files(ready.change))
            for evidence in rule.evidence:
                if has_file or evidence.kind is EvidenceKind.FACT:
                    wanted.setdefault(evidence.kind, {})[evidence] = None
    return wanted


def _review(
    ready: Preparation,
    known: Evidenced,
    heard: Judgement,
    delta: Delta,
    said: SaidOfChange,
) -> Review:
    """Turn what was seen and heard into the review."""
    suspects = [hit for hit in known.seen.hits if hit.code in SENTINELS]
    findings = [f for card in heard.cards for answer in card.answers for f in answer.findings]
    standing = frozenset(entry.fingerprint for entry in delta.before.known if entry.inline)
    merged = merge(findings, ready.chosen, standing=standing)
    kept = withhold(merged, heard.cards, delta.before.known)
    cards = kept.cards
    own_linters, linter_notices = covered_sources(findings, ready.base_texts)
    placed = place(
        kept.findings,
        ready.change,
        thresholds=ready.policy.thresholds,
        thresholds_of=ready.policy.thresholds_of,
        own_linters=own_linters,
        standing=standing,
        held=delta.held,
    )
    unlisted = _unlisted(ready.change)
    state, why = _state(cards, known.reason, (*unlisted, *heard.gaps))
    return Review(
        state=state,
        reason=why,
        cause=_cause(state, unlisted, heard),
        change=ready.change,
        personas=ready.chosen,
        selection=ready.selection,
        scorecards=cards,
        findings=(*placed, *heard.dropped),
        notices=(
            *ready.notices,
            *heard.notices,
            *said.notices,
            *suspicions(suspects),
            *linter_notices,
            *reported_anyway(placed, own_linters),
        ),
        other_analysers=_unclaimed(ready, known.seen),
        injection_suspected=bool(suspects) or said.suspected,
        model=heard.model,
        model_use=heard.use,
        heard=heard.heard,
    )


def _answer(
    ready: Preparation, seen: Examination
) -> tuple[tuple[Scorecard, ...], tuple[PlacedFinding, ...]]:
    """Answer the chosen personas' checklists, leaving out what the policy scopes away."""
    cards = []
    for persona in ready.chosen:
        off = [
            (rule.id, reason)
            for rule in persona.rules
            if (reason := ready.policy.switched_off(rule.id)) is not None
        ]
        cards.append(answer_mechanically(persona, ready.change, seen, disabled=off))
    return scope_answers(cards, ready.policy)


def _state(cards: Iterable[Scorecard], reason: str, gaps: Sequence[str]) -> tuple[RunState, str]:
    """Say where the run ended.

    Only a run that looked everywhere it meant to look is complete. That no model is configured is
    no gap of this run, nor is a rule that a model could not judge from the code; a tool or a call
    that failed is, and so is a file that was left out.
    """
    if reason:
        return RunState.SKIPPED, reason
    if gaps:
        more = "" if len(gaps) == 1 else f" (and {len(gaps) - 1} more)"
        return RunState.PARTIAL, f"{gaps[0]}{more}"
    blind: dict[str, int] = {}
    for card in cards:
        for answer in card.answers:
            if answer.verdict is Verdict.NOT_ASSESSED and not answer.asked:
                blind[answer.reason] = blind.get(answer.reason, 0) + 1
    blind.pop(NO_MODEL, None)
    if not blind:
        return RunState.COMPLETED, ""
    total = sum(blind.values())
    rules = "1 rule" if total == 1 else f"{total} rules"
    return RunState.PARTIAL, f"{rules} could not be assessed: {'; '.join(blind)}"


def _cause(state: RunState, unlisted: Sequence[str], heard: Judgement) -> FailureCause | None:
    """Say what kind of thing kept the run from looking everywhere."""
    if state is not RunState.PARTIAL:
        return None
    host = FailureCause.CODE_HOST if unlisted else None
    # Where nothing else is missing, it is evidence that tools could not give.
    return first_cause((heard.cause, host)) or FailureCause.TOOL


def _unlisted(change: Change) -> tuple[str, ...]:
    """Say that the host does not list the whole change."""
    if not change.unlisted:
        return ()
    files = "1 file or more" if change.unlisted == 1 else f"{change.unlisted:,} files"
    return (f"{files} of this change could not be read: the host does not list them",)


def _unclaimed(ready: Preparation, seen: Examination) -> tuple[Hit, ...]:
    """Return other analysers' results on changed lines that no rule of anybody claims."""
    evidence = [e for p in ready.chosen for rule in p.rules for e in rule.evidence]
    return tuple(
        hit
        for hit in seen.hits
        if hit.kind is EvidenceKind.SARIF
        and _on_changed_lines(ready.change, hit)
        and not any(e.claim(hit) for e in evidence)
    )


def _on_changed_lines(change: Change, hit: Hit) -> bool:
    file = change.by_path.get(hit.path)
    if file is None or hit.start_line is None:
        return False
    return file.locate(hit.side, hit.start_line, hit.end_line or hit.start_line) is not None
