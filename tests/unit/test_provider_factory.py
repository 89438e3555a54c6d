"""Names, keys and addresses that make an adapter, and those that cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewer.adapters.providers.key import ApiKey, read_key
from reviewer.domain.completion import ModelName
from reviewer.errors import UserError

httpx = pytest.importorskip("httpx")

from reviewer.adapters.http import HttpClient, HttpError, HttpTrouble  # noqa: E402 - needs httpx
from reviewer.adapters.providers.factory import base_url_of, provider_for  # noqa: E402


@pytest.mark.holds("S17")
@pytest.mark.parametrize("text", ["two words", "line\nbreak", "schlüssel", "a\x00b", "tab\tbed"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(text: str) -> None:
    with pytest.raises(UserError, match="the key for openai") as caught:
        read_key(text, provider="openai")

    assert text not in str(caught.value)


def test_blanks_around_a_key_are_taken_off() -> None:
    key = read_key("  sk-1234\n", provider="openai")

    assert key == ApiKey("sk-1234")
    assert "1234" not in repr(key)


async def test_a_provider_that_nobody_knows_is_refused() -> None:
    strange = ModelName(provider="oracle", model="delphi")
    with pytest.raises(UserError, match="does not say where"):
        base_url_of(strange)

    placed = ModelName(provider="oracle", model="delphi", base_url="http://127.0.0.1:9")
    async with HttpClient(allowed=["http://127.0.0.1:9"]) as http:
        with pytest.raises(UserError, match="nobody knows the provider oracle"):
            provider_for(placed, None, http=http)


@pytest.mark.holds("S14", "S17")
@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://gateway.example", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost", True),
        ("http://[::1]:8080/v1", True),
        ("http://gateway.example", False),
        ("http://127.0.0.1.example", False),
        ("http://localhost.example:80", False),
    ],
)
async def test_a_vendors_key_never_crosses_a_network_in_the_open(url: str, *, taken: bool) -> None:
    async with HttpClient(allowed=[url]) as http:
        for provider in ("anthropic", "gemini", "openai"):
            name = ModelName(provider=provider, model="m", base_url=url)
            if taken:
                provider_for(name, "sk-1234", http=http)
            else:
                with pytest.raises(UserError, match="unencrypted"):
                    provider_for(name, "sk-1234", http=http)
            provider_for(name, None, http=http)
        provider_for(ModelName(provider="compatible", model="m", base_url=url), "k", http=http)


def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    empty = tmp_path / "authorities.pem"
    empty.write_text("")

    for path in (empty, tmp_path / "missing.pem"):
        with pytest.raises(UserError, match="the certificates cannot be read") as caught:
            HttpClient(allowed=[], certificates=path)
        assert caught.value.path == str(path)


@pytest.mark.parametrize(
    ("raised", "trouble", "sent"),
    [
        ("ConnectTimeout", HttpTrouble.TIMED_OUT, False),
        ("PoolTimeout", HttpTrouble.TIMED_OUT, False),
        ("ReadTimeout", HttpTrouble.TIMED_OUT, True),
        ("WriteTimeout", HttpTrouble.TIMED_OUT, True),
        ("ConnectError", HttpTrouble.UNREACHABLE, False),
        ("ProxyError", HttpTrouble.UNREACHABLE, False),
        ("ReadError", HttpTrouble.BROKEN_OFF, True),
        ("RemoteProtocolError", HttpTrouble.BROKEN_OFF, True),
        ("LocalProtocolError", HttpTrouble.BROKEN_OFF, True),
    ],
)
async def test_every_trouble_says_whether_the_request_may_have_left(
    raised: str, trouble: HttpTrouble, *, sent: bool
) -> None:
    def fail(request: object) -> object:
        raise getattr(httpx, raised)("words of a library: Bearer sk-secret")

    async with HttpClient(
        allowed=["http://127.0.0.1:9"], transport=httpx.MockTransport(fail)
    ) as http:
        with pytest.raises(HttpError) as caught:
            async with http.post(
                "http://127.0.0.1:9/x", headers={}, content=b"", idle_seconds=1, limit_bytes=1
            ):
                pass

    assert (caught.value.trouble, caught.value.sent) == (trouble, sent)
    assert raised == "ConnectError" or "sk-secret" not in str(caught.value)
