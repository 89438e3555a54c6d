"""Tries deliveries that GitHub would not send: at the App's door, and in the Action's file."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from reviewer.testing.fake_github import FakePullRequest
from tests.redteam.app_stage import WEBHOOK_SECRET
from tests.redteam.door_holding import assert_log_is_ours, assert_told_holds
from tests.redteam.honest_model import CODE, PATH
from tests.redteam.hostile_delivery import HostileDelivery
from tests.redteam.pull_request_doors import ActionDoor, PullRequestDoor
from tests.redteam.reach import Case
from tests.redteam.speaking import model_of
from tests.redteam.stages import Stages

_NUMBERS = count(1)
_LARGE_BYTES = 30_000_000
_UNAUTHORISED = 401


def deliveries(stages: Stages, case: Case) -> None:
    """Try a delivery.

    Args:
        stages: The doors.
        case: The delivery, the door, the model.
    """
    given: HostileDelivery = case.given
    door = stages.on_pull_requests(case.door)
    pull = door.repository().open_pull(files={PATH: CODE}, title="Add pages")
    _others(stages, door)
    payload = _payload(stages, door, pull, given, given.set)
    if case.door == "action":
        _in_a_file(stages, case, pull, payload)
    else:
        _at_the_door(stages, case, pull, payload)


def _others(stages: Stages, door: PullRequestDoor) -> None:
    """Make another tenant: an installation with a repository of its own."""
    if "other-tenant/vault" not in door.hub.repositories:
        repository = door.hub.repository("other-tenant/vault", files={"secret.txt": "vault\n"})
        repository.open_pull(files={"secret.txt": "the other tenant's words\n"}, title="Theirs")
        _OTHERS["$other.repository"] = repository.id
        _OTHERS["$other.installation"] = door.hub.install("other-tenant")


_OTHERS: dict[str, object] = {"$null": None, "$surrogate": "half \ud800 of it \udfff"}


def _payload(
    stages: Stages,
    door: PullRequestDoor,
    pull: FakePullRequest,
    given: HostileDelivery,
    places: tuple[dict[str, Any], ...],
) -> dict[str, Any]:
    comment = pull.comment(given.author, given.comment) if given.comment else None
    if given.event == "check_run":
        # A check is there once somebody has looked.
        door.tell(pull, None)
        event: Mapping[str, object] = stages.app.hub.event(
            given.event,
            given.action,
            pull,
            check=pull.checks[-1],
            installation=stages.app.installation_of(pull),
        )
    else:
        event = door.event(pull, given.event, given.action, comment=comment, sender=given.author)
    payload: dict[str, Any] = json.loads(json.dumps(event))
    for place in places:
        holder, last = _holder(payload, place["at"])
        to = place["to"]
        holder[last] = _OTHERS.get(to, to) if isinstance(to, str) else to
    for name in given.drop:
        holder, last = _holder(payload, name)
        del holder[last]
    return payload


def _holder(payload: dict[str, Any], place: str) -> tuple[dict[str, Any], str]:
    *way, last = place.split(".")
    for name in way:
        payload = payload[name]
    return payload, last


def _bytes(payload: Mapping[str, object], raw: str) -> bytes:
    return _RAW[raw](json.dumps(payload))


_RAW: Mapping[str, Callable[[str], bytes]] = {
    "": str.encode,
    "twice": lambda text: (text[:-1] + ',"\\u0061ction":"closed"}').encode(),
    "large": lambda text: text.encode() + b" " * _LARGE_BYTES,
    "cut": lambda text: text.encode()[: len(text) // 2],
    "array": lambda text: b"[" + text.encode() + b"]",
    "deep": lambda _: b"[" * 200_000,
    "numbers": lambda text: text.replace('"number": 1,', '"number": NaN,').encode(),
    "surrogate": lambda text: text.encode()[:-1] + b',"x":"\xed\xa0\x80"}',
    "marked": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "wide": lambda text: text.encode("utf-16"),
}


def _in_a_file(
    stages: Stages, case: Case, pull: FakePullRequest, payload: Mapping[str, object]
) -> None:
    """Give the Action's runner the file; it has no door that could refuse it."""
    given = case.given
    door = ActionDoor(stages.action)
    model = model_of(given, case.model)
    told = door.tell(pull, model, _bytes(payload, given.raw), name=given.event)
    assert all(".." not in exchange.path for exchange in told.exchanges)
    _assert_nothing_elsewhere(stages, pull)
    names_elsewhere = given.id.startswith("X05")
    if not names_elsewhere and not given.id.startswith("X06"):
        assert_told_holds(stages, case.door, told)
    if given.status == 400 or given.raw == "large":
        assert (told.exchanges, told.requests) == ([], [])
        assert told.state == "failed"
    if given.runs == 0:
        assert told.requests == []
        assert pull.checks == []


def _at_the_door(
    stages: Stages, case: Case, pull: FakePullRequest, payload: Mapping[str, object]
) -> None:
    given: HostileDelivery = case.given
    app = stages.app
    body = _bytes(payload, given.raw)
    delivery = f"72d3162e-cc78-11e3-81ab-{next(_NUMBERS) + 0xA0000000:012x}"
    headers = _headers(given, body, delivery)
    before, logged = len(app.runs(pull)), len(app.log)
    statuses = []
    for number in range(given.times):
        if number and given.set_again:
            body = _bytes(_changed(payload, given.set_again), given.raw)
            headers = _headers(given, body, delivery)
        answer = app.send(headers, body)
        assert "evil" not in answer.text
        statuses.append(answer.status)
    told = app.listen(pull, model_of(given, case.model), deliver=False)
    if given.status != "any":
        assert statuses[0] == given.status, statuses
    assert all(status == 200 for status in statuses[1:])
    runs = len(app.runs(pull)) - before
    if given.runs != "any":
        assert runs == given.runs
    if runs == 0:
        assert told.requests == []
        assert [e for e in told.exchanges if e.writes and "access_tokens" not in e.path] == [] or (
            given.comment
        )
    assert_log_is_ours(app.log[logged:])
    _assert_nothing_elsewhere(stages, pull)
    if not given.id.startswith(("X05", "X06")):
        assert_told_holds(stages, case.door, told)


def _changed(payload: Mapping[str, Any], places: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(payload))
    for place in places:
        holder, last = _holder(changed, place["at"])
        holder[last] = place["to"]
    return changed


def _assert_nothing_elsewhere(stages: Stages, pull: FakePullRequest) -> None:
    """Assert that no other tenant's pull request was written to, and none of its words told."""
    hub = stages.action.hub
    other = hub.repositories["other-tenant/vault"]
    for theirs in other.pulls.values():
        assert (theirs.comments, theirs.threads, theirs.reviews) == ([], [], [])
    assert other.checks == []
    bodies = [comment.body for comment in pull.comments]
    assert not any("other tenant" in body for body in bodies)


def _headers(given: HostileDelivery, body: bytes, delivery: str) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Delivery": delivery,
        "X-GitHub-Event": given.event,
        **_signed(given.sign, body),
        **given.headers,
    }
    return {name: value for name, value in headers.items() if value}


def _signed(how: str, body: bytes) -> dict[str, str]:
    def signature(secret: str, signed: bytes) -> str:
        return f"sha256={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"

    name, right = "X-Hub-Signature-256", signature(WEBHOOK_SECRET, body)
    match how:
        case "right":
            return {name: right}
        case "none":
            return {}
        case "sha1":
            old = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha1).hexdigest()
            return {"X-Hub-Signature": f"sha1={old}"}
        case "another secret":
            return {name: signature("another secret", body)}
        case "another body":
            return {name: signature(WEBHOOK_SECRET, body + b" ")}
        case "short":
            return {name: right[:-2]}
        case "twice":
            return {name: f"{right}, {right}"}
        case _:
            raise ValueError(how)
