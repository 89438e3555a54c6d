"""Real servers on loopback that answer as no provider should (security.md R50)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from reviewer.domain.completion import Completion, Failure, FailureKind
from reviewer.domain.model_name import parse_model_name
from reviewer.ports.model import CompletionError
from tests.contract.provider_calls import KEY, request
from tests.contract.provider_streams import TEXT, anthropic_stream, gemini_stream, openai_stream

pytest.importorskip("httpx")

from reviewer.adapters.http import HttpClient, HttpError
from reviewer.adapters.providers.factory import base_url_of, provider_for

pytestmark = pytest.mark.loopback

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]
STREAMS = {"compatible": openai_stream, "anthropic": anthropic_stream, "gemini": gemini_stream}
every_provider = pytest.mark.parametrize("provider", STREAMS)


class Server:
    """A server on loopback and what it was sent."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[bytes] = []


@asynccontextmanager
async def serving(behaviour: Behaviour) -> AsyncIterator[Server]:
    """Serve on loopback: read one request, then behave."""
    server = Server()
    handlers: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            server.requests.append(head)
            await behaviour(writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()  # the client hung up, or the test is over
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
        for task in handlers:
            task.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)


def sends(*pieces: bytes, pause_seconds: float = 0) -> Behaviour:
    async def behave(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_seconds)

    return behave


async def ask(provider: str, url: str, *, timeout_seconds: float = 5) -> Completion:
    asked = request(f"{provider}:{url}#name")
    async with HttpClient(allowed=[url]) as http:
        return await provider_for(asked.model, KEY, http=http).complete(
            asked, timeout_seconds=timeout_seconds
        )


async def failure(provider: str, url: str, *, timeout_seconds: float = 5) -> Failure:
    with pytest.raises(CompletionError) as caught:
        await ask(provider, url, timeout_seconds=timeout_seconds)
    assert KEY not in repr(caught.value.failure)
    return caught.value.failure


@every_provider
async def test_an_answer_over_a_real_connection_is_read(provider: str) -> None:
    async with serving(sends(HEAD, STREAMS[provider]())) as server:
        completion = await ask(provider, server.url)

    assert completion.text == TEXT
    (head,) = server.requests
    assert b"accept-encoding: identity" in head.lower()


@pytest.mark.holds("S14", "R50")
@every_provider
async def test_a_redirect_to_another_host_is_not_followed(provider: str) -> None:
    async with serving(sends(HEAD, STREAMS[provider]())) as other:
        redirect = f"HTTP/1.1 307 Go\r\nLocation: {other.url}/v1\r\nContent-Length: 0\r\n\r\n"
        async with serving(sends(redirect.encode())) as server:
            said = await failure(provider, server.url)

    assert said.kind is FailureKind.PROTOCOL
    assert other.requests == []


@pytest.mark.holds("R50")
@every_provider
async def test_a_page_instead_of_an_answer_is_refused(provider: str) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Log in</html>"
    async with serving(sends(page)) as server:
        said = await failure(provider, server.url)

    assert said.kind is FailureKind.PROTOCOL
    assert "text/html" in said.message


@pytest.mark.holds("S19", "R50")
@every_provider
async def test_a_server_that_drips_is_given_up_when_the_time_is_over(provider: str) -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        while True:
            writer.write(b":\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(drip) as server:
        began = time.monotonic()
        said = await failure(provider, server.url, timeout_seconds=0.3)

    assert said.kind is FailureKind.TRANSIENT
    assert said.sent
    assert time.monotonic() - began < 2


@pytest.mark.holds("S19", "R50")
async def test_a_server_that_drips_its_headers_is_given_up_too() -> None:
    async with serving(sends(*[b"H", b"T", b"T", b"P"] * 50, pause_seconds=0.05)) as server:
        said = await failure("compatible", server.url, timeout_seconds=0.3)

    assert said.kind is FailureKind.TRANSIENT


@pytest.mark.holds("S19", "R50")
async def test_a_server_without_an_end_is_given_up_at_a_bound() -> None:
    async def flood(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        while True:
            writer.write(b"data: {}\n\n: " + b"x" * 60_000 + b"\n")
            await writer.drain()

    async with serving(flood) as server:
        said = await failure("compatible", server.url, timeout_seconds=30)

    assert said.kind is FailureKind.PROTOCOL
    assert "longer than" in said.message


@pytest.mark.holds("S19", "R50")
async def test_headers_without_an_end_are_given_up() -> None:
    flood = b"HTTP/1.1 200 OK\r\n" + b"X-Filler: " + b"x" * 1_000_000
    async with serving(sends(flood, pause_seconds=0.2)) as server:
        said = await failure("compatible", server.url)

    assert said.kind is FailureKind.TRANSIENT
    assert said.message == "the connection broke off"


@every_provider
async def test_a_connection_that_breaks_is_a_failure(provider: str) -> None:
    head = HEAD.replace(b"Connection: close", b"Transfer-Encoding: chunked")
    body = STREAMS[provider]()[:-300]
    chunk = b"%x\r\n%s\r\n" % (len(body), body)
    async with serving(sends(head, chunk)) as server:
        said = await failure(provider, server.url)

    assert (said.kind, said.sent) == (FailureKind.TRANSIENT, True)


async def test_nobody_at_the_address_is_a_failure_that_cost_nothing() -> None:
    async with serving(sends()) as server:
        url = server.url
    said = await failure("compatible", url)

    assert (said.kind, said.sent) == (FailureKind.TRANSIENT, False)
    assert said.message.startswith("no connection")


async def test_the_status_is_known_though_the_body_of_the_error_does_not_come() -> None:
    head = b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 500\r\n\r\n{"
    async with serving(sends(head)) as server:
        said = await failure("compatible", server.url)

    assert (said.kind, said.retry_after_seconds) == (FailureKind.RATE_LIMITED, 7.0)


@pytest.mark.holds("S14")
async def test_no_cookie_is_kept_or_sent() -> None:
    cookie = HEAD.replace(b"Connection", b"Set-Cookie: track=1; Path=/\r\nConnection")
    async with serving(sends(cookie, openai_stream())) as server:
        asked = request(f"compatible:{server.url}#name")
        async with HttpClient(allowed=[server.url]) as http:
            model = provider_for(asked.model, KEY, http=http)
            await model.complete(asked, timeout_seconds=5)
            await model.complete(asked, timeout_seconds=5)

    assert len(server.requests) == 2
    assert not any(b"cookie" in head.lower() for head in server.requests)


@pytest.mark.holds("S14")
async def test_variables_of_the_environment_do_not_choose_the_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(sends(HEAD, openai_stream())) as server, serving(sends()) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        completion = await ask("compatible", server.url)

    assert completion.text == TEXT
    assert proxy.requests == []


@pytest.mark.holds("S14", "R50")
@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/v1/chat/completions",
        "http://localhost:9/v1/chat/completions",
        "https://127.0.0.1:9/v1/chat/completions",
        "http://127.0.0.1:10/v1/chat/completions",
        "http://127.0.0.1:9/v2/chat/completions",
        "http://127.0.0.1:9/v1x",
        "http://127.0.0.1:9/v1/../admin",
        "http://someone@127.0.0.1:9/v1/chat/completions",
    ],
)
async def test_only_the_configured_address_is_reached(url: str) -> None:
    async with HttpClient(allowed=["http://127.0.0.1:9/v1"]) as http:
        with pytest.raises(HttpError, match="not one of the configured"):
            async with http.post(url, headers={}, content=b"", idle_seconds=1, limit_bytes=1):
                pass


@pytest.mark.holds("S14")
async def test_a_model_that_its_client_may_not_reach_fails_before_the_network() -> None:
    asked = request("openai:gpt-6-sol")
    async with HttpClient(allowed=["http://127.0.0.1:9"]) as http:
        with pytest.raises(CompletionError) as caught:
            await provider_for(asked.model, KEY, http=http).complete(asked, timeout_seconds=5)

    assert (caught.value.failure.kind, caught.value.failure.sent) == (FailureKind.INVALID, False)


async def test_a_call_that_is_cancelled_closes_its_connection() -> None:
    closed = asyncio.Event()

    async def wait(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        await writer.drain()
        try:
            while True:
                writer.write(b":\n")
                await writer.drain()
                await asyncio.sleep(0.01)
        finally:
            closed.set()

    async with serving(wait) as server:
        call = asyncio.create_task(ask("compatible", server.url, timeout_seconds=30))
        await asyncio.sleep(0.2)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.wait_for(closed.wait(), 2)


@pytest.mark.holds("S17")
async def test_the_logs_of_the_libraries_do_not_hold_the_key(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(sends(HEAD, openai_stream())) as server:
        await ask("compatible", server.url)

    assert caplog.text
    assert KEY not in caplog.text


def test_the_addresses_of_the_providers_are_their_own() -> None:
    urls = {
        name: base_url_of(parse_model_name(f"{name}:m"))
        for name in ("anthropic", "gemini", "openai")
    }

    assert urls == {
        "anthropic": "https://api.anthropic.com",
        "gemini": "https://generativelanguage.googleapis.com",
        "openai": "https://api.openai.com/v1",
    }
