"""Wires what brings the databases of the service to a revision, apart from serving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewer.errors import UserError

if TYPE_CHECKING:
    from reviewer.server_settings import ServerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """What came of it.

    Args:
        before: The revision of the service's tables before; empty for an empty database.
        after: The revision now.
    """

    before: str
    after: str


def loses(revision: str) -> bool:
    """Tell whether going to a revision deletes what newer ones have.

    Args:
        revision: Its name; empty for the newest one.

    Raises:
        UserError: There is no such revision.
    """
    from reviewer.adapters.database.service_migration import revisions

    known = revisions()
    if revision and revision not in known:
        raise UserError(
            f"{revision!r} is no revision of the tables", hint=f"There are: {', '.join(known)}"
        )
    return bool(revision) and revision != known[-1]


async def migrate_databases(settings: ServerSettings, *, to: str = "") -> Migrated:
    """Bring the service's tables to a revision, and the engine's to this version.

    Args:
        settings: Where the databases are.
        to: A revision of the service's tables alone: the engine's never go back. Empty for the
            newest one, of both.

    Raises:
        UserError: The database does not let us in, or was written by a newer program.
        CommunicationError: It does not answer.
        ResourceError: It has no room.
    """
    from reviewer.adapters.database.migration import HEAD
    from reviewer.adapters.database.service_migration import bring_to
    from reviewer.adapters.durable.engine import DbosEngine
    from reviewer.adapters.durable.settings import EngineSettings

    after = to or HEAD
    before = await bring_to(settings.database.get_secret_value(), after)
    if not to:
        engine = DbosEngine(EngineSettings(database=settings.engine.get_secret_value()))
        try:
            await engine.open()
        finally:
            await engine.close()
    return Migrated(before=before or "", after=after)


async def seal_anew(settings: ServerSettings) -> int:
    """Encrypt every text of the service's tables with the first key.

    Args:
        settings: Where the database is, and the keys.

    Returns:
        How many rows were written.

    Raises:
        UserError: There is no key, or one is missing that something was encrypted with.
        CommunicationError: The database does not answer.
        ResourceError: It has no room.
    """
    from reviewer.adapters.database.service_store import open_service_store

    keys = tuple(key.get_secret_value() for key in settings.encryption_keys)
    if not keys:
        raise UserError(
            "no key is configured to encrypt with",
            hint="Set encryption_keys; openssl rand -base64 32 makes one.",
        )
    async with open_service_store(settings.database.get_secret_value(), keys=keys) as store:
        return await store.reseal()
