"""The webhook door: what is taken, what is refused, and that nothing unsigned is ever read."""

from __future__ import annotations

import asyncio
import gzip
import hmac
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from typing_extensions import override

from reviewer.adapters.github.webhooks import GitHubWebhooks, signature_of
from reviewer.domain.delivery import Delivery
from reviewer.domain.event import OtherEvent, PullRequestEvent
from reviewer.errors import CommunicationError, ResourceError, UserError
from reviewer.ports.engine import EngineError
from tests.guards import ROOT
from tests.unit.server_stage import (
    DELIVERY,
    PING,
    WEBHOOK_SECRET,
    Stage,
    delivery_headers,
    knock,
    set_up,
)

BODY = json.dumps(PING).encode()


@pytest.fixture
def stage() -> Stage:
    return set_up()


def told_of_deliveries(stage: Stage) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the lines that say what became of deliveries."""
    return [line for line in stage.watch.lines if line[1].startswith("delivery ")]


async def test_a_signed_delivery_is_written_down_and_acknowledged(stage: Stage) -> None:
    answer = await stage.deliver()

    assert answer.status_code == 202
    assert answer.json() == {"delivery": DELIVERY, "state": "accepted"}
    delivery = stage.engine.deliveries[DELIVERY]
    assert delivery.name == "ping"
    assert delivery.event == OtherEvent(name="ping", action="")
    assert delivery.received_at == stage.clock.now()
    assert stage.watch.deliveries == [("ping", "accepted")]


def example(name: str) -> dict[str, Any]:
    """Return a real payload of an event."""
    packed = (ROOT / "tests/github/webhook-examples.json.gz").read_bytes()
    examples: list[dict[str, Any]] = json.loads(gzip.decompress(packed))
    return next(dict(entry["payload"]) for entry in examples if entry["name"] == name)


async def test_a_pull_request_s_delivery_says_whose_it_is(stage: Stage) -> None:
    payload = {**example("pull_request"), "installation": {"id": 5_000_000_011}}

    assert (await stage.deliver(payload, name="pull_request")).status_code == 202

    delivery = stage.engine.deliveries[DELIVERY]
    assert isinstance(delivery.event, PullRequestEvent)
    assert delivery.installation_id == 5_000_000_011
    assert delivery.repository_id == payload["repository"]["id"]
    assert delivery.action == payload["action"]
    line = next(fields for _, event, fields in stage.watch.lines if event == "delivery accepted")
    assert line["delivery_id"] == DELIVERY
    assert line["installation_id"] == 5_000_000_011
    assert line["request_id"]


@pytest.mark.holds("R21", "P22")
async def test_a_replay_of_a_hundred_is_one_delivery(stage: Stage) -> None:
    answers = await asyncio.gather(*(stage.deliver() for _ in range(100)))

    assert sorted(answer.status_code for answer in answers) == [200] * 99 + [202]
    assert len(stage.engine.deliveries) == 1
    # An id is the same in any spelling.
    again = await stage.deliver(delivery=DELIVERY.upper())
    assert again.json() == {"delivery": DELIVERY, "state": "known"}


@pytest.mark.holds("R21", "P22")
async def test_without_a_signature_nothing_is_read(stage: Stage) -> None:
    async def never() -> dict[str, Any]:
        pytest.fail("the body was asked for")

    headers = delivery_headers(BODY)
    del headers["X-Hub-Signature-256"]
    answer = await knock(stage.application, headers=headers.items(), receive=never)

    assert answer.status == 401
    assert stage.engine.deliveries == {}


@pytest.mark.holds("R21", "P22")
async def test_a_bad_signature_is_refused_without_parsing() -> None:
    class Unreadable(GitHubWebhooks):
        @override
        def read(self, **_: object) -> Delivery:
            pytest.fail("the body was parsed")

    stage = set_up(webhooks=Unreadable([WEBHOOK_SECRET]))
    answer = await stage.deliver(b"\xff not even JSON", secret="somebody-else-s-secret")

    assert answer.status_code == 401
    assert stage.watch.deliveries == [("unread", "unsigned")]
    # One line, which has the sender's id and nothing of the body.
    (line,) = told_of_deliveries(stage)
    assert line[:2] == ("warning", "delivery unsigned")
    assert line[2]["delivery_id"] == DELIVERY
    assert "not even JSON" not in str(line)


@pytest.mark.holds("R21", "P22")
@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        "sha1=" + hmac.new(WEBHOOK_SECRET.encode(), BODY, "sha1").hexdigest(),
        "sha256=" + hmac.new(WEBHOOK_SECRET.encode(), BODY, "sha1").hexdigest(),
        signature_of(b"another body", WEBHOOK_SECRET),
        signature_of(BODY, "another-secret"),
        signature_of(BODY, ""),
        signature_of(BODY, WEBHOOK_SECRET).upper(),
        signature_of(BODY, WEBHOOK_SECRET)[:-1],
        signature_of(BODY, WEBHOOK_SECRET) + "0",
        signature_of(BODY, WEBHOOK_SECRET).removeprefix("sha256="),
    ],
)
async def test_no_other_signature_opens(stage: Stage, signature: str | None) -> None:
    answer = await stage.deliver(BODY, headers={"X-Hub-Signature-256": signature})

    assert answer.status_code == 401
    assert stage.engine.deliveries == {}


@pytest.mark.holds("R21", "P22")
async def test_an_old_signature_beside_none_does_not_open(stage: Stage) -> None:
    sha1 = "sha1=" + hmac.new(WEBHOOK_SECRET.encode(), BODY, "sha1").hexdigest()
    answer = await stage.deliver(
        BODY, headers={"X-Hub-Signature-256": None, "X-Hub-Signature": sha1}
    )
    assert answer.status_code == 401


async def test_two_signatures_are_none(stage: Stage) -> None:
    headers = [*delivery_headers(BODY).items(), ("X-Hub-Signature-256", "sha256=" + "0" * 64)]
    answer = await knock(stage.application, headers=headers, receive=whole(BODY))
    assert answer.status == 401


async def test_while_a_secret_is_changed_both_open() -> None:
    stage = set_up(previous_webhook_secret="the-secret-of-last-year")

    assert (await stage.deliver(secret="the-secret-of-last-year")).status_code == 202
    assert (await stage.deliver(secret=WEBHOOK_SECRET)).status_code == 200
    assert (await stage.deliver(secret="the-secret-of-next-year")).status_code == 401


@pytest.mark.holds("P22")
@pytest.mark.parametrize("secrets", [[], [""], ["one", ""]])
def test_without_a_secret_there_is_no_door(secrets: list[str]) -> None:
    with pytest.raises(UserError, match="there is no webhook secret"):
        GitHubWebhooks(secrets)


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("X-GitHub-Delivery", None, 400),
        ("X-GitHub-Delivery", "", 400),
        ("X-GitHub-Delivery", "1", 400),
        ("X-GitHub-Delivery", f"{DELIVERY}x", 400),
        ("X-GitHub-Delivery", f"{DELIVERY}, {DELIVERY}", 400),
        ("X-GitHub-Event", None, 400),
        ("X-GitHub-Event", "Pull Request", 400),
        ("X-GitHub-Event", "a" * 61, 400),
        ("Content-Type", None, 415),
        ("Content-Type", "application/x-www-form-urlencoded", 415),
        ("Content-Type", "text/plain", 415),
        ("Content-Type", "application/jsonp", 415),
        ("Content-Type", "multipart/form-data; boundary=application/json", 415),
    ],
)
async def test_headers_that_github_does_not_send_are_refused(
    stage: Stage, header: str, value: str | None, status: int
) -> None:
    answer = await stage.deliver(headers={header: value})

    assert answer.status_code == status
    assert stage.engine.deliveries == {}


async def test_a_content_type_may_name_its_characters(stage: Stage) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert (await stage.deliver(headers=headers)).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"action": NaN}',
        b'{"action": "opened", "action": "closed"}',
        b'{"action": "opened", "\\u0061ction": "closed"}',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"n": ' + b"9" * 10_000 + b"}",
    ],
)
async def test_signed_bytes_that_are_no_event_are_refused(stage: Stage, body: bytes) -> None:
    answer = await stage.deliver(body, name="pull_request")

    assert answer.status_code == 400
    assert answer.json()["detail"] == "the delivery cannot be read"
    assert stage.engine.deliveries == {}
    assert stage.watch.deliveries == [("unread", "unreadable")]
    ((_, said, fields),) = told_of_deliveries(stage)
    assert said == "delivery unreadable"
    assert set(fields) - {"request_id"} == {"delivery_id", "name", "reason"}


async def test_a_promise_of_github_s_that_is_broken_is_refused(stage: Stage) -> None:
    answer = await stage.deliver({"action": "opened"}, name="pull_request")
    assert answer.status_code == 400


@pytest.mark.parametrize("number", [True, "7", None, 1.5, [], {}])
async def test_an_odd_number_of_an_installation_is_none(stage: Stage, number: object) -> None:
    assert (await stage.deliver({**PING, "installation": {"id": number}})).status_code == 202
    assert stage.engine.deliveries[DELIVERY].installation_id is None


def whole(body: bytes) -> Callable[[], Any]:
    """Return what hands a body out at once, and then waits for the end of the connection."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return next(messages, {"type": "http.disconnect"})

    return receive


@pytest.mark.holds("S19", "R21")
async def test_thirty_megabytes_are_refused_before_any_of_them_is_read(stage: Stage) -> None:
    async def never() -> dict[str, Any]:
        pytest.fail("the body was asked for")

    headers = [*delivery_headers(b"").items(), ("Content-Length", "30000000")]
    answer = await knock(stage.application, headers=headers, receive=never)

    assert answer.status == 413
    assert answer.headers["connection"] == "close"
    assert json.loads(answer.body)["detail"] == "the body has more than 25,000,000 bytes"


async def test_a_body_without_an_end_is_refused_at_the_bound() -> None:
    stage = set_up(body_limit_bytes=10_000)
    sent = 0

    async def endless() -> dict[str, Any]:
        nonlocal sent
        sent += 1_000
        return {"type": "http.request", "body": b"x" * 1_000, "more_body": True}

    answer = await knock(stage.application, headers=delivery_headers(b"").items(), receive=endless)

    assert answer.status == 413
    assert sent == 11_000


@pytest.mark.holds("S19")
async def test_a_slow_body_is_given_up() -> None:
    stage = set_up(body_seconds=0.05)
    chunks = itertools.chain([b"{"], itertools.repeat(b""))

    async def slow() -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": next(chunks), "more_body": True}

    answer = await knock(stage.application, headers=delivery_headers(b"").items(), receive=slow)

    assert answer.status == 408
    assert answer.headers["connection"] == "close"


async def test_a_body_that_breaks_off_is_no_delivery(stage: Stage) -> None:
    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}])

    async def broken() -> dict[str, Any]:
        await asyncio.sleep(0)
        return next(messages, {"type": "http.disconnect"})

    await knock(stage.application, headers=delivery_headers(b"{").items(), receive=broken)

    assert stage.engine.deliveries == {}


@pytest.mark.holds("S19")
async def test_many_large_bodies_at_once_do_not_fill_the_memory() -> None:
    stage = set_up(body_limit_bytes=10_000)
    full = asyncio.Event()
    waiting = 0

    def large() -> Callable[[], Any]:
        chunks = iter([b"x" * 9_000])

        async def receive() -> dict[str, Any]:
            nonlocal waiting
            chunk = next(chunks, None)
            if chunk is None:
                waiting += 1
                if waiting == 3:
                    full.set()
                await asyncio.sleep(0.2)
                return {"type": "http.request", "body": b"", "more_body": False}
            return {"type": "http.request", "body": chunk, "more_body": True}

        return receive

    async def send() -> int:
        headers = delivery_headers(b"").items()
        return (await knock(stage.application, headers=headers, receive=large())).status

    first = [asyncio.create_task(send()) for _ in range(3)]
    await full.wait()
    assert await send() == 503
    assert await asyncio.gather(*first) == [401, 401, 401]
    assert await send() == 401


async def test_a_large_delivery_is_read_beside_the_loop(stage: Stage) -> None:
    large = {**PING, "padding": "x" * 1_000_000}
    assert (await stage.deliver(large)).status_code == 202


@pytest.mark.holds("P22")
@pytest.mark.parametrize(
    "trouble",
    [
        EngineError("the database is read-only"),
        CommunicationError("the database does not answer"),
        ResourceError("the disk is full"),
    ],
)
async def test_nothing_is_acknowledged_that_is_not_written_down(
    stage: Stage, trouble: CommunicationError | ResourceError
) -> None:
    stage.engine.trouble = trouble
    answer = await stage.deliver()

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "database" not in answer.text
    assert "disk" not in answer.text
    assert stage.watch.deliveries == [("ping", "unavailable")]

    stage.engine.trouble = None
    assert (await stage.deliver()).status_code == 202


async def test_an_engine_that_does_not_answer_is_given_up_before_github_gives_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviewer.entrypoints.server.webhook_router._ACCEPT_SECONDS", 0.05)
    stage.engine.stalled = True
    assert (await stage.deliver()).status_code == 503


@pytest.mark.holds("S19")
async def test_one_address_may_come_so_often() -> None:
    stage = set_up(webhook_burst_by_address=3, webhooks_per_second_by_address=0.5)

    async def come(address: str) -> int:
        return (await stage.deliver(client=(address, 1))).status_code

    assert [await come("198.51.100.7") for _ in range(4)] == [202, 200, 200, 429]
    assert await come("198.51.100.8") == 200
    stage.clock.advance(2)
    assert [await come("198.51.100.7") for _ in range(2)] == [200, 429]


async def test_whoever_is_limited_is_told_when_to_come_back() -> None:
    stage = set_up(webhook_burst_by_address=1, webhooks_per_second_by_address=0.1)
    await stage.deliver()
    answer = await stage.deliver()
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "10"


@pytest.mark.holds("S19")
async def test_strangers_cannot_use_up_what_github_may_send() -> None:
    stage = set_up(webhook_burst=2, webhooks_per_second=0.5)
    for number in range(50):
        await stage.deliver(secret="a-stranger-s-guess", client=(f"203.0.113.{number}", 1))

    assert (await stage.deliver()).status_code == 202
    assert (await stage.deliver()).status_code == 200
    assert (await stage.deliver()).status_code == 429


async def test_only_allowed_addresses_may_deliver() -> None:
    stage = set_up(allowed_networks="192.30.252.0/22,2a0a:a440::/29")

    async def come(address: str) -> int:
        return (await stage.deliver(client=(address, 1))).status_code

    assert await come("192.30.252.41") == 202
    assert await come("::ffff:192.30.252.41") == 200
    assert await come("2a0a:a440::5") == 200
    assert await come("198.51.100.7") == 403
    # Everything else is open to everybody.
    assert (await stage.ask("GET", "/live")).status_code == 200


@pytest.mark.parametrize(
    ("peer", "forwarded", "status"),
    [
        ("10.0.0.1", "192.30.252.41", 202),
        ("10.0.0.1", "203.0.113.5, 192.30.252.41", 202),
        ("10.0.0.1", "192.30.252.41, 203.0.113.5", 403),
        ("10.0.0.1", "192.30.252.41, 10.0.0.2", 202),
        ("10.0.0.1", "192.30.252.41, nonsense", 403),
        ("10.0.0.1", "", 403),
        ("203.0.113.5", "192.30.252.41", 403),
    ],
)
async def test_a_proxy_s_word_counts_where_it_is_trusted(
    peer: str, forwarded: str, status: int
) -> None:
    stage = set_up(allowed_networks="192.30.252.0/22", trusted_proxies="10.0.0.0/8")
    answer = await stage.deliver(headers={"X-Forwarded-For": forwarded}, client=(peer, 1))
    assert answer.status_code == status


async def test_customers_of_one_ipv6_network_count_together() -> None:
    stage = set_up(webhook_burst_by_address=1, webhooks_per_second_by_address=0.001)
    await stage.deliver(client=("2001:db8::1", 1))
    assert (await stage.deliver(client=("2001:db8::ffff:2", 1))).status_code == 429
    assert (await stage.deliver(client=("2001:db8:0:1::1", 1))).status_code == 200


async def test_a_worker_takes_no_deliveries() -> None:
    stage = set_up(role="worker")
    assert (await stage.deliver()).status_code == 404
    assert (await stage.ask("GET", "/health")).status_code == 200
