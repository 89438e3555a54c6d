"""Who a GitHub App is: its number and its private key, which makes tokens that live for minutes.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from reviewer.errors import UserError

#: GitHub takes ten minutes at most, counted by its own clock; ours may be a little behind or ahead.
_LIFE = timedelta(minutes=9)
_AHEAD = timedelta(minutes=1)
#: ``123456``, ``Iv1.0123456789abcdef`` or ``Iv23liAbCdEfGhIjKlMn``.
_APP_ID = re.compile(r"[A-Za-z0-9.]{1,40}")
#: Shorter keys are refused by GitHub, and by us with words.
_LEAST_BITS = 2048

_HINT = (
    "Take the file that GitHub gave for the App (General, Private keys), whole:"
    " REVIEWER_SERVER_PRIVATE_KEY_FILE names it."
)

# At DEBUG it would tell claims.
logging.getLogger("jwt").setLevel(logging.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCredentials:
    """An App's number and key.

    Args:
        app_id: Its number, or its client id.
        private_key: Its private key in PEM, never shown.

    Raises:
        UserError: The number or the key is no such thing.
    """

    app_id: str
    private_key: str = field(repr=False)
    # Reading it takes longer than signing with it.
    _key: RSAPrivateKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what GitHub would refuse later, with fewer words."""
        if _APP_ID.fullmatch(self.app_id) is None:
            raise UserError(
                f"{self.app_id[:60]!r} is neither the number of an App nor its client id",
                hint="Both stand on its page, About: 123456, or Iv23liAbCdEfGhIjKlMn.",
            )
        # A key that travelled through a variable often has its line ends written out.
        object.__setattr__(self, "private_key", self.private_key.replace("\\n", "\n"))
        try:
            key = load_pem_private_key(self.private_key.encode(), password=None)
        except (TypeError, ValueError) as error:
            # Nothing of the library's words: they may quote what they could not read.
            raise UserError("the App's private key cannot be read", hint=_HINT) from error
        if not isinstance(key, RSAPrivateKey) or key.key_size < _LEAST_BITS:
            raise UserError("the App's private key is no RSA key of 2048 bits", hint=_HINT)
        object.__setattr__(self, "_key", key)

    @property
    def number(self) -> int | None:
        """The App's number; None where only its client id is known."""
        return int(self.app_id) if self.app_id.isdecimal() else None

    def token(self, now: datetime) -> str:
        """Make the token that the App shows to get others.

        Args:
            now: The time, with a time zone.
        """
        begun = int((now - _AHEAD).timestamp())
        claims = {"iat": begun, "exp": int((now + _LIFE).timestamp()), "iss": self.app_id}
        return jwt.encode(claims, self._key, algorithm="RS256")
