"""What a broken exchange with GitHub tells: whether the request may have got there."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from typing_extensions import override

pytest.importorskip("github")

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from reviewer.adapters.github.addresses import GitHubAddresses
from reviewer.adapters.github.transport import ExchangeError, GitHubTransport

TOKEN = "ghs_ExampleTokenOfOurs"
POOL = HTTPConnectionPool("ghe.corp")


class Breaking(BaseAdapter):
    """Carries nothing, notes how it was asked, and breaks."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
        self.asked: dict[str, object] = {}

    @override
    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: object = None,
        verify: bool | str = True,
        cert: object = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        self.asked = {"url": request.url, "timeout": timeout, "verify": verify, "stream": stream}
        raise self.error

    @override
    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("error", "sent", "message"),
    [
        (requests.ConnectTimeout("x"), False, "no connection in time"),
        (requests.ReadTimeout("x"), True, "silent for too long"),
        (requests.exceptions.ProxyError("x"), False, "no connection: the proxy refused"),
        (
            requests.exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"),
            False,
            "no connection: its certificate is not trusted",
        ),
        (requests.exceptions.SSLError("[SSL] record layer failure"), True, "TLS failed"),
        (
            requests.ConnectionError(
                MaxRetryError(POOL, "/", NewConnectionError(POOL, "refused"))  # type: ignore[arg-type]
            ),
            False,
            "no connection",
        ),
        (requests.ConnectionError(ProtocolError("aborted")), True, "the connection broke off"),
        (requests.ConnectionError(), True, "the connection broke off"),
        (requests.exceptions.ChunkedEncodingError("x"), True, "the connection broke off"),
        (requests.exceptions.ContentDecodingError("x"), True, "the connection broke off"),
        (requests.exceptions.InvalidHeader(TOKEN), True, "the connection broke off"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_only_what_surely_never_left_counts_as_not_sent(
    error: Exception, message: str, *, sent: bool
) -> None:
    carrier = Breaking(error)
    transport = GitHubTransport(TOKEN, GitHubAddresses(), carrier=carrier)
    with pytest.raises(ExchangeError) as caught:
        transport.rest("POST", "/repos/octo/shop/issues/7/comments", {}, {"body": "x"})
    assert (caught.value.sent, caught.value.message) == (sent, message)
    assert caught.value.__context__ is None


@pytest.mark.holds("S14", "S19")
def test_an_exchange_has_a_deadline_and_its_server_a_certificate() -> None:
    carrier = Breaking(requests.ReadTimeout())
    transport = GitHubTransport(TOKEN, GitHubAddresses(), carrier=carrier)
    with pytest.raises(ExchangeError):
        transport.graphql("query { viewer { login } }", {})
    # A bundle of certificates that the machine names is as good; none at all is not.
    assert carrier.asked.pop("verify")
    assert carrier.asked == {
        "url": GitHubAddresses().graphql_url,
        "timeout": (5.0, 35.0),
        "stream": True,
    }
