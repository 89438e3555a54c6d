"""A delivery: one message of the code host's, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reviewer.domain.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message that the host signed.

    Args:
        id: ``X-GitHub-Delivery``; the same when a message is sent again.
        name: ``X-GitHub-Event``: ``pull_request``, ``issue_comment``, …
        action: GitHub's word in it: ``opened``, ``created``, …; empty where it has none.
        received_at: When it came, with a time zone.
        installation_id: Whose it is; None where it does not tell.
        repository_id: About which repository; None where it does not tell.
        event: What it says.
    """

    id: str
    name: str
    action: str
    received_at: datetime
    installation_id: int | None
    repository_id: int | None
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """What is kept of a delivery: never its texts.

    Args:
        id: Its id.
        name: The kind of event.
        action: GitHub's word in it.
        received_at: When it came.
        installation_id: Whose it is.
        repository_id: About which repository.
        outcome: What became of it, in a few words; empty while it is worked on.
        handled_at: When that was known.
    """

    id: str
    name: str
    action: str
    received_at: datetime
    installation_id: int | None
    repository_id: int | None
    outcome: str = ""
    handled_at: datetime | None = None
