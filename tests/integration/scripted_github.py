"""A server on loopback that answers as it is told, once each, and notes what it was sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the server was sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> object:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the server shall answer.

    Args:
        status: HTTP status.
        body: JSON, or bytes as they are.
        headers: Further headers.
        cut_after: How many bytes of the answer are sent before the connection is cut.
    """

    status: int = 200
    body: object = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None

    def encode(self) -> bytes:
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(body)),
            **self.headers,
        }
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Odd')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        whole = "\r\n".join([*lines, "", ""]).encode() + body
        return whole if self.cut_after is None else whole[: self.cut_after]


CUT = Told(cut_after=0)
HALF = Told(body={"a": "b" * 100}, cut_after=120)


class ScriptedGitHub:
    """Answers requests in the order of its script; afterwards with the path that was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.script: list[Told] = []
        self.requests: list[Request] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                told = self.script.pop(0) if self.script else Told(body={"path": request.path})
                writer.write(told.encode())
                await writer.drain()
                if told.cut_after is not None:
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client hung up
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method=method, path=path, headers=headers, body=body)


@asynccontextmanager
async def scripted_github() -> AsyncIterator[ScriptedGitHub]:
    """Serve on loopback for as long as the block lasts."""
    server = ScriptedGitHub()
    handlers: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        await server.handle(reader, writer)

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
        for task in handlers:
            task.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)
