"""A delivery that somebody recorded: the payload as GitHub sent it, or with its event beside it.

The page "Recent deliveries" of an App shows payloads to copy; octokit's examples have the form
``{"name": …, "payload": …}``. Where nobody says which event it is, what the payload holds tells.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from reviewer.errors import UserError

#: Keys that a payload has, and the event it then is; the first that fits counts.
_TELLING: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"merge_group"}), "merge_group"),
    (frozenset({"check_run"}), "check_run"),
    (frozenset({"check_suite"}), "check_suite"),
    (frozenset({"thread", "pull_request"}), "pull_request_review_thread"),
    (frozenset({"comment", "issue"}), "issue_comment"),
    (frozenset({"comment", "pull_request"}), "pull_request_review_comment"),
    (frozenset({"review", "pull_request"}), "pull_request_review"),
    (frozenset({"pull_request"}), "pull_request"),
    (frozenset({"repositories_added"}), "installation_repositories"),
    (frozenset({"zen"}), "ping"),
)
#: An event of the App itself names its installation and hardly anything else.
_INSTALLATION = frozenset({"action", "installation", "repositories", "requester", "sender"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDelivery:
    """What is sent again.

    Args:
        name: The kind of event.
        body: The payload.
    """

    name: str
    body: bytes


def read_recorded_delivery(content: bytes, *, name: str = "") -> RecordedDelivery:
    """Read what somebody recorded.

    Args:
        content: The file's bytes, which are sent as they are where they are the payload.
        name: The kind of event; empty to find it out.

    Raises:
        UserError: It is no payload, or nobody can tell of which event.
    """
    try:
        value: object = json.loads(content)
    except (ValueError, RecursionError):
        raise UserError("the recording is no JSON") from None
    if not isinstance(value, Mapping):
        raise UserError("the recording is no JSON object")
    payload, body = value, content
    inner = value.get("payload")
    if isinstance(inner, Mapping) and isinstance(value.get("name"), str):
        payload, body = inner, json.dumps(inner).encode()
        name = name or str(value["name"])
    name = name or _named(payload)
    if not name:
        raise UserError(
            "nothing in the recording tells which event it is",
            hint="Name it: --event pull_request",
        )
    return RecordedDelivery(name=name, body=body)


def _named(payload: Mapping[str, object]) -> str:
    """Return the event that a payload is of; empty where it could be several."""
    for keys, event in _TELLING:
        if keys <= payload.keys():
            return event
    return "installation" if "installation" in payload and payload.keys() <= _INSTALLATION else ""
