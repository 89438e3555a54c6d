"""Encryption of texts at rest, where the operator configures keys.

What is stored tells what it is, so that keys can come, change and go:

- ``sealed:1:…`` is a Fernet token (https://github.com/fernet/spec): AES-128 and an HMAC-SHA256. The
  first key seals, any key opens; a key may go when nothing is left that it sealed;
- ``plain:1:…`` is a text that begins like one of the two;
- anything else is the text itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect

from reviewer.errors import UserError

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

_SEALED = "sealed:1:"
_PLAIN = "plain:1:"

#: A pattern of SQL for what is sealed, in a column of text.
SEALED_PATTERN = f"{_SEALED}%"


class Sealer:
    """Seals texts on their way into a database and opens them on their way out.

    Args:
        keys: 32 bytes each, in base64; the first one seals. Without keys texts stay plain.

    Raises:
        UserError: A key is none.
    """

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self._fernet = _fernet_of(keys) if keys else None

    def seal(self, text: str) -> str:
        """Return what is stored for a text."""
        if self._fernet is not None:
            return _SEALED + self._fernet.encrypt(text.encode()).decode()
        return _PLAIN + text if text.startswith((_SEALED, _PLAIN)) else text

    def unseal(self, stored: str) -> str:
        """Return the text of what is stored.

        Raises:
            UserError: It was sealed with a key that is not configured.
        """
        if not stored.startswith(_SEALED):
            return stored.removeprefix(_PLAIN)
        if self._fernet is None:
            raise UserError(
                "texts in the database are encrypted, and no key is configured",
                hint="Configure the key that they were written with.",
            )
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - as below

        try:
            return self._fernet.decrypt(stored.removeprefix(_SEALED)).decode()
        except InvalidToken as error:
            raise UserError(
                "texts in the database were encrypted with another key",
                hint="Configure that key too, after the one that is to be used from now on.",
            ) from error


def _fernet_of(keys: Sequence[str]) -> MultiFernet:
    # Late: without keys nobody needs it, and the command line has none.
    from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415

    fernets = []
    for number, key in enumerate(keys, 1):
        try:
            # `openssl rand -base64 32` writes the other alphabet of base64.
            fernets.append(Fernet(key.strip().replace("+", "-").replace("/", "_")))
        except ValueError as error:
            # The key itself is shown to nobody.
            raise UserError(
                f"the database's key {number} is not 32 bytes in base64",
                hint="Make one with: openssl rand -base64 32",
            ) from error
    return MultiFernet(fernets)


#: Column types are shared by all databases of a process, keys are not.
_SEALERS: WeakKeyDictionary[Dialect, Sealer] = WeakKeyDictionary()
_NO_KEYS = Sealer()


def use_sealer(dialect: Dialect, sealer: Sealer) -> None:
    """Let every sealed column of an engine use these keys.

    Args:
        dialect: The engine's own.
        sealer: Its keys.
    """
    _SEALERS[dialect] = sealer


def sealer_of(dialect: Dialect) -> Sealer:
    """Return what seals the columns of an engine."""
    return _SEALERS.get(dialect, _NO_KEYS)
