"""Figures: what happens is counted once, under labels that have an end, and says nothing secret."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from reviewer.adapters.metrics.counting import (
    BACKLOG_EVERY_SECONDS,
    DoorCounter,
    EventCounter,
    watch_backlog,
)
from reviewer.adapters.metrics.figures import Figures
from reviewer.adapters.metrics.labels import OTHER, BoundedLabel
from reviewer.domain.attempt import AttemptOutcome
from reviewer.domain.run_event import STATUSES, EventKind, FailureCause, RunEvent
from reviewer.domain.run_news import (
    completion_completed,
    review_ended,
    review_started,
    run_paused,
    run_resumed,
)
from reviewer.domain.status import RunState
from reviewer.errors import CommunicationError
from reviewer.ports.engine import Backlog
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_engine import FakeEngine
from tests.guards import CANARIES, find_canary
from tests.unit.operations.run_example import (
    COMPLETED,
    ENDED,
    RUNNING,
    STARTED,
    attempt,
    review_by_three,
    run_numbered,
)


def value(figures: Figures, name: str, **labels: str) -> float | None:
    """Return the value of one series."""
    return figures.registry.get_sample_value(name, labels)


def counted(*events: RunEvent, by_repository: bool = False) -> Figures:
    figures = Figures(by_repository=by_repository, process=False)
    counter = EventCounter(figures)
    for event in events:
        counter.heard(event)
    return figures


def test_a_run_is_counted_with_its_times_findings_and_personas() -> None:
    figures = counted(
        review_started(RUNNING, at=STARTED), *review_ended(COMPLETED, review_by_three(), at=ENDED)
    )
    assert value(figures, "reviewer_runs_total", state="completed", trigger="synchronize") == 1
    assert value(figures, "reviewer_run_queue_seconds_bucket", le="45.0") == 1
    assert value(figures, "reviewer_run_queue_seconds_bucket", le="30.0") == 0
    assert value(figures, "reviewer_review_seconds_sum", state="completed") == 130
    assert value(figures, "reviewer_run_seconds_sum", state="completed") == 90
    assert value(figures, "reviewer_findings_total", outcome="inline") == 1
    assert value(figures, "reviewer_findings_total", outcome="duplicate") == 0
    assert value(figures, "reviewer_findings_shown_total", severity="critical") == 1
    assert value(figures, "reviewer_personas_total", persona="none", status="failed") == 1
    assert value(figures, "reviewer_rules_total", verdict="not_assessed") == 5
    assert value(figures, "reviewer_runs_in_flight") == 0


def test_runs_in_flight_are_counted_once_and_forgotten_in_the_end() -> None:
    figures = Figures(process=False)
    counter = EventCounter(figures)
    for number in range(3_000):
        counter.heard(review_started(run_numbered(number), at=STARTED))
        counter.heard(review_started(run_numbered(number), at=STARTED))
    assert value(figures, "reviewer_runs_in_flight") == 1_000
    assert value(figures, "reviewer_run_queue_seconds_count") == 3_000
    counter.heard(review_ended(replace(COMPLETED, id="run-2999"), None, at=ENDED)[-1])
    assert value(figures, "reviewer_runs_in_flight") == 999


def test_a_run_that_waits_is_not_under_way_until_it_goes_on() -> None:
    figures = Figures(process=False)
    counter = EventCounter(figures)
    counter.heard(review_started(RUNNING, at=STARTED))
    counter.heard(run_paused("run-1", "GitHub does not answer", at=STARTED))
    assert value(figures, "reviewer_runs_in_flight") == 0
    counter.heard(run_resumed("run-1", at=STARTED))
    assert value(figures, "reviewer_runs_in_flight") == 1
    assert value(figures, "reviewer_runs_paused_total") == 1


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.PARTIAL])
@pytest.mark.parametrize("cause", [*FailureCause, None])
def test_what_stopped_a_run_is_counted_by_the_cause_that_was_named(
    state: RunState, cause: FailureCause | None
) -> None:
    # The reason speaks of a budget; the words decide nothing.
    run = replace(COMPLETED, state=state, reason="the budget of the day is used up")
    figures = counted(*review_ended(run, None, at=ENDED, cause=cause))
    name = "unknown" if cause is None else cause.value
    assert value(figures, "reviewer_failures_total", cause=name) == 1
    total = sum(
        value(figures, "reviewer_failures_total", cause=each) or 0
        for each in [*FailureCause, "unknown"]
    )
    assert total == 1


def test_a_call_is_counted_by_tokens_cost_and_time() -> None:
    figures = counted(completion_completed(attempt(), at=ENDED))
    who = {"provider": "anthropic", "model": "example-1"}
    buckets = {"input": 10, "cache_read": 20, "cache_write": 30, "output": 40}
    for bucket, number in buckets.items():
        assert value(figures, "reviewer_tokens_total", **who, bucket=bucket) == number
    assert value(figures, "reviewer_cost_dollars_total", **who) == 0.01
    assert value(figures, "reviewer_model_call_seconds_sum", **who) == 2.5
    calls = {**who, "purpose": "hunt", "outcome": "answered"}
    assert value(figures, "reviewer_model_calls_total", **calls) == 1


def test_a_kept_answer_is_a_call_and_uses_nothing() -> None:
    figures = counted(completion_completed(attempt(outcome=AttemptOutcome.CACHED), at=ENDED))
    who = {"provider": "anthropic", "model": "example-1"}
    calls = {**who, "purpose": "hunt", "outcome": "cached"}
    assert value(figures, "reviewer_model_calls_total", **calls) == 1
    assert value(figures, "reviewer_tokens_total", **who, bucket="output") is None
    assert value(figures, "reviewer_cost_dollars_total", **who) is None


def test_a_failure_is_counted_by_its_kind_and_an_unknown_price_as_such() -> None:
    failed = attempt(outcome=AttemptOutcome.FAILED, failure="rate_limited", cost=None)
    figures = counted(completion_completed(failed, at=ENDED))
    who = {"provider": "anthropic", "model": "example-1"}
    assert value(figures, "reviewer_model_failures_total", **who, failure="rate_limited") == 1
    assert value(figures, "reviewer_unpriced_calls_total", **who) == 1
    assert value(figures, "reviewer_cost_dollars_total", **who) is None


@pytest.mark.holds("S21")
def test_repositories_are_named_only_where_the_operator_says_so() -> None:
    events = [
        review_started(RUNNING, at=STARTED),
        completion_completed(attempt(), at=ENDED),
        *review_ended(COMPLETED, None, at=ENDED),
    ]
    assert b"acme/shop" not in counted(*events).exposition()
    figures = counted(*events, by_repository=True)
    labels = {"state": "completed", "trigger": "synchronize", "repository": "acme/shop"}
    assert value(figures, "reviewer_runs_total", **labels) == 1
    who = {"provider": "anthropic", "model": "example-1", "repository": "acme/shop"}
    assert value(figures, "reviewer_cost_dollars_total", **who) == 0.01


@pytest.mark.holds("S19")
def test_no_label_has_more_values_than_agreed_whatever_comes() -> None:
    figures = Figures(by_repository=True, most_repositories=50, process=False)
    counter, door = EventCounter(figures), DoorCounter(figures)
    for number in range(2_000):
        call = completion_completed(attempt(), at=ENDED)
        strange = {**call.data, **dict.fromkeys(("model", "repository", "purpose"), f"x{number}")}
        counter.heard(replace(call, data=strange))
        end = review_ended(COMPLETED, None, at=ENDED)[-1]
        counter.heard(replace(end, data={**end.data, "trigger": f"t{number}"}))
        door.received(f"event{number}", f"outcome{number}", 0.1)
        door.answered(f"/x/{number}", f"M{number}", 200 + number, 0.1)
    series = sum(len(family.samples) for family in figures.registry.collect())
    assert series < 100_000
    for family in figures.registry.collect():
        for name in {name for sample in family.samples for name in sample.labels} - {"le"}:
            values = {sample.labels.get(name) for sample in family.samples}
            assert len(values) <= 201, f"{family.name} {name}"
    assert b'repository="other"' in figures.exposition()


@given(st.lists(st.text()))
def test_a_label_takes_any_text_and_keeps_its_bound(texts: list[str]) -> None:
    label = BoundedLabel(5)
    values = {label(text) for text in texts}
    assert len(values - {OTHER, "none"}) <= 5
    assert all(text.isascii() and text.isprintable() for text in values)
    assert all(len(text) <= 80 for text in values)


@given(
    st.sampled_from(EventKind),
    st.dictionaries(
        st.sampled_from(
            ["cost_dollars", "queue_seconds", "latency_seconds", "tokens_input", "model", "cause"]
        ),
        st.one_of(st.text(), st.integers(), st.floats()),
    ),
)
def test_no_event_breaks_the_counting(kind: EventKind, data: dict[str, str | int | float]) -> None:
    figures = Figures(process=False)
    counter = EventCounter(figures)
    for status in STATUSES[kind]:
        counter.heard(RunEvent(run_id="r", kind=kind, status=status, at=ENDED, data=data))
    assert list(text_string_to_metric_families(figures.exposition().decode()))


@pytest.mark.holds("S17")
def test_secrets_in_events_get_into_no_figure() -> None:
    canary = CANARIES["OPENAI_API_KEY"]
    paused = run_paused("run-1", f"key {canary}", at=ENDED)
    failed = replace(COMPLETED, state=RunState.FAILED, reason=f"refused {canary}")
    figures = counted(paused, *review_ended(failed, None, at=ENDED))
    assert not find_canary(figures.exposition().decode())
    assert value(figures, "reviewer_runs_paused_total") == 1


def test_the_door_is_counted_by_outcome_event_and_route() -> None:
    figures = Figures(process=False)
    door = DoorCounter(figures)
    door.received("pull_request", "accepted", 0.02)
    door.answered("/api/runs/{run_id}", "GET", 404, 0.01)
    assert value(figures, "reviewer_webhooks_total", event="pull_request", outcome="accepted") == 1
    acknowledged = value(
        figures, "reviewer_webhook_acknowledge_seconds_bucket", outcome="accepted", le="0.025"
    )
    assert acknowledged == 1
    labels = {"route": "/api/runs/{run_id}", "method": "GET", "status": "404"}
    assert value(figures, "reviewer_http_answer_seconds_count", **labels) == 1


def test_names_say_what_is_counted_in_which_unit() -> None:
    """Hold names against https://prometheus.io/docs/practices/naming/."""
    units = ("_seconds", "_dollars", "_bytes")
    plain = {"reviewer_runs_in_flight", "reviewer_engine_up", "reviewer_build"}
    for family in Figures(process=False).registry.collect():
        assert family.name.startswith("reviewer_")
        assert family.documentation.endswith("."), family.name
        if family.type == "counter":
            assert f"{family.name}_total" in {sample.name for sample in family.samples} or (
                not family.samples
            )
        elif family.type == "histogram":
            assert family.name.endswith(units)
        else:
            counts = ("_length", "_running")
            assert family.name.endswith((*units, *counts)) or family.name in plain


def test_calls_of_the_code_host_and_ceilings_are_told() -> None:
    figures = Figures(process=False)
    figures.code_host_called("head_sha", "rate limited", 3)
    figures.budget("installation_month", limit_dollars=50)
    figures.budget("run", limit_dollars=None)
    labels = {"operation": "head_sha", "outcome": "rate limited"}
    assert value(figures, "reviewer_code_host_call_seconds_sum", **labels) == 3
    assert value(figures, "reviewer_budget_limit_dollars", scope="installation_month") == 50
    assert value(figures, "reviewer_budget_limit_dollars", scope="run") == float("inf")


async def test_the_queue_is_looked_at_every_few_seconds_and_silence_is_told() -> None:
    figures, engine, clock = Figures(process=False), FakeEngine(), FakeClock()
    engine.waiting = Backlog(queued=3, running=2, oldest_seconds=41.5)
    watching = asyncio.create_task(watch_backlog(engine, figures, clock))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert value(figures, "reviewer_queue_length") == 3
    assert value(figures, "reviewer_queue_running") == 2
    assert value(figures, "reviewer_queue_age_seconds") == 41.5
    assert value(figures, "reviewer_engine_up") == 1
    engine.trouble = CommunicationError("away")
    for _ in range(200):
        await asyncio.sleep(0)
    assert value(figures, "reviewer_engine_up") == 0
    assert value(figures, "reviewer_queue_length") == 3
    assert clock.slept[0] == BACKLOG_EVERY_SECONDS
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


def test_the_process_itself_is_told_too() -> None:
    text = Figures().exposition().decode()
    assert "process_resident_memory_bytes" in text
    assert 'reviewer_build_info{version="' in text


@pytest.mark.holds("S20")
def test_two_services_in_one_process_share_no_figure() -> None:
    first, second = Figures(process=False), Figures(process=False)
    EventCounter(first).heard(completion_completed(attempt(cost=Decimal(1)), at=ENDED))
    who = {"provider": "anthropic", "model": "example-1"}
    assert value(first, "reviewer_cost_dollars_total", **who) == 1
    assert value(second, "reviewer_cost_dollars_total", **who) is None
