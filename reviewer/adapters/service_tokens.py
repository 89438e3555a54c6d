"""Tokens of other services: JSON Web Tokens, signed with RS256 by keys that the operator named.

https://www.rfc-editor.org/rfc/rfc8725 (best current practices): the algorithm is ours to choose and
not the token's, a key is found by ``kid`` alone, every claim that bounds a token is demanded, and
nothing that a token points to (``jku``, ``x5u``, ``jwk``) is looked at.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from reviewer.domain.access import Caller, Role
from reviewer.errors import ConfigurationError, UserError
from reviewer.ports.service_tokens import RefusedTokenError

_ALGORITHM = "RS256"
_LEAST_BITS = 2048
#: Clocks differ a little.
_LEEWAY_SECONDS = 30
#: A token that lives longer is a password that nobody changes.
_LONGEST_LIFE_SECONDS = 24 * 3600
_LONGEST_TOKEN = 8_192
_DEMANDED = ("iss", "aud", "exp", "nbf", "sub")
#: A subject stands in the audit trail and in the log.
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,99}")
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")

_KEY_HINT = "Make it with: openssl rsa -in private.pem -pubout"

# At DEBUG it would tell claims.
logging.getLogger("jwt").setLevel(logging.INFO)


class JwtServiceTokens:
    """Reads JSON Web Tokens.

    Args:
        keys: Public keys in PEM by their ids; several while a key is being changed, none where no
            other service may come.
        issuer: Whose tokens are taken.
        audience: For whom they must have been made.

    Raises:
        UserError: A key is none that may be used.
    """

    def __init__(self, keys: Mapping[str, str], *, issuer: str, audience: str) -> None:
        if keys and not issuer:
            raise UserError("service tokens need an issuer: whose tokens are taken")
        self._keys = {key_id: _public_key(key_id, pem) for key_id, pem in keys.items()}
        self._issuer = issuer
        self._audience = audience

    def read(self, token: str) -> Caller:
        """Return who shows the token.

        Raises:
            RefusedTokenError: It proves nothing.
        """
        if len(token) > _LONGEST_TOKEN:
            raise RefusedTokenError("the token is too long")
        try:
            claims = jwt.decode(
                token,
                self._key_of(token),
                algorithms=[_ALGORITHM],
                issuer=self._issuer,
                audience=self._audience,
                leeway=_LEEWAY_SECONDS,
                options={"require": list(_DEMANDED), "strict_aud": True},
            )
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            # The library's words hold claims at most, never the token; they are cut all the same.
            raise RefusedTokenError(f"{type(error).__name__}: {str(error)[:100]}") from None
        return Caller(name=f"service:{_subject(claims)}", role=_role(claims))

    def _key_of(self, token: str) -> RSAPublicKey:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != _ALGORITHM:
            raise RefusedTokenError("the token is not signed with RS256")
        if "crit" in header:
            raise RefusedTokenError("the token demands what nobody here understands")
        key = self._keys.get(str(header.get("kid", "")))
        if key is None:
            raise RefusedTokenError("the token names no key that we know")
        return key


def _subject(claims: Mapping[str, object]) -> str:
    life = _number(claims, "exp") - _number(claims, "nbf")
    if not 0 < life <= _LONGEST_LIFE_SECONDS:
        raise RefusedTokenError("the token lives for more than a day")
    subject = claims.get("sub")
    if not isinstance(subject, str) or _SUBJECT.fullmatch(subject) is None:
        raise RefusedTokenError("the token has no subject that can be written down")
    return subject


def _number(claims: Mapping[str, object], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedTokenError(f"{name} is no time")
    return value


def _role(claims: Mapping[str, object]) -> Role:
    try:
        return Role(str(claims.get("role", "")))
    except ValueError:
        raise RefusedTokenError("the token has no role") from None


def read_service_keys(keys: Mapping[str, str], folder: Path | None) -> Mapping[str, str]:
    """Put the keys of the settings and of a folder together.

    Args:
        keys: Keys in PEM by their ids.
        folder: Holds others, each in ``KID.pem``; None for none.

    Raises:
        ConfigurationError: The folder cannot be read, or a key stands in both places.
    """
    found = dict(keys)
    if folder is None:
        return found
    try:
        files = sorted(folder.glob("*.pem"))
        texts = {file.stem: file.read_text(encoding="ascii") for file in files}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "a key is no text"
        raise ConfigurationError(f"it cannot be read: {reason}", path=str(folder)) from error
    if not texts:
        raise ConfigurationError("there is no key in it: KID.pem", path=str(folder))
    twice = found.keys() & texts.keys()
    if twice:
        raise ConfigurationError(f"{min(twice)} is also in service_keys", path=str(folder))
    return found | texts


def _public_key(key_id: str, pem: str) -> RSAPublicKey:
    if _KEY_ID.fullmatch(key_id) is None:
        raise UserError(f"service key {key_id[:60]!r}: an id is letters, digits, dots, dashes")
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # Nothing of the library's words: it may have been a private key.
        message = f"service key {key_id}: it is no public key in PEM"
        raise UserError(message, hint=_KEY_HINT) from error
    if not isinstance(key, RSAPublicKey) or key.key_size < _LEAST_BITS:
        raise UserError(f"service key {key_id}: it is no RSA key of {_LEAST_BITS} bits or more")
    return key
