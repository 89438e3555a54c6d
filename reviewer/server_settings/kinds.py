"""What the settings are made of: networks, addresses, secrets, bounded figures."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

#: Shorter ones can be guessed: a signature tells everybody whether a guess was right.
_LEAST_SECRET = 16
#: This one is sent with every request and opens everything.
_LEAST_TOKEN = 32
_APP_ID = re.compile(r"[0-9]{1,20}|Iv[A-Za-z0-9.]{4,40}")


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


def _app_id(value: str) -> str:
    if _APP_ID.fullmatch(value) is None:
        message = (
            f'"{value[:60]}" is neither the App\'s number nor its client id:'
            " 123456, or Iv23liAbCdEfGhIjKlMn"
        )
        raise ValueError(message)
    return value


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


AppId = Annotated[str, AfterValidator(_app_id)]
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
