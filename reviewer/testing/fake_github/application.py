"""The ASGI application: who asks, what goes wrong, what is answered, and the journal of it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from reviewer.testing.fake_github.account import FakeToken
from reviewer.testing.fake_github.exchange_parts import Asked, Reply
from reviewer.testing.fake_github.fault import Fault
from reviewer.testing.fake_github.journal import Exchange
from reviewer.testing.fake_github.refusal import GitHubRefusal, not_found
from reviewer.testing.fake_github.rest_app import check_claims
from reviewer.testing.fake_github.routes import operation_at

if TYPE_CHECKING:
    from reviewer.testing.fake_github.hub import FakeGitHub

_ENTERPRISE_PREFIX = "/api/v3"
#: What an application asks for with a token that it signed itself.
_APPLICATION = re.compile(r"/app(/.*)?|/repos/[^/]+/[^/]+/installation")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A request as it came."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> str:
        """GraphQL's document, for faults that want one."""
        if self.path != "/graphql":
            return ""
        return self.body.decode("utf-8", "replace")


class Application:
    """Answers as GitHub does.

    Args:
        hub: What it answers about.
    """

    def __init__(self, hub: FakeGitHub) -> None:
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        question = _Question(
            method=request.method,
            path=_path(request.url.path),
            query=request.url.query,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.body(),
        )
        with self._hub.lock:
            fault = self._fault(question)
        await asyncio.sleep(self._hub.latency_seconds + (fault.delay_seconds if fault else 0.0))
        with self._hub.lock:
            exchange, response = self._exchange(question, fault)
            self._hub.note(exchange)
        if fault is not None and fault.cut:
            # An answer that ends before it is whole: the server closes the connection.
            headers = [(b"content-length", b"1000")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"{", "more_body": True})
            return
        await response(scope, receive, send)

    def _fault(self, question: _Question) -> Fault | None:
        for fault in self._hub.faults:
            if fault.takes(question.method, question.path, question.document):
                return fault
        if self._hub.misfortune is None:
            return None
        return self._hub.misfortune(question.method, question.path, question.document)

    def _exchange(self, question: _Question, fault: Fault | None) -> tuple[Exchange, Response]:
        """Carry out what is asked for, unless a fault forbids it."""
        if fault is not None and fault.act is not None:
            fault.act()
        replaced = fault is not None and (fault.status is not None or fault.cut)
        reply = Reply(status=200)
        applied = False
        if not replaced or (fault is not None and fault.after_apply):
            reply = self._answer(question)
            applied = reply.status < 400  # noqa: PLR2004 - HTTP's own bound
        if fault is not None and fault.status is not None:
            reply = Reply(status=fault.status, body=fault.body, headers=fault.headers)
        response = _response(reply, len(self._hub.journal))
        token = self._token(question)
        exchange = Exchange(
            method=question.method,
            path=question.path,
            query=question.query,
            viewer="" if token is None else token.viewer.login,
            request_headers={k: v for k, v in question.headers.items() if k != "authorization"},
            request_body=question.body,
            status=0 if fault is not None and fault.cut else reply.status,
            response_headers=dict(response.headers),
            response_body=bytes(response.body),
            applied=applied,
            faulty=replaced,
        )
        return exchange, response

    def _token(self, question: _Question) -> FakeToken | None:
        words = question.headers.get("authorization", "").split()
        return self._hub.tokens.get(words[-1]) if words else None

    def _good_token(self, question: _Question) -> FakeToken:
        if _APPLICATION.fullmatch(question.path) is None:
            token = self._token(question)
            if token is None or token.expired:
                raise GitHubRefusal(401, "Bad credentials")
            return token
        shown = question.headers["authorization"].split()[-1]
        check_claims(self._hub, shown)
        return FakeToken(text=shown, viewer=self._hub.account("persona-reviewer[bot]"))

    def _answer(self, question: _Question) -> Reply:
        try:
            return self._carry_out(question)
        except GitHubRefusal as refusal:
            return Reply(status=refusal.status, body=refusal.body, headers=refusal.headers)

    def _carry_out(self, question: _Question) -> Reply:
        if "user-agent" not in question.headers:
            raise GitHubRefusal(403, "Request forbidden by administrative rules.")
        if "authorization" not in question.headers:
            raise GitHubRefusal(401, "Requires authentication")
        token = self._good_token(question)
        if question.path == "/graphql" and question.method == "POST":
            from reviewer.testing.fake_github.graphql_door import answer  # noqa: PLC0415

            return answer(self._hub, token, _body(question.body))
        found = operation_at(question.method, question.path)
        if found is None:
            raise not_found()
        operation, names = found
        asked = Asked(
            hub=self._hub,
            token=token,
            names=names,
            query=dict(parse_qsl(question.query, keep_blank_values=True)),
            headers=question.headers,
            body=_body(question.body),
            path=question.path,
        )
        return operation(asked)


def _path(path: str) -> str:
    """Return the path as github.com has it; an Enterprise Server has both interfaces below one."""
    return "/graphql" if path == "/api/graphql" else path.removeprefix(_ENTERPRISE_PREFIX)


def _body(raw: bytes) -> Mapping[str, object]:
    if not raw:
        return {}
    try:
        value = json.loads(raw)
    except ValueError:
        raise GitHubRefusal(400, "Problems parsing JSON") from None
    if not isinstance(value, dict):
        raise GitHubRefusal(400, "Body should be a JSON object")
    return value


def _response(reply: Reply, count: int) -> Response:
    headers = {
        "x-github-request-id": f"FA4E:{count:04X}:0001",
        "x-github-media-type": "github.v3; format=json",
        "x-github-api-version-selected": "2022-11-28",
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": str(max(0, 4999 - count)),
        "x-ratelimit-used": str(count + 1),
        "x-ratelimit-reset": "1893456000",
        "x-ratelimit-resource": "core",
        **reply.headers,
    }
    if reply.body is None:
        return Response(status_code=reply.status, headers=headers)
    text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
    return Response(text, status_code=reply.status, headers=headers, media_type=reply.media_type)
