"""Sends one request and reads its streamed answer, the same way for every wire format.

Always streamed: only so is it known when the answer begins. An answer counts when the provider
said that it is finished and in no other case; whatever arrives, it is read within a bound of
bytes and of time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reviewer.adapters.http import HttpClient, HttpError, HttpTrouble, Reply
from reviewer.adapters.providers.event_stream import Event, EventStream
from reviewer.adapters.providers.failure import (
    answered_failure,
    one_line,
    parse_report,
    read_report,
    shown,
    streamed_failure,
)
from reviewer.domain.completion import (
    Completion,
    CompletionRequest,
    Failure,
    FailureKind,
    Finish,
    Usage,
)
from reviewer.ports.model import CompletionError

LIMIT_BYTES = 8_000_000
_ERROR_LIMIT_BYTES = 64_000
_ERROR_PATIENCE_SECONDS = 10.0

_KIND_OF = {
    HttpTrouble.NOT_ALLOWED: FailureKind.INVALID,
    HttpTrouble.UNREACHABLE: FailureKind.TRANSIENT,
    HttpTrouble.TIMED_OUT: FailureKind.TRANSIENT,
    HttpTrouble.BROKEN_OFF: FailureKind.TRANSIENT,
    HttpTrouble.TOO_LONG: FailureKind.PROTOCOL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as it is sent.

    Args:
        url: Where to.
        headers: What it carries; one of them is the key, so they are never shown.
        body: What is asked, to be written as JSON.
        sent_parameters: Which of `Parameters` it carries, and ``schema``: what may be refused.
        secrets: What must not be shown.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: Mapping[str, object] = field(repr=False)
    sent_parameters: frozenset[str]
    secrets: tuple[str, ...] = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Answer:
    """What has arrived of an answer.

    Args:
        texts: Pieces of the text.
        finish: Why the model stopped, once it is said.
        usage: What was used, once it is said.
        model: The model that answered.
        request_id: The provider's id of the call.
        complete: Whether the answer counts if nothing more arrives.
        over: Whether nothing more is to be read.
    """

    texts: list[str] = field(default_factory=list)
    finish: Finish | None = None
    usage: Usage | None = None
    model: str = ""
    request_id: str = ""
    complete: bool = False
    over: bool = False


class ReportedError(Exception):
    """The provider reports an error inside the stream.

    Args:
        document: What it says.
    """

    def __init__(self, document: object) -> None:
        super().__init__("an error inside the answer")
        self.document = document


#: Takes one event of a wire format into the answer; raises `ReportedError`.
EventReader = Callable[[str, Mapping[str, object], Answer], None]


async def exchange(
    http: HttpClient,
    call: Call,
    read: EventReader,
    *,
    timeout_seconds: float,
    on_first_byte: Callable[[], None] | None,
    end_mark: str = "",
) -> Completion:
    """Send the call and read the whole answer.

    Args:
        http: Carries it.
        call: What is sent.
        read: Takes each event into the answer.
        timeout_seconds: Upper bound for the whole.
        on_first_byte: Called once, at the first event of the answer.
        end_mark: Data that says that the stream is over (``[DONE]``).

    Returns:
        The completion.

    Raises:
        CompletionError: For every way in which this can fail.
    """
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        async with (
            asyncio.timeout(timeout_seconds),
            http.post(
                call.url,
                headers={"Content-Type": "application/json", **call.headers},
                content=_written(call.body),
                idle_seconds=timeout_seconds,
                limit_bytes=LIMIT_BYTES,
            ) as reply,
        ):
            await _require_stream(reply, call)
            answer = await _collected(reply, read, on_first_byte, end_mark)
    except ReportedError as error:
        failure = streamed_failure(
            read_report(error.document),
            sent_parameters=call.sent_parameters,
            secrets=call.secrets,
        )
        raise CompletionError(failure) from None
    except HttpError as error:
        message = shown("", str(error), call.secrets)
        failure = Failure(kind=_KIND_OF[error.trouble], message=message, sent=error.sent)
        raise CompletionError(failure) from error
    except TimeoutError as error:
        message = f"no complete answer within {timeout_seconds:g} seconds"
        raise CompletionError(Failure(kind=FailureKind.TRANSIENT, message=message)) from error
    return Completion(
        text=_well_formed("".join(answer.texts)),
        finish=answer.finish or Finish.OTHER,
        usage=answer.usage,
        model_answered=one_line(answer.model),
        provider_request_id=one_line(answer.request_id),
        latency_seconds=clock() - began,
    )


def request_parameters(request: CompletionRequest) -> frozenset[str]:
    """Name what a request sets and a provider may refuse: `Parameters`' fields and ``schema``."""
    parameters = request.parameters
    optional = {
        "temperature": parameters.temperature,
        "top_p": parameters.top_p,
        "effort": parameters.effort,
        "schema": request.schema,
    }
    return frozenset(
        ("max_output_tokens", *(name for name, value in optional.items() if value is not None))
    )


def text_at(source: Mapping[str, object], name: str) -> str:
    """Return a string member, or an empty one where something else stands."""
    value = source.get(name)
    return value if isinstance(value, str) else ""


def _broken(message: str, *, kind: FailureKind = FailureKind.PROTOCOL) -> CompletionError:
    """Make the error for an answer of status 200 that cannot be used."""
    return CompletionError(Failure(kind=kind, message=message, status=200))


def _cut_off() -> CompletionError:
    """Make the error for an answer that ends before its end: a broken line, to be tried again."""
    return _broken("the answer was cut off", kind=FailureKind.TRANSIENT)


async def _require_stream(reply: Reply, call: Call) -> None:
    """Raise unless this is the beginning of a stream of events."""
    if reply.status != 200:  # noqa: PLR2004
        failure = answered_failure(
            reply.status,
            reply.headers,
            parse_report(await _beginning(reply)),
            sent_parameters=call.sent_parameters,
            secrets=call.secrets,
            now=datetime.now(UTC),
        )
        raise CompletionError(failure)
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "text/event-stream":
        raise _broken(f"status 200 with {one_line(kind, 60) or 'no type'} instead of a stream")
    if reply.packed:
        raise _broken("status 200 with a packed answer, which was not asked for")


async def _beginning(reply: Reply) -> bytes:
    """Read the beginning of an error's body; one that does not come does not hide the status."""
    body = bytearray()
    try:
        async with asyncio.timeout(_ERROR_PATIENCE_SECONDS):
            async for chunk in reply.chunks:
                body += chunk
                if len(body) > _ERROR_LIMIT_BYTES:
                    break
    except (HttpError, TimeoutError):
        pass
    return bytes(body[:_ERROR_LIMIT_BYTES])


async def _collected(
    reply: Reply, read: EventReader, on_first_byte: Callable[[], None] | None, end_mark: str
) -> Answer:
    answer = Answer(
        request_id=reply.headers.get("x-request-id", reply.headers.get("request-id", ""))
    )
    begun = False
    async with aclosing(_events(reply)) as events:
        async for event in events:
            if end_mark and event.data.strip() == end_mark:
                answer.over = True
                break
            read(event.name, _document(event), answer)
            if not begun and on_first_byte is not None:
                on_first_byte()
            begun = True
            if answer.over:
                break
    if not answer.complete or (end_mark and not answer.over):
        raise _cut_off()
    return answer


async def _events(reply: Reply) -> AsyncGenerator[Event, None]:
    stream = EventStream()
    async for chunk in reply.chunks:
        for event in stream.feed(chunk):
            yield event
    for event in stream.close():
        yield event


def _document(event: Event) -> Mapping[str, object]:
    try:
        document = json.loads(event.data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        if not event.ended:
            raise _cut_off()
        raise _broken("an event of the answer is not a JSON object")
    return document


def _written(body: Mapping[str, object]) -> bytes:
    # A text of a change may hold half a surrogate pair, which UTF-8 cannot write.
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _well_formed(text: str) -> str:
    """Join surrogate pairs that two events split; replace halves that nothing completes."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
