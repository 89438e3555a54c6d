"""What is to be seen of a service in which everything happens: events, lines, spans, figures."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("opentelemetry.sdk")
pytest.importorskip("opentelemetry.proto")

from reviewer.domain.run_event import FINAL, STATUSES, EventKind, FailureCause
from tests.e2e.observed_scene import WORDS, Seen, observed
from tests.e2e.service_scene import interpreter
from tests.guards import Guard, find_canary

pytestmark = [pytest.mark.loopback, pytest.mark.exhaustive]

#: What every event says besides what it has to say.
_FRAME = {"run_id", "sequence", "kind", "status", "at"}


@pytest.fixture(scope="module")
def kept() -> list[Seen]:
    return []


@pytest.fixture
def seen(
    kept: list[Seen],
    guard: Guard,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Seen:
    if not kept:
        request.getfixturevalue("allowed_program")(interpreter())
        with observed(tmp_path_factory.mktemp("observed"), guard) as made:
            kept.append(made)
    return kept[0]


def kinds(seen: Seen, name: str) -> list[str]:
    """Return the kinds of what the stream of a pull request's run told, in order."""
    return [event["kind"] for event in seen.streams[seen.run_on(name)]]


def events(seen: Seen) -> Iterator[dict[str, object]]:
    for stream in seen.streams.values():
        yield from stream


def test_every_kind_of_event_happens_and_says_how_it_stands(seen: Seen) -> None:
    told = {(event["kind"], event["status"]) for event in events(seen)}
    assert {kind for kind, _ in told} == {kind.value for kind in EventKind}
    allowed = {(kind.value, status.value) for kind, many in STATUSES.items() for status in many}
    assert told <= allowed


def test_the_stream_and_the_log_tell_the_same(seen: Seen) -> None:
    for run_id, stream in seen.streams.items():
        logged = [
            (line["event"], line["sequence"], line["status"])
            for line in seen.lines
            if line.get("run_id") == run_id and "sequence" in line
        ]
        told = [(event["kind"], event["sequence"], event["status"]) for event in stream]
        # A run that is taken up again begins its numbers where they were.
        assert logged == told
        assert [number for _, number, _ in told] == list(range(1, len(told) + 1))
        assert stream[-1]["kind"] in {kind.value for kind in FINAL}


def test_a_review_is_told_as_it_happens(seen: Seen) -> None:
    told = kinds(seen, "refused")
    order = [
        "review.started",
        "review.progress",
        "context.compressed",
        "persona.started",
        "completion.chunk",
        "completion.completed",
        "persona.completed",
        "review.partial",
    ]
    places = [told.index(kind) for kind in order]
    assert places == sorted(places)
    started = {e["data"]["persona"] for e in seen.streams[seen.run_on("refused")]
               if e["kind"] == "persona.started"}  # fmt: skip
    ended = {e["data"]["persona"] for e in seen.streams[seen.run_on("refused")]
             if e["kind"] in {"persona.completed", "persona.failed"}}  # fmt: skip
    assert started == ended
    assert "bug-hunter" in started


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("whole", "review.completed"),
        ("refused", "review.partial"),
        ("nothing", "review.skipped"),
        ("moving", "review.superseded"),
        ("limited", "review.completed"),
        ("gone", "review.failed"),
    ],
)
def test_a_run_ends_as_what_happened_says(seen: Seen, name: str, end: str) -> None:
    assert kinds(seen, name)[-1] == end


def test_a_run_that_waits_says_so_and_goes_on(seen: Seen) -> None:
    told = kinds(seen, "limited")
    assert told[:3] == ["review.started", "run.paused", "run.resumed"]


@pytest.mark.parametrize(("name", "cause"), [("refused", "model"), ("gone", "code_host")])
def test_a_failure_has_its_cause_in_event_line_and_figure(
    seen: Seen, name: str, cause: str
) -> None:
    run_id = seen.run_on(name)
    assert seen.streams[run_id][-1]["data"]["cause"] == cause
    (line,) = [
        line
        for line in seen.lines
        if line.get("run_id") == run_id and line["event"] in {"review.failed", "review.partial"}
    ]
    assert line["cause"] == cause
    assert seen.figure(f'reviewer_failures_total{{cause="{cause}"}}') == 1


def test_no_failure_is_of_unknown_cause(seen: Seen) -> None:
    assert seen.figure('reviewer_failures_total{cause="unknown"}') == 0
    counted = {
        cause.value: seen.figure(f'reviewer_failures_total{{cause="{cause.value}"}}')
        for cause in FailureCause
    }
    assert sum(counted.values()) == 2


def test_a_run_is_one_trace_from_its_root_to_the_models_calls(seen: Seen) -> None:
    run_id = seen.run_on("refused")
    (root,) = [
        span
        for span in seen.spans
        if span.name == "review" and span.attributes["reviewer.run_id"] == run_id
    ]
    assert not root.parent_id
    assert root.attributes["reviewer.repository"] == "octo/refused"
    assert root.attributes["reviewer.pull_request"] == 1
    assert root.attributes["reviewer.state"] == "partial"
    assert root.attributes["reviewer.installation_id"]
    here = {span.span_id: span for span in seen.spans if span.trace_id == root.trace_id}
    children = [span.name for span in here.values() if span.parent_id == root.span_id]
    assert {
        "reading the pull request",
        "reading the change",
        "reviewing the change",
        "publishing the review",
    } <= set(children)
    (reviewing,) = [span for span in here.values() if span.name == "reviewing the change"]
    calls = [span for span in here.values() if span.name.startswith("chat ")]
    assert calls
    assert {span.parent_id for span in calls} == {reviewing.span_id}
    assert {span.attributes["gen_ai.request.model"] for span in calls} == {"gpt-4o-mini"}
    (publishing,) = [span for span in here.values() if span.name == "publishing the review"]
    posted = [span for span in here.values() if span.name == "github post_review"]
    assert {span.parent_id for span in posted} == {publishing.span_id}


def test_a_run_that_waited_is_one_trace_all_the_same(seen: Seen) -> None:
    run_id = seen.run_on("limited")
    roots = [
        span
        for span in seen.spans
        if span.name == "review" and span.attributes["reviewer.run_id"] == run_id
    ]
    assert sorted(str(span.attributes["reviewer.state"]) for span in roots) == [
        "completed",
        "paused",
    ]
    assert len({span.trace_id for span in roots}) == 1


def test_spans_are_ours_and_say_what_ours_say(seen: Seen) -> None:
    # The engine has spans of its own, with ids and queues, and is told to keep them.
    spaces = {key.partition(".")[0] for span in seen.spans for key in span.attributes}
    assert spaces <= {"db", "error", "gen_ai", "http", "peer", "reviewer"}
    roots = {span.name for span in seen.spans if not span.parent_id}
    assert {"delivery", "review"} <= roots


def test_lines_of_a_run_name_its_trace_and_its_ids(seen: Seen) -> None:
    traces = {
        span.attributes["reviewer.run_id"]: span.trace_id
        for span in seen.spans
        if span.name == "review"
    }
    for line in seen.lines:
        if "sequence" in line:
            assert line["trace_id"] == traces[line["run_id"]]
            assert line["installation_id"]
            assert line["delivery_id"]


def test_every_delivery_ends_in_one_line(seen: Seen) -> None:
    handled = [line for line in seen.lines if line["event"] == "delivery handled"]
    assert len(handled) == len(seen.pulls) + 1
    assert len({line["delivery_id"] for line in handled}) == len(handled)
    for line in handled:
        assert line["repository"].startswith("octo/")
        assert line["installation_id"]
        assert line["outcome"]
    ordered = [line for line in handled if line["outcome"] == "a review was ordered"]
    assert len(ordered) == len(seen.pulls)
    (ignored,) = [line for line in handled if line not in ordered]
    assert (ignored["name"], ignored["outcome"]) == (
        "issue_comment",
        "no line of it is a command",
    )


def test_deliveries_that_are_refused_have_a_line_each_up_to_a_bound(seen: Seen) -> None:
    refused = [line for line in seen.lines if line["event"] == "delivery unsigned"]
    assert 50 <= len(refused) <= 60
    assert all(line["level"] == "warning" and line["delivery_id"] for line in refused)
    assert seen.figure('reviewer_webhooks_total{event="unread",outcome="unsigned"}') == 80


@pytest.mark.parametrize(
    "series",
    [
        'reviewer_webhook_acknowledge_seconds_count{outcome="accepted"}',
        "reviewer_run_queue_seconds_count",
        'reviewer_review_seconds_count{state="completed"}',
        'reviewer_run_seconds_count{state="completed"}',
        'reviewer_runs_total{state="failed",trigger="opened"}',
        'reviewer_failures_total{cause="model"}',
        'reviewer_tokens_total{bucket="input",model="gpt-4o-mini",provider="openai"}',
        'reviewer_tokens_total{bucket="output",model="gpt-4o-mini",provider="openai"}',
        'reviewer_cost_dollars_total{model="gpt-4o-mini",provider="openai"}',
        'reviewer_budget_limit_dollars{scope="installation_month"}',
        'reviewer_budget_limit_dollars{scope="repository_day"}',
        'reviewer_code_host_call_seconds_count{operation="post_review",outcome="answered"}',
        "reviewer_runs_paused_total",
        "reviewer_engine_up",
    ],
)
def test_what_the_objectives_ask_for_has_a_value(seen: Seen, series: str) -> None:
    assert seen.figure(series) > 0


def test_figures_of_the_queue_and_of_spending_are_there(seen: Seen) -> None:
    assert seen.figure("reviewer_queue_age_seconds") >= 0
    assert seen.figure("reviewer_queue_length") >= 0
    assert seen.figure('reviewer_budget_spent_dollars{scope="installation_month"}') >= 0
    assert seen.figure("reviewer_runs_in_flight") == 0


@pytest.mark.holds("S17", "P31")
def test_no_secret_is_to_be_seen_anywhere(seen: Seen) -> None:
    for name, text in {
        "log": seen.log,
        "spans": seen.sent.decode("utf-8", "replace"),
        "events": str(seen.streams),
        "figures": seen.figures,
        "api": str(seen.runs),
        "databases": seen.databases.decode("utf-8", "replace"),
    }.items():
        assert not find_canary(text), name
        assert [secret[:9] for secret in seen.secrets if secret in text] == [], name


@pytest.mark.holds("S17")
@pytest.mark.parametrize("whose", WORDS)
def test_no_word_of_people_or_models_is_to_be_seen_anywhere(seen: Seen, whose: str) -> None:
    word = WORDS[whose]
    assert word not in seen.log
    assert word.encode() not in seen.sent
    assert word not in str(seen.streams)
    assert word not in seen.figures
    # Texts at rest are sealed, because the operator configured a key.
    assert word.encode() not in seen.databases


def test_nobody_but_us_tells_details(seen: Seen) -> None:
    loggers = {line["logger"] for line in seen.lines if line["level"] == "debug"}
    assert loggers
    assert all(name.startswith("reviewer.") for name in loggers)


def test_the_words_were_there_to_be_seen(seen: Seen) -> None:
    comments = [comment.body for comment in seen.pulls["whole"].comments]
    threads = [
        comment.body for thread in seen.pulls["whole"].threads for comment in thread.comments
    ]
    assert any(WORDS["answer"] in body for body in (*comments, *threads))


def test_times_only_go_on(seen: Seen) -> None:
    for stream in seen.streams.values():
        assert all(str(one["at"]) <= str(two["at"]) for one, two in pairwise(stream))
        assert all(set(event) >= _FRAME for event in stream)
