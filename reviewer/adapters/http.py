"""HTTP to the configured addresses and nowhere else: the only module that knows httpx.

What it holds for every adapter that speaks HTTP (security.md S14, S19, R50):

- a request leaves only for an address that was configured, path included; redirects, cookies,
  proxies of the environment and ``.netrc`` have no say in where it goes or what it carries;
- an answer is read as it comes and never beyond a bound, and never unpacked: a few kilobytes of
  gzip would be gigabytes of text;
- an error names what happened and never what was sent: libraries quote header values.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from typing_extensions import override

from reviewer import __version__
from reviewer.errors import CommunicationError, UserError

CONNECT_TIMEOUT_SECONDS = 5.0
#: The encodings of a body that is what it says.
_PLAIN = frozenset({"", "identity"})


class HttpTrouble(StrEnum):
    """How an exchange failed."""

    NOT_ALLOWED = "not allowed"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed out"
    BROKEN_OFF = "broken off"
    TOO_LONG = "too long"


class HttpError(CommunicationError):
    """An exchange failed below the level of a status.

    Args:
        trouble: How.
        message: What happened; nothing of what was sent.
        sent: Whether the request may have reached the other side.
    """

    def __init__(self, trouble: HttpTrouble, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.sent = sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The beginning of an answer, and a way to read on.

    Args:
        status: HTTP status.
        headers: Names in lower case.
        chunks: The body as it arrives; raises `HttpError` where it breaks off or grows too long.
            Nothing where it is packed.
        packed: Whether the body is packed (``content-encoding``), which was not asked for.
    """

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]
    packed: bool


class HttpClient:
    """A client for a fixed set of addresses; close it, or use it in ``async with``.

    Args:
        allowed: Base addresses (``https://host[:port][/path]``); every request must be below one.
        proxy: An HTTP proxy that the operator configured; variables of the environment are not
            read, so that nobody else can choose one.
        certificates: A file of certificate authorities to trust instead of the usual ones.
        transport: What carries the requests; for tests.

    Raises:
        UserError: The certificates cannot be read.
    """

    def __init__(
        self,
        *,
        allowed: Iterable[str],
        proxy: str | None = None,
        certificates: Path | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._allowed = tuple(httpx.URL(base.rstrip("/")) for base in allowed)
        self._client = httpx.AsyncClient(
            verify=_context(certificates),
            proxy=proxy,
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),
            headers={
                "User-Agent": f"persona-reviewer/{__version__}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            },
        )

    @override
    def __repr__(self) -> str:
        """Name the hosts alone: a proxy's address may hold a password."""
        return f"HttpClient(allowed={[base.host for base in self._allowed]})"

    async def __aenter__(self) -> Self:
        """Return the client itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    @asynccontextmanager
    async def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes,
        idle_seconds: float,
        limit_bytes: int,
    ) -> AsyncIterator[Reply]:
        """Send a request and hand out the answer while it arrives.

        Args:
            url: Where to; must be below a configured address.
            headers: What the request carries besides our own.
            content: The body.
            idle_seconds: How long the other side may be silent; the caller bounds the whole.
            limit_bytes: How much of the answer is read before it counts as too long.

        Yields:
            The answer, with its body still to be read.

        Raises:
            HttpError: The address is not configured, nobody answers, or the answer breaks off.
        """
        target = self._require_allowed(url)
        timeout = httpx.Timeout(
            idle_seconds, connect=min(CONNECT_TIMEOUT_SECONDS, idle_seconds), pool=idle_seconds
        )
        request = self._client.build_request(
            "POST", target, headers=dict(headers), content=content, timeout=timeout
        )
        with _translated():
            response = await self._client.send(request, stream=True)
        try:
            yield Reply(
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                chunks=_bounded(response, limit_bytes),
                packed=_is_packed(response),
            )
        finally:
            await response.aclose()

    def _require_allowed(self, url: str) -> httpx.URL:
        target = httpx.URL(url)
        if not any(_is_below(target, base) for base in self._allowed):
            message = f"{target.host} is not one of the configured addresses"
            raise HttpError(HttpTrouble.NOT_ALLOWED, message, sent=False)
        return target


def _is_below(target: httpx.URL, base: httpx.URL) -> bool:
    """Tell whether a URL has the base's origin and stands below its path."""
    path = base.path.rstrip("/")
    return (
        (target.scheme, target.host, target.port) == (base.scheme, base.host, base.port)
        and not target.userinfo
        and (target.path == path or target.path.startswith(f"{path}/"))
    )


@cache
def _public_context() -> ssl.SSLContext:
    """Return what trusts the public authorities; reading them takes longer than many an answer."""
    return httpx.create_ssl_context(trust_env=False)


def _context(certificates: Path | None) -> ssl.SSLContext:
    if certificates is None:
        return _public_context()
    try:
        return ssl.create_default_context(cafile=str(certificates))
    except (OSError, ssl.SSLError) as error:
        raise UserError(
            "the certificates cannot be read",
            path=str(certificates),
            hint="Name a file of certificates in PEM form.",
        ) from error


def _is_packed(response: httpx.Response) -> bool:
    return response.headers.get("content-encoding", "").strip().lower() not in _PLAIN


async def _bounded(response: httpx.Response, limit_bytes: int) -> AsyncIterator[bytes]:
    count = 0
    # Unpacks nothing: a packed answer is not read at all.
    chunks = response.aiter_bytes()
    while not _is_packed(response):
        with _translated():
            chunk = await anext(chunks, None)
        if chunk is None:
            return
        count += len(chunk)
        if count > limit_bytes:
            message = f"the answer is longer than {limit_bytes:,} bytes"
            raise HttpError(HttpTrouble.TOO_LONG, message, sent=True)
        yield chunk


@contextmanager
def _translated() -> Iterator[None]:
    """Turn httpx's exceptions into ours; theirs hold the request, and with it the key."""
    try:
        yield
    except httpx.TransportError as error:
        raise _ours(error) from None


def _ours(error: httpx.TransportError) -> HttpError:
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return HttpError(HttpTrouble.TIMED_OUT, "no connection in time", sent=False)
    if isinstance(error, httpx.TimeoutException):
        return HttpError(HttpTrouble.TIMED_OUT, "silent for too long", sent=True)
    if isinstance(error, httpx.ConnectError):
        # The words of the operating system or of TLS; no request exists at this point.
        return HttpError(HttpTrouble.UNREACHABLE, f"no connection: {error}", sent=False)
    if isinstance(error, httpx.ProxyError | httpx.UnsupportedProtocol):
        return HttpError(HttpTrouble.UNREACHABLE, "no connection", sent=False)
    return HttpError(HttpTrouble.BROKEN_OFF, "the connection broke off", sent=True)
