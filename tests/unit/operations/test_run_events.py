"""Events of runs: every kind with its explicit status, made of values and never of words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from reviewer.domain.attempt import AttemptOutcome
from reviewer.domain.run import verdicts_of
from reviewer.domain.run_event import (
    ENDINGS,
    FINAL,
    LONGEST_TEXT,
    STATUSES,
    EventKind,
    EventStatus,
    FailureCause,
    RunEvent,
)
from reviewer.domain.run_news import (
    completion_chunk,
    completion_completed,
    context_compressed,
    kept_review_ended,
    persona_started,
    review_ended,
    review_progress,
    review_started,
    run_paused,
    run_resumed,
)
from reviewer.domain.status import TRANSITIONS, RunState
from tests.guards import ROOT
from tests.unit.operations.run_example import (
    COMPLETED,
    ENDED,
    RUNNING,
    STARTED,
    WAITING,
    attempt,
    review_by_three,
)


def test_the_kinds_are_those_of_the_service() -> None:
    assert {kind.value for kind in EventKind} == {
        *(f"review.{word}" for word in ("started", "progress", "completed", "partial", "skipped")),
        *("review.superseded", "review.failed"),
        *("persona.started", "persona.completed", "persona.failed"),
        *("completion.chunk", "completion.completed", "context.compressed"),
        *("run.paused", "run.resumed"),
    }


@pytest.mark.parametrize("kind", sorted(set(EventKind) - FINAL))
def test_a_kind_is_told_by_somebody(kind: EventKind) -> None:
    """Nobody has to wait for an event that nothing makes; `review_ended` makes those of the end."""
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / "reviewer").rglob("*.py")}
    makers = [
        part.partition("(")[0]
        for part in sources[ROOT / "reviewer" / "domain" / "run_news.py"].split("\ndef ")[1:]
        if f"EventKind.{kind.name}" in part
    ]
    assert makers
    told = [
        maker
        for maker in ("review_ended" if name.startswith("_") else name for name in makers)
        if any(f"{maker}(" in text for path, text in sources.items() if path.name != "run_news.py")
    ]
    assert told, f"nobody tells {kind.value}"


@pytest.mark.parametrize("kind", EventKind)
@pytest.mark.parametrize("status", EventStatus)
def test_an_event_says_only_what_its_kind_may_say(kind: EventKind, status: EventStatus) -> None:
    if status in STATUSES[kind]:
        event = RunEvent(run_id="r", kind=kind, status=status, at=ENDED)
        assert event.final == (kind in FINAL)
        return
    with pytest.raises(ValueError, match="cannot say"):
        RunEvent(run_id="r", kind=kind, status=status, at=ENDED)


def test_every_final_state_has_its_ending() -> None:
    assert set(ENDINGS) == {state for state in RunState if not TRANSITIONS[state]}
    for state, kind in ENDINGS.items():
        assert STATUSES[kind] == {state.value}


def test_texts_are_cut_and_data_cannot_be_changed() -> None:
    data: dict[str, str | int | float] = {"reason": "x" * 1_000, "count": 3}
    event = RunEvent(
        run_id="r", kind=EventKind.RUN_PAUSED, status=EventStatus.PAUSED, at=ENDED, data=data
    )
    data["count"] = 4
    assert event.data["reason"] == "x" * (LONGEST_TEXT - 1) + "…"
    assert event.data["count"] == 3
    with pytest.raises(TypeError):
        event.data["count"] = 5  # type: ignore[index]


def test_a_beginning_tells_what_is_reviewed_and_how_long_it_waited() -> None:
    event = review_started(RUNNING, at=STARTED)
    assert dict(event.data) == {
        "installation_id": 7,
        "repository_id": 70,
        "repository": "acme/shop",
        "number": 12,
        "head_sha": "ab" * 20,
        "trigger": "synchronize",
        "delivery_id": "delivery-1",
        "queue_seconds": 40.0,
    }
    assert "queue_seconds" not in review_started(WAITING, at=STARTED).data


def test_what_happens_on_the_way_is_told_in_figures_and_names() -> None:
    assert review_progress("r", "reading the change", at=ENDED).data == {
        "stage": "reading the change"
    }
    assert persona_started("r", "bug-hunter", at=ENDED).status is EventStatus.RUNNING
    chunk = completion_chunk("r", persona="bug-hunter", purpose="hunt", attempt=2, at=ENDED)
    assert dict(chunk.data) == {"persona": "bug-hunter", "purpose": "hunt", "attempt": 2}
    paused = run_paused("r", "the rate of the installation", at=ENDED, wait_seconds=5)
    assert dict(paused.data) == {"reason": "the rate of the installation", "wait_seconds": 5}
    assert "wait_seconds" not in run_paused("r", "x", at=ENDED).data
    assert run_resumed("r", at=ENDED).status is EventStatus.RUNNING


@pytest.mark.parametrize("outcome", AttemptOutcome)
def test_a_call_tells_how_it_ended_what_it_used_and_cost(outcome: AttemptOutcome) -> None:
    event = completion_completed(attempt(outcome=outcome), at=ENDED)
    assert event.status == outcome.value
    assert event.data["tokens_cache_write"] == 30
    assert event.data["cost_dollars"] == 0.01
    assert event.data["latency_seconds"] == 2.5
    assert "failure" not in event.data


def test_a_call_of_unknown_price_tells_none() -> None:
    event = completion_completed(attempt(cost=None, failure="billing"), at=ENDED)
    assert "cost_dollars" not in event.data
    assert event.data["failure"] == "billing"


def test_the_end_of_a_run_tells_each_persona_then_the_run() -> None:
    events = review_ended(COMPLETED, review_by_three(), at=ENDED)
    assert [(event.kind, event.status) for event in events] == [
        (EventKind.PERSONA_COMPLETED, EventStatus.COMPLETED),
        (EventKind.PERSONA_COMPLETED, EventStatus.PARTIAL),
        (EventKind.PERSONA_FAILED, EventStatus.FAILED),
        (EventKind.REVIEW_COMPLETED, EventStatus.COMPLETED),
    ]
    assert [event.data.get("score") for event in events] == [50.0, 100.0, None, 62.5]
    assert events[0].data["rules_fail"] == 1
    end = events[-1].data
    assert (end["queue_seconds"], end["run_seconds"], end["review_seconds"]) == (40, 90, 130)
    assert (end["findings_inline"], end["findings_summary"], end["findings_dropped"]) == (1, 1, 1)
    assert (end["shown_critical"], end["shown_minor"]) == (1, 1)
    assert (end["tokens"], end["cost_dollars"], end["conclusion"]) == (1_200, 0.03, "neutral")
    assert "cause" not in end
    assert "reason" not in end


def test_without_a_model_a_persona_that_needs_one_has_not_failed() -> None:
    events = review_ended(COMPLETED, review_by_three(model=None), at=ENDED)
    assert [event.status.value for event in events[:3]] == ["completed", "partial", "partial"]


def test_files_that_nobody_is_shown_are_told_by_number() -> None:
    compressed = context_compressed("r", shown=1, left_out=1, unlisted=5, at=ENDED)
    assert compressed.kind is EventKind.CONTEXT_COMPRESSED
    assert dict(compressed.data) == {"files_shown": 1, "files_left_out": 1, "files_not_listed": 5}


@pytest.mark.parametrize("state", ENDINGS)
def test_each_state_ends_in_its_event_with_its_reason_and_cause(state: RunState) -> None:
    run = replace(COMPLETED, state=state, reason="no answer", cost=None)
    (event,) = review_ended(run, None, at=ENDED, cause=FailureCause.MODEL)
    assert (event.kind, event.status) == (ENDINGS[state], state.value)
    assert (event.data["reason"], event.data["cause"]) == ("no answer", "model")
    assert "cost_dollars" not in event.data


def test_a_run_that_goes_on_has_no_end() -> None:
    with pytest.raises(ValueError, match="has not ended"):
        review_ended(RUNNING, None, at=ENDED)
    with pytest.raises(ValueError, match="has not ended"):
        kept_review_ended(WAITING, (), at=ENDED)


def test_what_the_store_keeps_tells_the_same_of_personas() -> None:
    review = review_by_three()
    asked = [replace(verdict, asked=True) for verdict in verdicts_of(review)]
    live = review_ended(COMPLETED, review, at=ENDED)
    kept = kept_review_ended(COMPLETED, asked, at=ENDED)
    assert kept[:-1] == live[:-1]
    assert kept[-1].status is EventStatus.COMPLETED


def test_clocks_that_differ_give_no_time_below_zero() -> None:
    odd = replace(
        COMPLETED, ended_at=datetime(2020, 1, 1, tzinfo=UTC), cost=Decimal(0), reason="late"
    )
    (event,) = review_ended(odd, None, at=ENDED)
    assert event.data["run_seconds"] == 0.0
