"""One exchange with GitHub through PyGithub: sent once, bounded, never redirected.

PyGithub puts the request together (token, user agent, version of the interface, address) and would
then carry it over a connection that all threads share by writing the request into its fields:
two calls at once may send one request twice. Of an answer it follows a redirect without its
parameters, waits in a thread at a 202, and fails on a header that it cannot read, when a write is
done already. So each call brings a connection of its own, over one pool for all, and PyGithub is
shown no header of the answer.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
from github.Auth import Token
from github.Requester import HTTPSRequestsConnectionClass, Requester, RequestsResponse
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from typing_extensions import override
from urllib3.exceptions import MaxRetryError, NewConnectionError

from reviewer import __version__
from reviewer.adapters.github.addresses import GitHubAddresses
from reviewer.errors import UserError

#: https://docs.github.com/en/rest/about-the-rest-api/api-versions
API_VERSION = "2022-11-28"
PER_PAGE = 100
USER_AGENT = f"persona-reviewer/{__version__}"

#: Calls at the same time; GitHub asks for less than a hundred and dislikes bursts.
MOST_AT_ONCE = 8

_CONNECT_SECONDS = 5.0
#: GitHub gives up on a request after 10 s, an Enterprise Server after 30.
_SILENT_SECONDS = 35.0
_WHOLE_SECONDS = 90.0
_LONGEST_ANSWER_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_STILL_WORKING = 202
#: Anything else would end the header that carries it.
_TOKEN = re.compile(r"[!-~]+")

# What PyGithub tells at DEBUG holds whole bodies, line breaks included.
logging.getLogger("github.Requester").setLevel(logging.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What GitHub answered.

    Args:
        status: HTTP status.
        headers: Names in lower case.
        text: The body.
    """

    status: int
    headers: Mapping[str, str]
    text: str


class ExchangeError(Exception):
    """No answer came, or none that can be read.

    Args:
        message: What happened; nothing of what was sent.
        sent: Whether the request may have reached the other side.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.message = message
        self.sent = sent


class GitHubTransport:
    """Carries single requests to one GitHub; for use from several threads.

    Args:
        token: The token, never shown.
        addresses: Where that GitHub is.
        carrier: What carries the requests; for tests.

    Raises:
        UserError: The token is empty, or holds what no token holds.
    """

    def __init__(
        self, token: str, addresses: GitHubAddresses, *, carrier: BaseAdapter | None = None
    ) -> None:
        self._token = _checked(token)
        self._addresses = addresses
        self._session = requests.Session()
        # Without it requests looks for a password in ~/.netrc and puts it in place of the token.
        self._session.auth = Requester.noopAuth
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        carrier = carrier or HTTPAdapter(
            max_retries=0, pool_connections=1, pool_maxsize=MOST_AT_ONCE, pool_block=True
        )
        self._session.mount("https://", carrier)
        self._session.mount("http://", carrier)

    @override
    def __repr__(self) -> str:
        """Name the address alone."""
        return f"GitHubTransport({self._addresses.api_url})"

    def rest(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str | int],
        body: Mapping[str, object] | None = None,
    ) -> Answer:
        """Send one request to REST.

        Args:
            method: The verb.
            path: The path below the interface's address.
            parameters: What stands behind the question mark.
            body: What is sent as JSON, if anything.

        Raises:
            ExchangeError: No answer that can be read.
        """
        return self._exchange(self._addresses.api_url, method, path, parameters, body)

    def graphql(self, document: str, variables: Mapping[str, object]) -> Answer:
        """Send one document to GraphQL.

        Raises:
            ExchangeError: No answer that can be read.
        """
        url = self._addresses.graphql_url
        body = {"query": document, "variables": dict(variables)}
        return self._exchange(url, "POST", url, {}, body)

    @property
    def token(self) -> str:
        """What is shown to GitHub."""
        return self._token

    def show(self, token: str) -> None:
        """Show another token from now on.

        Raises:
            UserError: It is empty, or holds what no token holds.
        """
        self._token = _checked(token)

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def _exchange(
        self,
        base: str,
        method: str,
        url: str,
        parameters: Mapping[str, str | int],
        body: Mapping[str, object] | None,
    ) -> Answer:
        parts = urlsplit(base)
        connection = _Connection(self._session, f"{parts.scheme}://{parts.netloc}")
        status, _, text = self._requester().requestJson(
            method,
            url,
            parameters=dict(parameters),
            headers={"Accept": "application/vnd.github+json"},
            input=None if body is None else dict(body),
            cnx=connection,
        )
        return Answer(status=status, headers=connection.answered, text=text)

    def _requester(self) -> Requester:
        """Return a requester of this call's own: it notes the times of calls without a lock."""
        return Requester(
            auth=_Bearer(self._token),
            base_url=self._addresses.api_url,
            timeout=int(_SILENT_SECONDS),
            user_agent=USER_AGENT,
            per_page=PER_PAGE,
            verify=True,
            retry=None,
            pool_size=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            api_version=API_VERSION,
        )


def _checked(token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise UserError(
            "the token for GitHub is empty or broken",
            hint="Put it into GITHUB_TOKEN, without spaces and line breaks.",
        )
    return token


class _Bearer(Token):
    """Any kind of token; an App's own is taken with this word alone."""

    @property
    @override
    def token_type(self) -> str:
        return "Bearer"


class _Connection(HTTPSRequestsConnectionClass):
    """Carries the one request that PyGithub gives it, over the common pool."""

    def __init__(self, session: requests.Session, origin: str) -> None:
        # Not the parent's: that opens a session of its own.
        self.session = session
        self._origin = origin
        #: The headers of the answer, names in lower case.
        self.answered: Mapping[str, str] = {}

    @override
    def getresponse(self) -> RequestsResponse:
        """Send the request and read the answer whole, within bounds of time and size."""
        began = time.monotonic()
        try:
            with self.session.request(
                self.verb,
                f"{self._origin}{self.url}",
                headers=self.headers,
                data=self.input,
                timeout=(_CONNECT_SECONDS, _SILENT_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                self.answered = {name.lower(): text for name, text in response.headers.items()}
                return _Response(response, _bounded(response, began))
        except requests.RequestException as error:
            trouble = _trouble(error)
        # Outside of the handler: the exception that it handled holds the request and its token.
        raise trouble

    @override
    def close(self) -> None:
        """Leave the pool open for the other calls."""


class _Response(RequestsResponse):
    """An answer in the form that PyGithub reads, without its headers."""

    def __init__(self, response: requests.Response, body: str) -> None:
        super().__init__(response)
        self._body = body
        self.headers = CaseInsensitiveDict()

    @override
    def read(self) -> str:
        """Return the body."""
        return self._body


def _bounded(response: requests.Response, began: float) -> str:
    if response.status_code == _STILL_WORKING and response.request.method == "GET":
        raise ExchangeError("GitHub is still working on the answer", sent=True)
    chunks = []
    count = 0
    for chunk in response.iter_content(_CHUNK_BYTES):
        count += len(chunk)
        if count > _LONGEST_ANSWER_BYTES:
            message = f"the answer is longer than {_LONGEST_ANSWER_BYTES:,} bytes"
            raise ExchangeError(message, sent=True)
        if time.monotonic() - began > _WHOLE_SECONDS:
            message = f"the answer took longer than {_WHOLE_SECONDS:.0f} s"
            raise ExchangeError(message, sent=True)
        chunks.append(chunk)
    return b"".join(chunks).decode("utf-8", "replace")


def _trouble(error: requests.RequestException) -> ExchangeError:
    """Say what happened in our words; the library's name addresses, and hold the request."""
    if isinstance(error, requests.ConnectTimeout):
        return ExchangeError("no connection in time", sent=False)
    if isinstance(error, requests.Timeout):
        return ExchangeError("silent for too long", sent=True)
    if isinstance(error, requests.exceptions.SSLError):
        # A certificate is judged before anything is sent; TLS may fail later as well.
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return ExchangeError("no connection: its certificate is not trusted", sent=False)
        return ExchangeError("TLS failed", sent=True)
    if isinstance(error, requests.exceptions.ProxyError):
        return ExchangeError("no connection: the proxy refused", sent=False)
    cause = error.args[0] if error.args else None
    if isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError):
        return ExchangeError("no connection", sent=False)
    return ExchangeError("the connection broke off", sent=True)


def read_json(text: str) -> object:
    """Read an answer's body; nothing where it is empty.

    Raises:
        ValueError: It is no JSON.
    """
    if not text:
        return None
    try:
        value: object = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value
