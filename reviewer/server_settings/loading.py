"""Puts the settings together: defaults, a TOML file, the environment, the command line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource

from reviewer.domain.toml_document import TomlDocument, error_words, nearest, parse_toml
from reviewer.errors import ConfigurationError
from reviewer.server_settings.model import (
    FILE_SUFFIX,
    MISSING_ORIGIN,
    PREFIX,
    SECRET_FILES,
    TWINS,
    ServerSettings,
)

#: Names the TOML file; the only variable that is no setting.
FILE_VARIABLE = f"{PREFIX}CONFIG"

#: No secret of ours is larger; a private key of 4096 bits has 3.2 kB.
_SECRET_FILE_BYTES = 64 * 1024
_COMMAND_LINE_ORIGIN = "command line"

#: What is said where a value is missing that nobody can do without.
_MISSING = {
    "app_id": (
        "the App's number is missing",
        f"It stands on the App's page, About: {PREFIX}APP_ID=123456",
    ),
    "private_key": (
        "the App's private key is missing",
        f"Name the file that GitHub gave for the App: {PREFIX}PRIVATE_KEY_FILE=app.pem",
    ),
    "webhook_secret": (
        "the webhook secret is missing: without it anybody could send events",
        f"Set {PREFIX}WEBHOOK_SECRET to the secret that stands on the App's page.",
    ),
}
#: What the service cannot do without.
NEEDED = tuple(_MISSING)
#: What stands in the place of what a command can do without; nothing is done with it.
_PLACEHOLDERS = {"app_id": "0", "private_key": "none", "webhook_secret": "0" * 16}
_SETUP_HINT = (
    "No App yet? reviewer serve --setup --url https://reviewer.example.com makes one, and all three"
)


def load_server_settings(
    file: Path | None = None,
    *,
    data_folder: Path | None = None,
    said: Mapping[str, str] = MappingProxyType({}),
    needed: Collection[str] = NEEDED,
) -> ServerSettings:
    """Read the settings of the service.

    Args:
        file: The TOML file; None for the one that ``REVIEWER_SERVER_CONFIG`` names, if any.
        data_folder: Where SQLite's files stand when nobody says so; None for this folder.
        said: What the command line says, which wins.
        needed: What cannot be done without here; the service itself needs all of `NEEDED`.

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
        twin = TWINS.get(name)
        if twin is not None and twin not in environment.values:
            # The environment wins over the file, in whichever form that one has the secret.
            values.pop(twin, None)
        values[name] = text
        origins[name] = f"{PREFIX}{name.upper()}"
    values |= said
    origins |= dict.fromkeys(said, _COMMAND_LINE_ORIGIN)
    wrong = [*environment.unknown(), *_take_secret_files(values, origins)]
    for name in NEEDED:
        if name not in needed and name not in values and f"{name}{FILE_SUFFIX}" not in values:
            values[name] = _PLACEHOLDERS[name]
            origins[name] = MISSING_ORIGIN
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
    for file_name, name in SECRET_FILES.items():
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
            if f"{name}{FILE_SUFFIX}" in origins:
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
            yield ConfigurationError(_named(origin, words, name), hint=way_out)


def _named(origin: str, words: str, name: str) -> str:
    """Name a setting once: by its variable, or by the file that holds the secret."""
    if not origin or not words.startswith(name):
        return f"{origin}: {words}" if origin else words
    words = words.removeprefix(name)
    variable = origin.startswith(PREFIX)
    return f"{origin}{words}" if variable else f"{origin}: {words.removeprefix(':').lstrip()}"
