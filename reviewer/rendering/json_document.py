r"""A review as JSON: complete, versioned, and byte-identical for the same review, times apart.

Only ASCII is written (everything else as ``\u`` escapes), so that no character can hide in it or
command a terminal. Text stays as it is but for secrets and hidden characters, which are named.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from reviewer import __version__
from reviewer.domain.change import FileChange
from reviewer.domain.checklist import Answer, Score, Scorecard, Verdict
from reviewer.domain.evidence import Hit
from reviewer.domain.finding import PlacedFinding
from reviewer.domain.model_use import ModelUse
from reviewer.domain.persona import Origin, Persona
from reviewer.domain.sanitiser import PROSE_LIMIT, cut, logged_json, visible
from reviewer.domain.selection import Choice
from reviewer.rendering.document import ReviewDocument
from reviewer.rendering.review_record import (
    SCHEMA_VERSION,
    AnswerRecord,
    ChangeRecord,
    ChoiceRecord,
    FileRecord,
    FindingRecord,
    GeneratorRecord,
    HitRecord,
    LedgerRecord,
    LocationRecord,
    OutcomeRecord,
    ReviewRecord,
    ScorecardRecord,
    ScoreRecord,
    SignalRecord,
    UsageRecord,
)

#: Times are rounded to milliseconds: more digits are noise.
_TIME_DIGITS = 3


def render_json(document: ReviewDocument) -> str:
    """Render a review as one JSON object that ends with a newline."""
    record = dataclasses.asdict(record_of(document), dict_factory=_plain)
    return logged_json(json.dumps(record, indent=2, ensure_ascii=True, allow_nan=False)) + "\n"


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(pairs)


def record_of(document: ReviewDocument) -> ReviewRecord:
    """Turn a review into the published shape."""
    review = document.review
    change = review.change
    personas = {persona.name: persona for persona in review.personas}
    return ReviewRecord(
        schema_version=SCHEMA_VERSION,
        generator=GeneratorRecord(name="persona-reviewer", version=__version__),
        state=review.state,
        reason=_text(review.reason),
        headline=_text(review.headline),
        injection_suspected=review.injection_suspected,
        model=review.model,
        ledger=None if review.model_use is None else _ledger(review.model_use),
        change=ChangeRecord(
            base=_text(change.base),
            head=_text(change.head),
            files=tuple(_file(file) for file in change.files),
        ),
        selection=tuple(_choice(choice) for choice in review.selection.choices),
        score=_score(review.score),
        scorecards=tuple(
            _scorecard(card, document, personas.get(card.persona)) for card in review.scorecards
        ),
        findings=tuple(_finding(placed, document) for placed in review.findings),
        notices=tuple(_text(notice) for notice in review.notices),
        other_analysers=tuple(_hit(hit) for hit in review.other_analysers),
        seconds=_seconds(document.seconds),
    )


def _ledger(use: ModelUse) -> LedgerRecord:
    return LedgerRecord(
        models=tuple(_text(model) for model in use.models),
        prompts=tuple(str(prompt) for prompt in use.prompts),
        usage=UsageRecord(
            fresh_input=use.usage.fresh_input,
            cache_read=use.usage.cache_read,
            cache_write=use.usage.cache_write,
            output=use.usage.output,
            reasoning=use.usage.reasoning,
        ),
        cost_dollars=None if use.cost is None else str(use.cost),
        ceiling_dollars=None if use.ceiling is None else str(use.ceiling),
        calls=use.calls,
        cached=use.cached,
        failed=use.failed,
        uncertain=use.uncertain,
    )


def _text(text: str) -> str:
    return cut(visible(text), PROSE_LIMIT)


def _path(path: str) -> str:
    """Keep a path exact, because programs match it, but for what JSON cannot hold."""
    return path.encode("utf-8", "replace").decode("utf-8")


def _seconds(seconds: Mapping[str, float]) -> dict[str, float]:
    return {stage: round(value, _TIME_DIGITS) for stage, value in sorted(seconds.items())}


def _file(file: FileChange) -> FileRecord:
    return FileRecord(
        path=_path(file.path),
        base_path=None if file.base_path is None else _path(file.base_path),
        status=file.status,
        kind=file.kind,
        language=file.language,
        added_lines=len(file.added),
        removed_lines=len(file.removed),
        reviewed=file.reviewed,
        not_reviewed=None if file.not_reviewed is None else _text(str(file.not_reviewed)),
    )


def _choice(choice: Choice) -> ChoiceRecord:
    return ChoiceRecord(
        persona=choice.persona,
        decision=choice.kind,
        reason=_text(choice.reason),
        signals=tuple(
            SignalRecord(
                kind=signal.kind,
                detail=_text(signal.detail),
                path=_path(signal.path),
                line=signal.line,
                strong=signal.strong,
                weight=signal.weight,
            )
            for signal in choice.signals
        ),
    )


def _score(score: Score) -> ScoreRecord:
    return ScoreRecord(
        percent=None if score.percent is None else round(score.percent, 2),
        passed_weight=score.passed_weight,
        assessed_weight=score.assessed_weight,
        verdicts={verdict: score.count(verdict) for verdict in Verdict},
    )


def _scorecard(
    card: Scorecard, document: ReviewDocument, persona: Persona | None
) -> ScorecardRecord:
    return ScorecardRecord(
        persona=card.persona,
        title=document.title(card.persona),
        version=persona.version if persona else 0,
        origin=persona.origin if persona else Origin.BUILT_IN,
        score=_score(card.score),
        answers=tuple(_answer(answer, document) for answer in card.answers),
    )


def _answer(answer: Answer, document: ReviewDocument) -> AnswerRecord:
    return AnswerRecord(
        rule=answer.rule_id,
        title=_text(document.rule_title(answer.rule_id)),
        severity=answer.severity,
        verdict=answer.verdict,
        reason=_text(answer.reason),
        set_aside=tuple(_text(words) for words in answer.set_aside),
        findings=tuple(finding.fingerprint for finding in answer.findings),
    )


def _finding(placed: PlacedFinding, document: ReviewDocument) -> FindingRecord:
    finding = placed.finding
    location = finding.location
    return FindingRecord(
        fingerprint=finding.fingerprint,
        rule=finding.rule_id,
        persona=finding.persona,
        co_signers=finding.co_signers,
        severity=finding.severity,
        confidence=finding.confidence,
        to_fix=finding.to_fix,
        path=_path(finding.path),
        location=None
        if location is None
        else LocationRecord(
            side=location.side, start_line=location.start_line, end_line=location.end_line
        ),
        headline=_text(finding.headline),
        explanation=_text(finding.explanation),
        remedy=_text(finding.remedy),
        suggestion=document.frames.suggestion(finding) or None,
        quote=document.frames.quote(finding),
        sources=tuple(_text(source) for source in finding.sources),
        outcome=OutcomeRecord(
            kind=placed.outcome.kind,
            reason=_text(placed.outcome.reason),
            of=placed.outcome.of,
        ),
    )


def _hit(hit: Hit) -> HitRecord:
    return HitRecord(
        tool=_text(hit.tool),
        kind=hit.kind,
        code=_text(hit.code),
        path=_path(hit.path),
        side=hit.side,
        start_line=hit.start_line,
        end_line=hit.end_line,
        message=_text(hit.message),
    )
