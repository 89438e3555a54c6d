"""Spans that are exported: of models, of the code host and of the database, and never content."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from reviewer.adapters.telemetry.opentelemetry_spans import LONGEST_ATTRIBUTE, current_trace_id
from reviewer.adapters.telemetry.otlp import SpanExport, export_spans, traces_address
from reviewer.adapters.telemetry.watched_hosts import CallWatch, WatchedHosts
from reviewer.adapters.telemetry.watched_store import WatchedStore
from reviewer.domain.completion import FailureKind
from reviewer.domain.conclusion import ConclusionKind
from reviewer.domain.posting import Check, FileComment, InlineComment, Reaction
from reviewer.domain.pull_request import PullRequestName
from reviewer.errors import CommunicationError
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.ports.installed_hosts import Hosted
from reviewer.ports.model import CompletionError
from reviewer.ports.telemetry import Attribute, NoTelemetry
from reviewer.ports.workspace import MovedOnError
from reviewer.testing.builders import build_change, build_file, build_finding
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_code_host import FakeCodeHost, Operation
from reviewer.testing.fake_workspace import FakeWorkspace
from reviewer.testing.memory_store import MemoryStore
from reviewer.testing.scripted_model import ScriptedModel
from tests.guards import CANARIES, find_canary
from tests.unit.model_example import Setting, failure, request
from tests.unit.publishing_example import build_host

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

pytest.importorskip("opentelemetry.sdk", reason="the extra `telemetry` is not installed")

SECRET = "collector-key-" + "7f3a91c2"
NAME = PullRequestName.parse("acme/shop#12")
FILE = build_file("a.py", after="import os\n")
CHANGE = build_change(FILE)


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    return InMemorySpanExporter()


@pytest.fixture
def export(exporter: InMemorySpanExporter) -> Iterator[SpanExport]:
    spans = export_spans("", secrets=(SECRET, *CANARIES.values()), exporter=exporter)
    yield spans
    spans.close()


def shown(*spans: ReadableSpan) -> str:
    """Return everything that a collector would be told."""
    return "\n".join(span.to_json() for span in spans)


def attributes(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


@pytest.mark.holds("S21", "P31")
async def test_a_model_s_call_is_a_span_with_its_figures_and_none_of_its_words(
    export: SpanExport, exporter: InMemorySpanExporter
) -> None:
    canary = CANARIES["ANTHROPIC_API_KEY"]
    setting = Setting(ScriptedModel([f"the answer has {canary}"]), telemetry=export.calls)
    with export.work.span("review", {"reviewer.run_id": "run-1"}):
        await setting.client.complete(request(question=f"why {canary}", persona=canary))
    call, run = exporter.get_finished_spans()
    assert (call.name, call.kind) == ("chat example-1", SpanKind.CLIENT)
    assert (run.name, run.kind) == ("review", SpanKind.INTERNAL)
    assert call.parent is not None
    assert run.context is not None
    assert call.parent.span_id == run.context.span_id
    told = attributes(call)
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.provider.name"] == "openai"
    assert told["gen_ai.request.model"] == "example-1"
    assert isinstance(told["gen_ai.usage.output_tokens"], int)
    text = shown(call, run)
    assert not find_canary(text)
    for words in ("the answer has", "You review changes", "import os"):
        assert words not in text


async def test_a_call_that_fails_says_how_and_not_in_whose_words(
    export: SpanExport, exporter: InMemorySpanExporter
) -> None:
    refused = failure(FailureKind.BILLING, status=402)
    setting = Setting(ScriptedModel([refused]), telemetry=export.calls)
    with pytest.raises(CompletionError):
        await setting.client.complete(request())
    (span,) = exporter.get_finished_spans()
    assert attributes(span)["error.type"] == "billing"
    assert "it is billing" not in shown(span)
    assert span.events == ()


@pytest.mark.holds("S17")
def test_attributes_are_redacted_and_cut(
    export: SpanExport, exporter: InMemorySpanExporter
) -> None:
    given: dict[str, Attribute] = {
        "a": f"x {SECRET} y",
        "b": "z" * 9_000,
        "c": (SECRET, "plain"),
        "n": 3,
    }
    with export.calls.span("github read", given) as span:
        span.describe({"late": SECRET[::-1]})
    (kept,) = exporter.get_finished_spans()
    assert SECRET not in shown(kept)
    assert SECRET[::-1] not in shown(kept)
    told = attributes(kept)
    assert told["b"] == "z" * LONGEST_ATTRIBUTE
    assert told["c"] == ("[redacted secret]", "plain")
    assert told["n"] == 3


def test_the_trace_at_hand_can_be_named_in_logs(export: SpanExport) -> None:
    assert current_trace_id() == ""
    with export.work.span("review", {}):
        assert len(current_trace_id()) == 32


class _Hosts:
    """Opens one pull request."""

    def __init__(self, host: FakeCodeHost) -> None:
        self._host = host

    @asynccontextmanager
    async def on(
        self, installation_id: int, repository_id: int, name: PullRequestName
    ) -> AsyncIterator[Hosted]:
        """Open it."""
        del installation_id, repository_id, name
        yield Hosted(
            host=self._host,
            discussion=self._host,
            workspace=lambda _: FakeWorkspace(given=CHANGE),
            repository_url="",
        )


async def test_every_call_of_the_code_host_is_passed_on_and_watched(
    export: SpanExport, exporter: InMemorySpanExporter
) -> None:
    host, clock = build_host(CHANGE), FakeClock()
    counted: list[tuple[str, str, float]] = []
    watch = CallWatch(
        telemetry=export.calls, clock=clock, counted=lambda *call: counted.append(call)
    )
    location = build_finding(FILE, 1).location
    assert location is not None
    head = CHANGE.head
    async with WatchedHosts(_Hosts(host), watch).on(7, 70, NAME) as hosted:
        said = hosted.host
        request_read = await said.pull_request()
        assert request_read.head_sha == await said.head_sha() == head
        comment = InlineComment(location=location, body="secret words", fingerprint="f")
        await said.post_review([comment], head_sha=head)
        await said.delete_pending_reviews()
        note = FileComment(path="a.py", body="secret words", fingerprint="g")
        await said.post_file_comment(note, head_sha=head)
        comment_id = await said.post_comment("secret words")
        await said.edit_comment(comment_id, "other secret words")
        (thread, *_) = (await said.conversation()).threads
        await said.reply(thread.comments[0].id, "secret words")
        await said.resolve(thread.id)
        check = Check(head_sha=head, conclusion=ConclusionKind.NEUTRAL, title="t", summary="s")
        await said.post_check(check)
        await said.has_check(head, "mark")
        await hosted.discussion.permission("mona")
        await hosted.discussion.react(comment_id, Reaction.SEEN, inline=False)
    assert [call.operation for call in host.calls] == [name for name, _, _ in counted]
    assert {name for name, _, _ in counted} == {operation.value for operation in Operation}
    assert {outcome for _, outcome, _ in counted} == {"answered"}
    spans = exporter.get_finished_spans()
    assert {span.name for span in spans} == {f"github {operation.value}" for operation in Operation}
    assert "secret words" not in shown(*spans)
    assert "mona" not in shown(*spans)


async def test_reading_a_change_is_watched_and_a_head_that_moved_is_an_answer(
    export: SpanExport, exporter: InMemorySpanExporter
) -> None:
    counted: list[tuple[str, str]] = []
    watch = CallWatch(
        telemetry=export.calls,
        clock=FakeClock(),
        counted=lambda operation, outcome, _: counted.append((operation, outcome)),
    )
    host = build_host(CHANGE)
    async with WatchedHosts(_Hosts(host), watch).on(7, 70, NAME) as hosted:
        workspace = hosted.workspace(await host.pull_request())
        assert not await workspace.base_files(["*"])
        assert (await workspace.change()).head == CHANGE.head
    assert counted == [("base_files", "answered"), ("change", "answered")]
    with pytest.raises(MovedOnError), watch.call("change"):
        raise MovedOnError
    assert counted[-1] == ("change", "answered")
    assert "a.py" not in shown(*exporter.get_finished_spans())


async def test_a_refusal_of_the_code_host_is_told_by_its_kind(
    export: SpanExport, exporter: InMemorySpanExporter
) -> None:
    host = build_host(CHANGE)
    host.fail(
        Operation.HEAD_SHA, CodeHostError(Refusal.RATE_LIMITED, "words of the host", status=403)
    )
    counted: list[str] = []
    watch = CallWatch(
        telemetry=export.calls,
        clock=FakeClock(),
        counted=lambda _, outcome, __: counted.append(outcome),
    )
    async with WatchedHosts(_Hosts(host), watch).on(7, 70, NAME) as hosted:
        with pytest.raises(CodeHostError, match="words of the host"):
            await hosted.host.head_sha()
    (span,) = exporter.get_finished_spans()
    told = attributes(span)
    assert told["reviewer.refusal"] == "rate limited"
    assert told["http.response.status_code"] == 403
    assert told["error.type"] == "CodeHostError"
    assert span.status.status_code is StatusCode.ERROR
    assert "words of the host" not in shown(span)
    assert counted == ["rate limited"]


async def test_a_transaction_is_a_span_whether_it_ends_well_or_not(
    export: SpanExport, exporter: InMemorySpanExporter
) -> None:
    memory = MemoryStore()
    store = WatchedStore(memory, export.calls, system="sqlite")
    async with store.begin() as work:
        await work.deliveries.known(())
    async with store.look() as work:
        await work.deliveries.known(())
    await store.check()
    memory.trouble = CommunicationError("words of the database")
    with pytest.raises(CommunicationError):
        async with store.begin():
            pass
    write, read, failed = exporter.get_finished_spans()
    assert (write.name, read.name) == ("database write", "database read")
    assert attributes(write) == {"db.system.name": "sqlite", "db.operation.name": "write"}
    assert attributes(failed)["error.type"] == "CommunicationError"
    assert "words of the database" not in shown(failed)


async def test_where_nobody_watches_calls_are_passed_on_all_the_same() -> None:
    watch = CallWatch(telemetry=NoTelemetry(), clock=FakeClock())
    async with WatchedHosts(_Hosts(build_host(CHANGE)), watch).on(7, 70, NAME) as hosted:
        assert await hosted.host.head_sha() == CHANGE.head


@pytest.mark.parametrize("path", ["", "/", "/v1/traces"])
def test_the_collector_s_address_may_have_its_path_or_not(path: str) -> None:
    assert traces_address(f"http://127.0.0.1:9{path}") == "http://127.0.0.1:9/v1/traces"
