"""Makes the events of a run from what is known of it: its record, its review, its calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from reviewer.domain.attempt import Attempt, AttemptOutcome
from reviewer.domain.checklist import Answer, Score, Verdict, score
from reviewer.domain.review import Review
from reviewer.domain.run import RuleVerdict, RunRecord
from reviewer.domain.run_event import ENDINGS, Datum, EventKind, EventStatus, FailureCause, RunEvent

#: How an attempt ended, as an event says it.
_ATTEMPTS: Mapping[AttemptOutcome, EventStatus] = {
    AttemptOutcome.ANSWERED: EventStatus.ANSWERED,
    AttemptOutcome.CACHED: EventStatus.CACHED,
    AttemptOutcome.FAILED: EventStatus.FAILED,
}


def review_started(run: RunRecord, *, at: datetime) -> RunEvent:
    """Tell that a run began.

    Args:
        run: The run; how long it waited is told if it says when it began.
        at: When this is told.
    """
    waited = _seconds(run.queued_at, run.started_at)
    return RunEvent(
        run_id=run.id,
        kind=EventKind.REVIEW_STARTED,
        status=EventStatus.RUNNING,
        at=at,
        data=_known({**_about(run), "queue_seconds": waited}),
    )


def review_progress(run_id: str, stage: str, *, at: datetime) -> RunEvent:
    """Tell which stage a run came to, in the words of `ports.progress`."""
    return RunEvent(
        run_id=run_id,
        kind=EventKind.REVIEW_PROGRESS,
        status=EventStatus.RUNNING,
        at=at,
        data={"stage": stage},
    )


def persona_started(run_id: str, persona: str, *, at: datetime) -> RunEvent:
    """Tell that a persona looks."""
    return RunEvent(
        run_id=run_id,
        kind=EventKind.PERSONA_STARTED,
        status=EventStatus.RUNNING,
        at=at,
        data={"persona": persona},
    )


def completion_chunk(
    run_id: str, *, persona: str, purpose: str, attempt: int, at: datetime
) -> RunEvent:
    """Tell that an answer begins to arrive; its text is nobody's business."""
    return RunEvent(
        run_id=run_id,
        kind=EventKind.COMPLETION_CHUNK,
        status=EventStatus.RUNNING,
        at=at,
        data={"persona": persona, "purpose": purpose, "attempt": attempt},
    )


def context_compressed(
    run_id: str, *, shown: int, left_out: int, unlisted: int, at: datetime
) -> RunEvent:
    """Tell that not every file is shown to whoever looks.

    Args:
        run_id: The run.
        shown: Files that are.
        left_out: Files that are not, or not whole.
        unlisted: Files that the host does not even list.
        at: When this is told.
    """
    return RunEvent(
        run_id=run_id,
        kind=EventKind.CONTEXT_COMPRESSED,
        status=EventStatus.COMPRESSED,
        at=at,
        data={"files_shown": shown, "files_left_out": left_out, "files_not_listed": unlisted},
    )


def completion_completed(attempt: Attempt, *, at: datetime) -> RunEvent:
    """Tell how an attempt of a call ended, what it used and what it cost."""
    usage = attempt.usage
    return RunEvent(
        run_id=attempt.run_id,
        kind=EventKind.COMPLETION_COMPLETED,
        status=_ATTEMPTS[attempt.outcome],
        at=at,
        data=_known(
            {
                "repository": attempt.repository,
                "persona": attempt.persona,
                "purpose": attempt.purpose,
                "prompt": str(attempt.prompt),
                "provider": attempt.model.provider,
                "model": attempt.model.model,
                "attempt": attempt.number,
                "failure": attempt.failure,
                "finish": attempt.finish,
                "tokens_input": usage.fresh_input,
                "tokens_cache_read": usage.cache_read,
                "tokens_cache_write": usage.cache_write,
                "tokens_output": usage.output,
                "usage_known": int(attempt.usage_known),
                "cost_dollars": None if attempt.cost is None else float(attempt.cost),
                "latency_seconds": attempt.latency_seconds,
            }
        ),
    )


def run_paused(run_id: str, reason: str, *, at: datetime, wait_seconds: float = 0) -> RunEvent:
    """Tell that a run waits.

    Args:
        run_id: The run.
        reason: For what, ready to be read.
        at: When this is told.
        wait_seconds: For how long, as far as that is known; 0 where it is not.
    """
    data: dict[str, Datum] = {"reason": reason}
    if wait_seconds > 0:
        data["wait_seconds"] = wait_seconds
    return RunEvent(
        run_id=run_id, kind=EventKind.RUN_PAUSED, status=EventStatus.PAUSED, at=at, data=data
    )


def run_resumed(run_id: str, *, at: datetime) -> RunEvent:
    """Tell that a run that waited goes on."""
    return RunEvent(run_id=run_id, kind=EventKind.RUN_RESUMED, status=EventStatus.RUNNING, at=at)


def review_ended(
    run: RunRecord, review: Review | None, *, at: datetime, cause: FailureCause | None = None
) -> tuple[RunEvent, ...]:
    """Make the events that tell how a run ended: each persona, then the run itself.

    Args:
        run: The run in its final state.
        review: What was found (`RoundResult.review`); None where there is none.
        at: When this is told.
        cause: What kind of thing failed, where a run could not do all of its work.

    Raises:
        ValueError: The run has not ended; a defect of ours.
    """
    if review is None:
        return (_ending(run, {}, at, cause),)
    asked = review.model is not None
    cards = [
        _persona_ended(run.id, card.persona, card.score, at, asked=asked)
        for card in review.scorecards
    ]
    return (*cards, _ending(run, _counted(review), at, cause))


def kept_review_ended(
    run: RunRecord, verdicts: Sequence[RuleVerdict], *, at: datetime
) -> tuple[RunEvent, ...]:
    """Make the events that tell how a run ended from what the store keeps of it.

    Args:
        run: The run in its final state.
        verdicts: What its rules were answered.
        at: When it ended.

    Raises:
        ValueError: The run has not ended; a defect of ours.
    """
    asked = any(verdict.asked for verdict in verdicts)
    by_persona: dict[str, list[Answer]] = {}
    for kept in verdicts:
        answer = Answer(
            persona=kept.persona,
            rule_id=kept.rule_id,
            severity=kept.severity,
            verdict=kept.verdict,
            reason=kept.reason,
        )
        by_persona.setdefault(kept.persona, []).append(answer)
    personas = [
        _persona_ended(run.id, persona, score(answers), at, asked=asked)
        for persona, answers in by_persona.items()
    ]
    return (*personas, _ending(run, {}, at, None))


def _persona_ended(
    run_id: str, persona: str, reached: Score, at: datetime, *, asked: bool
) -> RunEvent:
    counts = {verdict: reached.count(verdict) for verdict in Verdict}
    open_rules = counts[Verdict.NOT_ASSESSED]
    judged = sum(counts.values()) - open_rules
    kind, status = EventKind.PERSONA_COMPLETED, EventStatus.COMPLETED
    if open_rules:
        status = EventStatus.PARTIAL
    # Where no model is configured, what needs one is left open as agreed: nothing failed.
    if open_rules and not judged and asked:
        kind, status = EventKind.PERSONA_FAILED, EventStatus.FAILED
    return RunEvent(
        run_id=run_id,
        kind=kind,
        status=status,
        at=at,
        data=_known(
            {
                "persona": persona,
                "score": reached.percent,
                **{f"rules_{verdict.value}": count for verdict, count in counts.items()},
            }
        ),
    )


def _counted(review: Review) -> dict[str, Datum | None]:
    """Count findings by what became of them, and those that people see by severity."""
    outcomes = Counter(placed.outcome.kind.value for placed in review.findings)
    severities = Counter(placed.finding.severity.value for placed in review.shown)
    return {
        **{f"findings_{outcome}": count for outcome, count in sorted(outcomes.items())},
        **{f"shown_{severity}": count for severity, count in sorted(severities.items())},
    }


def _ending(
    run: RunRecord, counts: Mapping[str, Datum | None], at: datetime, cause: FailureCause | None
) -> RunEvent:
    if run.state not in ENDINGS:
        message = f"a run that is {run.state.value} has not ended"
        raise ValueError(message)
    return RunEvent(
        run_id=run.id,
        kind=ENDINGS[run.state],
        status=EventStatus(run.state.value),
        at=at,
        data=_known(
            {
                **_about(run),
                "reason": run.reason,
                "cause": None if cause is None else cause.value,
                "conclusion": None if run.conclusion is None else run.conclusion.value,
                "score": run.score,
                "tokens": run.tokens,
                "cost_dollars": None if run.cost is None else float(run.cost),
                "queue_seconds": _seconds(run.queued_at, run.started_at),
                "run_seconds": _seconds(run.started_at, run.ended_at),
                "review_seconds": _seconds(run.queued_at, run.ended_at),
                **counts,
            }
        ),
    )


def _about(run: RunRecord) -> dict[str, Datum | None]:
    return {
        "installation_id": run.installation_id,
        "repository_id": run.repository_id,
        "repository": str(run.pull_request.repository),
        "number": run.pull_request.number,
        "head_sha": run.head_sha,
        "trigger": run.trigger,
        "delivery_id": run.delivery_id,
    }


def _known(data: Mapping[str, Datum | None]) -> dict[str, Datum]:
    """Leave out what is not known; an event does not say None."""
    return {name: value for name, value in data.items() if value is not None and value != ""}


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    """Return how long something took; None where it did not begin or end, never below 0."""
    if start is None or end is None:
        return None
    return max(0.0, (end - start).total_seconds())
