"""The audit trail: who did what, when, and whether it was allowed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One command of a person, or one write of ours.

    Args:
        at: When.
        actor: Who, by login; ``service`` for what nobody asked for.
        actor_id: The host's number of that account; 0 where it has none.
        action: What: ``command /dismiss``, ``publish review``, ``api cancel``, …
        allowed: Whether it was done; False for what was refused.
        detail: What else is to be known; may hold people's words.
        installation_id: Where; None where it concerns none.
        repository_id: Where; None where it concerns none.
        number: The pull request; None where it concerns none.
        delivery_id: The delivery that led to it; empty for none.
        run_id: The run that it belongs to; empty for none.
    """

    at: datetime
    actor: str
    actor_id: int = 0
    action: str
    allowed: bool = True
    detail: str = ""
    installation_id: int | None = None
    repository_id: int | None = None
    number: int | None = None
    delivery_id: str = ""
    run_id: str = ""
