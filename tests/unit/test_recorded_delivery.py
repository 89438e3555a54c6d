"""A recorded delivery: which event it is, and that its bytes stay as they were."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from reviewer.domain.recorded_delivery import read_recorded_delivery
from reviewer.errors import UserError
from tests.guards import ROOT

EXAMPLES: list[dict[str, Any]] = json.loads(
    gzip.decompress((ROOT / "tests/github/webhook-examples.json.gz").read_bytes())
)
#: What the service acts on.
ACTED_ON = [
    number
    for number, example in enumerate(EXAMPLES)
    if example["name"] not in {"label", "push", "workflow_run"}
]


@pytest.mark.parametrize("number", ACTED_ON, ids=lambda n: f"{EXAMPLES[n]['name']}-{n}")
def test_a_payload_tells_which_event_it_is(number: int) -> None:
    example = EXAMPLES[number]
    content = json.dumps(example["payload"], indent=2).encode()

    recorded = read_recorded_delivery(content)

    assert recorded.name == example["name"]
    assert recorded.body == content


def test_an_event_may_stand_beside_its_payload() -> None:
    recorded = read_recorded_delivery(b'{"name": "ping", "payload": {"hook_id": 1}}')
    assert (recorded.name, recorded.body) == ("ping", b'{"hook_id": 1}')


def test_who_names_the_event_is_believed() -> None:
    content = b'{"pull_request": {}}'
    assert read_recorded_delivery(content, name="pull_request_target").name == "pull_request_target"
    both = b'{"name": "ping", "payload": {"hook_id": 1}}'
    assert read_recorded_delivery(both, name="push").name == "push"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "Name it: --event"),
        (b'{"payload": {}}', "Name it: --event"),
    ],
)
def test_what_is_no_delivery_is_told(content: bytes, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read_recorded_delivery(content)
