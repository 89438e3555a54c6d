"""The settings of the service: from a TOML file and the environment, each with its origin.

One flat list of names. ``webhook_secret`` of the file is ``REVIEWER_SERVER_WEBHOOK_SECRET`` of the
environment, which wins; lists in the environment are separated by commas. Each secret may stand in
a file of its own instead, as orchestrators mount them: ``webhook_secret_file`` names it. An unknown
name is an error in both places: a limit that is misspelt would not hold, and nobody would know.

`config.Settings` holds what the service has in common with the command line: the model, its keys,
the operator's file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict
from pydantic_settings.sources import PydanticBaseSettingsSource
from typing_extensions import override

from reviewer.domain.toml_document import TomlDocument, error_words, nearest, parse_toml
from reviewer.errors import ConfigurationError

PREFIX = "REVIEWER_SERVER_"
#: Names the TOML file; the only variable that is no setting.
FILE_VARIABLE = f"{PREFIX}CONFIG"

#: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
BODY_LIMIT_BYTES = 25_000_000

#: Shorter ones can be guessed: a signature tells everybody whether a guess was right.
_LEAST_SECRET = 16
#: This one is sent with every request and opens everything.
_LEAST_TOKEN = 32
#: No secret of ours is larger; a private key of 4096 bits has 3.2 kB.
_SECRET_FILE_BYTES = 64 * 1024

_DEFAULT_ORIGIN = "default"
_FILE_SUFFIX = "_file"


def _listed(value: object) -> object:
    """Split a list that came as one text, with commas or a line for each."""
    if isinstance(value, str):
        return value.replace(",", " ").split()
    return value


def _network(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ip_network(value)
    except ValueError:
        message = f'"{value[:60]}" is no address or network, like 192.30.252.0/22'
        raise ValueError(message) from None


def _address(value: str) -> str:
    value = value.rstrip("/")
    if value and not value.startswith(("https://", "http://")):
        message = "must be an address that begins with https://"
        raise ValueError(message)
    return value


def _database(value: SecretStr) -> SecretStr:
    scheme = value.get_secret_value().partition("://")[0].partition("+")[0]
    if scheme not in {"sqlite", "postgresql"}:
        message = "must begin with sqlite:/// or postgresql://"
        raise ValueError(message)
    return value


def _at_least(characters: int) -> AfterValidator:
    def check(value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < characters:
            message = f"has fewer than {characters} characters: openssl rand -hex 32 makes one"
            raise ValueError(message)
        return value

    return AfterValidator(check)


Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(_listed), Field(max_length=500)]
Address = Annotated[str, AfterValidator(_address)]
DatabaseAddress = Annotated[SecretStr, AfterValidator(_database)]
Secret = Annotated[SecretStr, _at_least(_LEAST_SECRET)]
Token = Annotated[SecretStr, _at_least(_LEAST_TOKEN)]
Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(_listed), Field(max_length=20)]
Count = Annotated[int, Field(ge=1, le=100_000)]
Days = Annotated[int, Field(ge=1, le=3650)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
PerSecond = Annotated[float, Field(gt=0, le=100_000)]


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

    app_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9.]{1,40}$")]
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
    retention_days: Days = 90
    #: Calls of the ledger and the audit trail.
    accounts_retention_days: Days = 400

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
    def webhook_secrets(self) -> tuple[str, ...]:
        """Every secret that a delivery may be signed with."""
        secrets = (self.webhook_secret, self.previous_webhook_secret)
        return tuple(secret.get_secret_value() for secret in secrets if secret is not None)

    def explained(self) -> tuple[ExplainedSetting, ...]:
        """Return every value with its origin; never a secret."""
        return tuple(
            ExplainedSetting(
                key=name,
                value=_shown(getattr(self, name)),
                origin=self._origins.get(name, _DEFAULT_ORIGIN),
            )
            for name in type(self).model_fields
            if name not in _SECRET_FILES
        )


#: The names of files that hold secrets, and the settings that they stand for.
_SECRET_FILES = {
    name: name.removesuffix(_FILE_SUFFIX)
    for name in ServerSettings.model_fields
    if name.endswith(_FILE_SUFFIX)
}

#: Each of the two ways to give a secret, and the other one.
_TWINS = {**_SECRET_FILES, **{name: file_name for file_name, name in _SECRET_FILES.items()}}

#: What is said where a value is missing that nobody can do without.
_MISSING = {
    "app_id": ("the App's number is missing", "It stands on the App's page, About."),
    "private_key": (
        "the App's private key is missing",
        f"Name the file that GitHub gave for the App: {PREFIX}PRIVATE_KEY_FILE=app.pem",
    ),
    "webhook_secret": (
        "the webhook secret is missing: without it anybody could send events",
        f"Set {PREFIX}WEBHOOK_SECRET to the secret that stands on the App's page.",
    ),
}
_SETUP_HINT = "`reviewer serve --setup` registers an App and writes all three."


def load_server_settings(
    file: Path | None = None, *, data_folder: Path | None = None
) -> ServerSettings:
    """Read the settings of the service.

    Args:
        file: The TOML file; None for the one that ``REVIEWER_SERVER_CONFIG`` names, if any.
        data_folder: Where SQLite's files stand when nobody says so; None for this folder.

    Raises:
        ConfigurationError: Something is wrong or missing; tells everything that is, and no secret.
    """
    environment = _Environment()
    file = file or environment.file
    document = _read_document(file) if file is not None else None
    values: dict[str, Any] = {} if data_folder is None else {"data_folder": data_folder}
    origins: dict[str, str] = {}
    if document is not None:
        values |= document.data
        origins |= dict.fromkeys(document.data, document.path)
    for name, text in environment.values.items():
        twin = _TWINS.get(name)
        if twin is not None and twin not in environment.values:
            # The environment wins over the file, in whichever form that one has the secret.
            values.pop(twin, None)
        values[name] = text
        origins[name] = f"{PREFIX}{name.upper()}"
    wrong = [*environment.unknown(), *_take_secret_files(values, origins)]
    try:
        settings = ServerSettings(**values)
    except ValidationError as error:
        wrong += _told(error, document, origins)
    else:
        if not wrong:
            settings._origins = origins  # noqa: SLF001 - known only once the values stand
            return settings
    raise ConfigurationError.of(wrong) from None


class _Environment:
    """What the environment says, as pydantic-settings reads it."""

    def __init__(self) -> None:
        source = EnvSettingsSource(ServerSettings)
        self.values: dict[str, str] = source()
        self._said = {
            name.removeprefix(PREFIX.lower()): text
            for name, text in source.env_vars.items()
            if name.startswith(PREFIX.lower())
        }

    @property
    def file(self) -> Path | None:
        """The TOML file that is named."""
        text = self._said.get(FILE_VARIABLE.removeprefix(PREFIX).lower())
        return Path(text) if text else None

    def unknown(self) -> Iterator[ConfigurationError]:
        """Tell variables that are none of ours and look like it."""
        known = [
            FILE_VARIABLE,
            *(f"{PREFIX}{name.upper()}" for name in ServerSettings.model_fields),
        ]
        for name in self._said:
            variable = f"{PREFIX}{name.upper()}"
            if variable not in known:
                yield ConfigurationError(
                    f"{variable} is no setting of the service", hint=nearest(variable, known)
                )


def _read_document(file: Path) -> TomlDocument:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise ConfigurationError(f"it cannot be read: {reason}", path=str(file)) from error
    return parse_toml(text, str(file))


def _take_secret_files(
    values: dict[str, Any], origins: dict[str, str]
) -> Iterator[ConfigurationError]:
    """Put the contents of files that hold secrets in their place."""
    for file_name, name in _SECRET_FILES.items():
        file = values.get(file_name)
        if not isinstance(file, str | Path):
            continue
        if name in values:
            yield ConfigurationError(
                f"both {name} ({origins.get(name)}) and {file_name} ({origins.get(file_name)})"
                " are set",
                hint="Keep one of them.",
            )
            continue
        try:
            with Path(file).open(encoding="utf-8") as stream:
                text = stream.read(_SECRET_FILE_BYTES + 1)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
            message = f"{file_name}: it cannot be read: {reason}"
            yield ConfigurationError(message, path=str(file))
            continue
        if len(text) > _SECRET_FILE_BYTES or not text.strip():
            yield ConfigurationError(f"{file_name}: it holds no secret", path=str(file))
            continue
        # An editor ends the file with a line end that is no part of the secret.
        values[name] = text.strip()
        origins[name] = f"{file} ({origins.get(file_name)})"


def _told(
    error: ValidationError, document: TomlDocument | None, origins: Mapping[str, str]
) -> Iterator[ConfigurationError]:
    """Tell what is wrong, where it was said."""
    missing = False
    for detail in error.errors(include_url=False, include_context=True):
        name = str(detail["loc"][0]) if detail["loc"] else ""
        if detail["type"] == "missing":
            if f"{name}{_FILE_SUFFIX}" in origins:
                continue  # its file cannot be read, which was told
            message, hint = _MISSING[name]
            yield ConfigurationError(message, hint=hint if missing else f"{hint}\n  {_SETUP_HINT}")
            missing = True
            continue
        words, way_out = error_words(detail, ServerSettings)
        words = words.removeprefix("the file: ")
        origin = origins.get(name, "")
        if document is not None and origin == document.path:
            yield document.error(words, detail["loc"], way_out)
        else:
            yield ConfigurationError(f"{origin}: {words}" if origin else words, hint=way_out)


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
