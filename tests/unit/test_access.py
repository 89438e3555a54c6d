"""Roles, the operator's token, and tokens of other services."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from reviewer.adapters.service_tokens import JwtServiceTokens, read_service_keys
from reviewer.domain.access import LEAST, Caller, Request, Role
from reviewer.errors import ConfigurationError, UserError
from reviewer.ports.service_tokens import RefusedTokenError
from tests.unit.server_stage import OPERATOR_TOKEN, Stage, set_up

ISSUER = "https://issuer.example.com"
AUDIENCE = "persona-reviewer"


@cache
def key_pair(name: str, bits: int = 2048) -> tuple[str, str]:
    """Return a private and a public key in PEM; the same for the same name."""
    del name
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def claims(**said: object) -> dict[str, Any]:
    """Return the claims of a token that opens; None leaves one out."""
    now = datetime.now(UTC)
    usual: dict[str, object] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "deploy-bot",
        "nbf": now - timedelta(minutes=1),
        "exp": now + timedelta(minutes=10),
        "role": "read",
    }
    return {name: value for name, value in {**usual, **said}.items() if value is not None}


def token(
    *,
    key: str = "this-year",
    kid: str | None = "this-year",
    algorithm: str = "RS256",
    **said: object,
) -> str:
    """Return a signed token."""
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(claims(**said), key_pair(key)[0], algorithm=algorithm, headers=headers)


def by_hand(header: dict[str, object], *, secret: bytes | None, **said: object) -> str:
    """Return a token as no library makes it: with HMAC and any key, or without a signature."""

    def packed(value: object) -> bytes:
        text = json.dumps(value, default=lambda moment: int(moment.timestamp())).encode()
        return base64.urlsafe_b64encode(text).rstrip(b"=")

    signed = packed(header) + b"." + packed(claims(**said))
    signature = b"" if secret is None else hmac.new(secret, signed, sha256).digest()
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


@pytest.fixture
def stage() -> Stage:
    keys = {"this-year": key_pair("this-year")[1], "next-year": key_pair("next-year")[1]}
    return set_up(service_keys=keys, token_issuer=ISSUER)


def test_a_role_may_what_those_before_it_may() -> None:
    may = {
        role: {request for request in Request if Caller(name="x", role=role).may(request)}
        for role in Role
    }
    assert may[Role.READ] < may[Role.OPERATE] < may[Role.ADMIN] == set(Request)
    assert may[Role.READ] == {Request.READ_RUNS, Request.READ_COSTS, Request.READ_METRICS}
    assert Request.FORGET_INSTALLATION not in may[Role.OPERATE]
    assert set(LEAST) == set(Request)


async def test_the_operator_s_token_opens_everything(stage: Stage) -> None:
    for path in ("/api/runs", "/api/costs?since=2026-11-01&until=2026-11-20", "/metrics"):
        assert (await stage.ask("GET", path, token=OPERATOR_TOKEN)).status_code == 200
    deleted = await stage.ask("DELETE", "/api/installations/7/data", token=OPERATOR_TOKEN)
    assert deleted.status_code == 200


async def test_without_a_configured_token_nobody_is_the_operator() -> None:
    stage = set_up(operator_token=None)
    for shown in ("None", "", OPERATOR_TOKEN):
        assert (await stage.ask("GET", "/api/runs", token=shown)).status_code == 401


async def test_a_service_s_token_opens_what_its_role_may(stage: Stage) -> None:
    assert (await stage.ask("GET", "/api/runs", token=token())).status_code == 200
    assert (await stage.ask("POST", "/api/runs/x/cancel", token=token())).status_code == 403
    operate = token(role="operate")
    assert (await stage.ask("POST", "/api/runs/x/cancel", token=operate)).status_code == 404
    answer = await stage.ask("DELETE", "/api/installations/7/data", token=operate)
    assert answer.status_code == 403
    assert answer.json()["detail"] == "the role operate is not enough to forget installation"
    admin = token(role="admin")
    assert (await stage.ask("DELETE", "/api/installations/7/data", token=admin)).status_code == 200


async def test_keys_change_without_a_gap(stage: Stage) -> None:
    following = token(key="next-year", kid="next-year")
    assert (await stage.ask("GET", "/api/runs", token=following)).status_code == 200
    mixed = token(key="this-year", kid="next-year")
    assert (await stage.ask("GET", "/api/runs", token=mixed)).status_code == 401


def past(**before: float) -> datetime:
    return datetime.now(UTC) - timedelta(**before)


def ahead(**after: float) -> datetime:
    return datetime.now(UTC) + timedelta(**after)


REFUSED = {
    "another signer": lambda: token(key="a stranger"),
    "no kid": lambda: token(kid=None),
    "an unknown kid": lambda: token(kid="last-year"),
    "no algorithm": lambda: by_hand({"alg": "none", "kid": "this-year"}, secret=None),
    "no algorithm, in capitals": lambda: by_hand({"alg": "NONE", "kid": "this-year"}, secret=None),
    "the public key as a secret": lambda: by_hand(
        {"alg": "HS256", "kid": "this-year"}, secret=key_pair("this-year")[1].encode()
    ),
    "RS256 said, signed with the public key": lambda: by_hand(
        {"alg": "RS256", "kid": "this-year"}, secret=key_pair("this-year")[1].encode()
    ),
    "RS512": lambda: token(algorithm="RS512"),
    "PS256": lambda: token(algorithm="PS256"),
    "expired": lambda: token(nbf=past(hours=2), exp=past(minutes=1)),
    "not yet": lambda: token(nbf=ahead(minutes=2), exp=ahead(minutes=9)),
    "no end": lambda: token(exp=None),
    "no beginning": lambda: token(nbf=None),
    "no subject": lambda: token(sub=None),
    "no issuer": lambda: token(iss=None),
    "no audience": lambda: token(aud=None),
    "another issuer": lambda: token(iss="https://issuer.example.com.evil.example"),
    "another audience": lambda: token(aud="another-service"),
    "ours among other audiences": lambda: token(aud=[AUDIENCE, "another-service"]),
    "a life of years": lambda: token(exp=ahead(days=900)),
    "no role": lambda: token(role=None),
    "an unknown role": lambda: token(role="root"),
    "roles": lambda: token(role=["admin"]),
    "a subject with a line end": lambda: token(sub="bot\n{}"),
    "an empty subject": lambda: token(sub=""),
    "what must be understood": lambda: jwt.encode(
        claims(),
        key_pair("this-year")[0],
        algorithm="RS256",
        headers={"kid": "this-year", "crit": ["exp"]},
    ),
    "an address of a key": lambda: jwt.encode(
        claims(),
        key_pair("a stranger")[0],
        algorithm="RS256",
        headers={"kid": "this-year", "jku": "https://evil.example/keys"},
    ),
    "too long": lambda: token(padding="x" * 9_000),
    "two dots": lambda: "..",
    "no token": lambda: "x",
    "part of the operator's": lambda: OPERATOR_TOKEN[:-1],
    "characters": lambda: "tökén".encode().decode("latin-1"),
}


@pytest.mark.holds("S12")
@pytest.mark.parametrize("made", REFUSED.values(), ids=REFUSED.keys())
async def test_no_other_token_opens(stage: Stage, made: Any) -> None:  # noqa: ANN401 - a maker
    shown = made()
    answer = await stage.ask(
        "GET", "/api/runs", headers={"Authorization": f"Bearer {shown}".encode("latin-1")}
    )

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["detail"] == "the token proves nothing"
    assert shown == "x" or shown not in str(stage.watch)


@pytest.mark.holds("S12")
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", f"Basic {OPERATOR_TOKEN}", OPERATOR_TOKEN]
)
async def test_without_a_token_nothing_opens(stage: Stage, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for method, path in (
        ("GET", "/api/runs"),
        ("GET", "/api/runs/x"),
        ("GET", "/runs/x/events"),
        ("GET", "/api/costs?since=2026-11-01&until=2026-11-20"),
        ("POST", "/api/runs/x/cancel"),
        ("POST", "/api/reviews"),
        ("DELETE", "/api/installations/7/data"),
        ("GET", "/metrics"),
    ):
        answer = await stage.ask(method, path, headers=headers)
        assert answer.status_code == 401, path
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_token_in_the_address_does_not_open(stage: Stage) -> None:
    answer = await stage.ask("GET", f"/api/runs?access_token={token()}")
    assert answer.status_code == 401


@pytest.mark.holds("S19")
async def test_guesses_are_limited() -> None:
    stage = set_up(request_burst_by_address=5, requests_per_second_by_address=0.5)
    seen = [(await stage.ask("GET", "/api/runs", token=f"guess-{n}")).status_code for n in range(8)]
    assert seen == [401] * 5 + [429] * 3
    # Another address is not kept out by it.
    answer = await stage.ask("GET", "/api/runs", token=OPERATOR_TOKEN, client=("203.0.113.9", 1))
    assert answer.status_code == 200


def test_no_key_is_no_door() -> None:
    tokens = JwtServiceTokens({}, issuer="", audience=AUDIENCE)
    with pytest.raises(RefusedTokenError, match="no key"):
        tokens.read(token())


def private_pem() -> str:
    return key_pair("this-year")[0]


def elliptic_pem() -> str:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    ("key_id", "pem", "words"),
    [
        ("k", "nonsense", "no public key in PEM"),
        ("k", private_pem, "no public key in PEM"),
        ("k", elliptic_pem, "no RSA key of 2048 bits"),
        ("k", lambda: key_pair("short", 1024)[1], "no RSA key of 2048 bits"),
        ("k\n", lambda: key_pair("this-year")[1], "letters, digits, dots, dashes"),
    ],
)
def test_keys_that_will_not_do_are_refused_with_words(key_id: str, pem: Any, words: str) -> None:  # noqa: ANN401
    text = pem if isinstance(pem, str) else pem()
    with pytest.raises(UserError, match=words) as raised:
        JwtServiceTokens({key_id: text}, issuer=ISSUER, audience=AUDIENCE)
    assert "BEGIN" not in str(raised.value)


def test_keys_need_an_issuer() -> None:
    with pytest.raises(UserError, match="need an issuer"):
        JwtServiceTokens({"k": key_pair("this-year")[1]}, issuer="", audience=AUDIENCE)


def test_a_folder_holds_keys_by_their_ids(tmp_path: Path) -> None:
    (tmp_path / "2026-11.pem").write_text("one")
    (tmp_path / "README").write_text("not a key")
    assert read_service_keys({"old": "two"}, tmp_path) == {"old": "two", "2026-11": "one"}
    assert read_service_keys({"old": "two"}, None) == {"old": "two"}


def test_a_folder_that_will_not_do_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no key in it"):
        read_service_keys({}, tmp_path)
    (tmp_path / "k.pem").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="a key is no text"):
        read_service_keys({}, tmp_path)
    (tmp_path / "k.pem").write_text("one")
    with pytest.raises(ConfigurationError, match="k is also in service_keys"):
        read_service_keys({"k": "two"}, tmp_path)
