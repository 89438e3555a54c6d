"""Every setting of the service, its default and its bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.sources import PydanticBaseSettingsSource
from typing_extensions import override

from reviewer.domain.command_usage import CommandRules
from reviewer.domain.posting import Permission
from reviewer.server_settings.kinds import (
    Address,
    AppId,
    Count,
    DatabaseAddress,
    Days,
    Networks,
    PerSecond,
    Seconds,
    Secret,
    Secrets,
    Token,
)

PREFIX = "REVIEWER_SERVER_"

#: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
BODY_LIMIT_BYTES = 25_000_000

DEFAULT_ORIGIN = "default"
MISSING_ORIGIN = "needed"
FILE_SUFFIX = "_file"


class ServerRole(StrEnum):
    """What one process does."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedSetting:
    """One effective value, fit to be shown.

    Args:
        key: Its name.
        value: What it is; of a secret only whether there is one.
        origin: Who said so: ``default``, a file, a variable.
    """

    key: str
    value: str
    origin: str


class ServerSettings(BaseSettings):
    """Everything that an operator may set for the service; made by `load_server_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        enable_decoding=False,
        extra="forbid",
        frozen=True,
        # An error's text is shown and logged, and the input may be a secret.
        hide_input_in_errors=True,
        coerce_numbers_to_str=True,
    )

    app_id: AppId
    private_key: SecretStr
    private_key_file: Path | None = None
    webhook_secret: Secret
    webhook_secret_file: Path | None = None
    #: Holds beside the other one while the secret is being changed.
    previous_webhook_secret: Secret | None = None
    previous_webhook_secret_file: Path | None = None
    github_api_url: Address = ""
    github_graphql_url: Address = ""
    github_server_url: Address = ""

    #: Whether this process takes deliveries, does the work, or both.
    role: ServerRole = ServerRole.ALL
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    #: Where people and GitHub reach the service; links are made with it.
    public_url: Address = ""
    #: Who may say in ``X-Forwarded-For`` for whom it speaks.
    trusted_proxies: Networks = ()
    #: Who may send webhooks; empty for everybody; GitHub tells its own at `/meta`.
    allowed_networks: Networks = ()

    #: Where SQLite's files stand when no address is given.
    data_folder: Path = Path()
    database_url: DatabaseAddress | None = None
    database_url_file: Path | None = None
    engine_url: DatabaseAddress | None = None
    engine_url_file: Path | None = None
    #: The first one seals, each opens.
    encryption_keys: Secrets = ()
    encryption_keys_file: Path | None = None
    #: Signs what reviews remember on pull requests; all workers have the same.
    state_key: Secret | None = None
    state_key_file: Path | None = None
    #: Whether our own threads are resolved; GitHub demands ``contents: write`` of the App for it.
    resolve_threads: bool = False
    retention_days: Days = 90
    #: Calls of the ledger and the audit trail.
    accounts_retention_days: Days = 400

    #: What somebody needs for commands that spend or change: write permission, or triage.
    command_permission: Literal["write", "triage"] = "write"
    #: The author of a pull request may ask for a review once in so many minutes without it.
    author_review_minutes: Annotated[int, Field(ge=1, le=10_080)] | None = None
    commands_per_hour_by_person: Count = 30
    #: Commands that may ask a model.
    asks_per_hour_by_person: Count = 10
    asks_per_hour: Count = 20

    operator_token: Token | None = None
    operator_token_file: Path | None = None
    #: Public keys in PEM by key id (``kid``), whose tokens are taken.
    service_keys: Annotated[dict[str, str], Field(max_length=50)] = {}
    #: A folder of such keys, each in ``KID.pem``.
    service_keys_folder: Path | None = None
    token_issuer: str = ""
    token_audience: Annotated[str, Field(min_length=1)] = "persona-reviewer"  # noqa: S105 - the name of this service
    #: Whether ``/metrics`` answers without a token; for a port that only the scraper reaches.
    metrics_open: bool = False
    #: Whether figures are told by repository, whose names then stand in them.
    metrics_by_repository: bool = False

    body_limit_bytes: Annotated[int, Field(ge=1024, le=BODY_LIMIT_BYTES)] = BODY_LIMIT_BYTES
    body_seconds: Seconds = 10
    webhooks_per_second: PerSecond = 200
    webhook_burst: Count = 1000
    webhooks_per_second_by_address: PerSecond = 100
    webhook_burst_by_address: Count = 500
    requests_per_second_by_address: PerSecond = 20
    request_burst_by_address: Count = 60
    #: Connections that may be open at once, live streams among them.
    connections: Count = 500
    listeners: Count = 100
    heartbeat_seconds: Seconds = 15

    concurrent_reviews: Count = 4
    concurrent_reviews_by_installation: Count = 2
    #: Reviews of one installation that may begin in an hour.
    reviews_per_hour_by_installation: Count = 120
    debounce_seconds: Annotated[float, Field(ge=0, le=3600)] = 30
    #: A worker that gave no sign of life for so long is taken for dead.
    takeover_seconds: Annotated[float, Field(ge=4, le=600)] = 20
    #: How often missed deliveries are looked for.
    sweep_minutes: Count = 10
    #: How long it is still listened after a signal, so that whoever spreads requests can see it.
    drain_seconds: Annotated[float, Field(ge=0, le=300)] = 0
    shutdown_seconds: Seconds = 25

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    #: Where spans go (OTLP over HTTP); empty for nowhere.
    otlp_endpoint: Address = ""

    _origins: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what `load_server_settings` put together: it knows where each value stood."""
        return (init_settings,)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.service_keys or self.service_keys_folder) and not self.token_issuer:
            message = "service tokens need token_issuer: whose tokens are taken"
            raise ValueError(message)
        if self.on_postgresql and self.state_key is None:
            message = "several workers need the same state_key: openssl rand -hex 32 makes one"
            raise ValueError(message)
        return self

    @property
    def on_postgresql(self) -> bool:
        """Whether the database is one that several workers share."""
        url = self.database_url
        return url is not None and url.get_secret_value().startswith("postgresql")

    @property
    def database(self) -> SecretStr:
        """The address of the service's tables."""
        return self.database_url or SecretStr(f"sqlite:///{self.data_folder / 'service.sqlite3'}")

    @property
    def engine(self) -> SecretStr:
        """The address of the durable engine's tables: the same PostgreSQL, or a second file."""
        if self.engine_url is None and self.on_postgresql:
            return self.database
        return self.engine_url or SecretStr(f"sqlite:///{self.data_folder / 'engine.sqlite3'}")

    @property
    def command_rules(self) -> CommandRules:
        """Who may use which slash command, and how often on one pull request."""
        return CommandRules(
            least=Permission(self.command_permission),
            author_review_minutes=self.author_review_minutes,
            asks_a_person=self.asks_per_hour_by_person,
            asks=self.asks_per_hour,
            commands_a_person=self.commands_per_hour_by_person,
        )

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Every secret that a delivery may be signed with."""
        secrets = (self.webhook_secret, self.previous_webhook_secret)
        return tuple(secret.get_secret_value() for secret in secrets if secret is not None)

    def explained(self) -> tuple[ExplainedSetting, ...]:
        """Return every value with its origin; never a secret."""
        return tuple(
            ExplainedSetting(
                key=name,
                value=_shown(self._said(name)),
                origin=self._origins.get(name, DEFAULT_ORIGIN),
            )
            for name in type(self).model_fields
            if name not in SECRET_FILES
        )

    def _said(self, name: str) -> object:
        """Return a value, where anybody has set it."""
        return None if self._origins.get(name) == MISSING_ORIGIN else getattr(self, name)


#: The names of files that hold secrets, and the settings that they stand for.
SECRET_FILES = {
    name: name.removesuffix(FILE_SUFFIX)
    for name in ServerSettings.model_fields
    if name.endswith(FILE_SUFFIX)
}

#: Each of the two ways to give a secret, and the other one.
TWINS = {**SECRET_FILES, **{name: file_name for file_name, name in SECRET_FILES.items()}}


def _shown(value: object) -> str:
    """Write a value for people; of a secret only that there is one."""
    if isinstance(value, SecretStr):
        return "(set)"
    if value is None or value in ("", (), {}):
        return "(not set)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        if all(isinstance(part, SecretStr) for part in value):
            return f"({len(value)} set)"
        return ", ".join(str(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
