"""GitHub's webhooks: the signature over the raw bytes, and what a delivery says.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from reviewer.adapters.github.event_reader import read_event, read_payload
from reviewer.domain.delivery import Delivery
from reviewer.errors import UserError

#: SHA-256 alone: GitHub sends ``X-Hub-Signature`` with SHA-1 for old programs.
_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")

#: What carries it: ``X-Hub-Signature-256``.
SIGNATURE_HEADER = "X-Hub-Signature-256"


def signature_of(body: bytes, secret: str) -> str:
    """Return what GitHub shows as the signature of a body."""
    return f"sha256={hmac.new(secret.encode(), body, sha256).hexdigest()}"


class GitHubWebhooks:
    """Judges deliveries by secrets that only GitHub and we know.

    Args:
        secrets: Every secret that may have signed one: while it is changed there are two.

    Raises:
        UserError: There is none, so that anybody could send events.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets or not all(secrets):
            raise UserError(
                "there is no webhook secret, so that anybody could send events",
                hint="Set REVIEWER_SERVER_WEBHOOK_SECRET to the secret on the App's page.",
            )
        self._secrets = tuple(secrets)

    def is_signed(self, body: bytes, signature: str) -> bool:
        """Tell whether GitHub signed exactly these bytes; takes as long for any answer."""
        if _SIGNATURE.fullmatch(signature) is None:
            return False
        matches = [
            hmac.compare_digest(signature_of(body, secret), signature) for secret in self._secrets
        ]
        return any(matches)

    def read(self, *, delivery_id: str, name: str, body: bytes, received_at: datetime) -> Delivery:
        """Read a delivery whose signature was right.

        Raises:
            GitHubError: It is no event that GitHub would send.
            ResourceError: It is larger than any.
        """
        payload = read_payload(body)
        action = payload.get("action")
        return Delivery(
            id=delivery_id,
            name=name,
            action=action if isinstance(action, str) else "",
            received_at=received_at,
            installation_id=_id_in(payload, "installation"),
            repository_id=_id_in(payload, "repository"),
            event=read_event(name, payload),
        )


def _id_in(payload: Mapping[str, object], key: str) -> int | None:
    """Return the host's number of something that the payload names, where it does."""
    value = payload.get(key)
    number = value.get("id") if isinstance(value, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None
