"""Brings the service's tables to a revision, apart from serving: before a release, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from reviewer.adapters.database.address import read_address
from reviewer.adapters.database.engine import READING, create_engine
from reviewer.adapters.database.ledger_file import make_private_file
from reviewer.adapters.database.migration import FOLDER, HEAD, NewerRevisionError, revision_of
from reviewer.adapters.database.preparation import prepare
from reviewer.adapters.database.trouble import Trouble, told_at_opening, trouble_of
from reviewer.errors import UserError


async def bring_to(url: str, revision: str = HEAD) -> str | None:
    """Bring the service's tables to a revision.

    Args:
        url: ``sqlite:///FOLDER/FILE`` or ``postgresql://USER:PASSWORD@HOST:PORT/NAME``.
        revision: One of `revisions`; an older one drops what the newer ones added.

    Returns:
        The revision before; None for an empty database.

    Raises:
        UserError: The address is wrong, the database refuses us, or was written by a newer
            program.
        CommunicationError: It does not answer.
        ResourceError: It has no room.
    """
    address = read_address(url)
    if address.file is not None:
        make_private_file(address.file)
    async with _engine(address.url) as engine:
        async with engine.execution_options(**READING).connect() as connection:
            before = await connection.run_sync(revision_of)
        await prepare(engine, to=revision)
    return before


@asynccontextmanager
async def _engine(url: URL) -> AsyncIterator[AsyncEngine]:
    """Open the database, and tell in our words what goes wrong there."""
    engine = create_engine(url, connections=1)
    try:
        yield engine
    except (DBAPIError, OSError) as error:
        if trouble_of(error) is Trouble.REFUSED:
            raise UserError(
                "the database does not let us in, or not change its tables",
                hint="Check user, password and name in the address of the database.",
            ) from error
        raise told_at_opening(error) from error
    except NewerRevisionError as error:
        raise UserError(
            f"the database was written by a newer version of this program (revision {error})",
            hint="Run `reviewer migrate --to` with that version.",
        ) from error
    finally:
        await engine.dispose()


def revisions() -> tuple[str, ...]:
    """Return every revision, the oldest first, as the names of its modules have it."""
    return tuple(sorted(path.name[1:5] for path in FOLDER.glob("v[0-9][0-9][0-9][0-9]_*.py")))
