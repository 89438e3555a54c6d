"""Reads the address of the service's database, as people and hosting services write it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from reviewer.errors import UserError

_FORMS = "Write sqlite:///FOLDER/FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME."

_SQLITE = frozenset({"sqlite", "sqlite+aiosqlite"})
_POSTGRESQL = frozenset(
    {"postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg", "postgresql+psycopg2"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAddress:
    """Where the service's database is.

    Args:
        url: For SQLAlchemy, with the driver; holds the password.
        shown: The same for people, without it.
        file: SQLite's file; None on PostgreSQL.
    """

    url: URL = field(repr=False)
    shown: str
    file: Path | None = None


def read_address(text: str) -> ServiceAddress:
    """Read an address.

    Args:
        text: As an operator configures it; may hold a password and is never shown.

    Raises:
        UserError: It is none that we know.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        # The error's own text would show the address.
        raise UserError("the address of the database is none", hint=_FORMS) from error
    if url.drivername in _SQLITE:
        if not url.database or url.database == ":memory:":
            raise UserError("the address of the database names no file", hint=_FORMS)
        file = Path(url.database)
        return ServiceAddress(
            url=url.set(drivername="sqlite+aiosqlite"), shown=str(file), file=file
        )
    if url.drivername in _POSTGRESQL:
        url = _for_asyncpg(url)
        return ServiceAddress(url=url, shown=url.render_as_string(hide_password=True))
    raise UserError(f"{url.drivername} is no database that this program works on", hint=_FORMS)


def _for_asyncpg(url: URL) -> URL:
    """Translate what libpq calls otherwise (`sslmode`), so that one address serves all drivers."""
    query = dict(url.query)
    mode = query.pop("sslmode", None)
    if mode is not None:
        query.setdefault("ssl", mode)
    return url.set(drivername="postgresql+asyncpg", query=query)
