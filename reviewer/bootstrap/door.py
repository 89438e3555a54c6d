"""What the service's door is given: every port that it needs, put together somewhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING

from reviewer.errors import UserError
from reviewer.ports.clock import Clock
from reviewer.ports.door_watch import DoorWatch, NoDoorWatch
from reviewer.ports.engine import Engine
from reviewer.ports.run_events import RunEvents
from reviewer.ports.service_tokens import ServiceTokens
from reviewer.ports.store import Store
from reviewer.ports.webhooks import Webhooks

if TYPE_CHECKING:
    # Late: it needs the extra, which `require_extra` asks for with words.
    from reviewer.server_settings import ServerSettings

#: What the extra ``server`` brings, and what the service needs of the others.
_EXTRA = ("fastapi", "uvicorn", "pydantic_settings", "dbos", "structlog", "github", "sqlalchemy")


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything behind the door.

    Args:
        settings: What the operator set.
        clock: Tells the time.
        engine: Takes deliveries and orders.
        store: Has runs, costs and the audit trail.
        events: What happens in runs.
        webhooks: Judges and reads deliveries.
        tokens: Reads tokens of other services.
        metrics: Writes the figures in the text format of Prometheus.
        watch: Takes notes of what the door does.
    """

    settings: ServerSettings
    clock: Clock
    engine: Engine
    store: Store
    events: RunEvents
    webhooks: Webhooks
    tokens: ServiceTokens
    metrics: Callable[[], bytes]
    watch: DoorWatch = field(default_factory=NoDoorWatch)


def require_extra() -> None:
    """Make sure that what the service needs is installed, before any of it is imported.

    Raises:
        UserError: It is not.
    """
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        raise UserError(
            f"the service needs {missing[0]}, which is not installed",
            hint="Install it: pip install 'persona-reviewer[server,github,model]'",
        )


def webhooks_of(settings: ServerSettings) -> Webhooks:
    """Return what judges GitHub's deliveries by the operator's secrets.

    Raises:
        UserError: There is no secret.
    """
    from reviewer.adapters.github.webhooks import GitHubWebhooks

    return GitHubWebhooks(settings.webhook_secrets)


def tokens_of(settings: ServerSettings) -> ServiceTokens:
    """Return what reads service tokens, with the operator's keys.

    Raises:
        UserError: A key is none that may be used.
    """
    from reviewer.adapters.service_tokens import JwtServiceTokens, read_service_keys

    return JwtServiceTokens(
        read_service_keys(settings.service_keys, settings.service_keys_folder),
        issuer=settings.token_issuer,
        audience=settings.token_audience,
    )
