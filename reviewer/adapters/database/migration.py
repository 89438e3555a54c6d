"""Brings a database to the revision that this program was written for."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, column, select, table

#: The newest revision; a test compares it with the folder, and reading it needs no Alembic.
HEAD = "0003"
#: Beside this folder: a module stands at most three folders deep.
FOLDER = Path(__file__).parents[1] / "migrations"

_VERSION_TABLE = "alembic_version"


class NewerRevisionError(Exception):
    """The database holds a revision that this program does not know."""


def revision_of(connection: Connection) -> str | None:
    """Return the revision that a database says it has; None for an empty one."""
    if not connection.dialect.has_table(connection, _VERSION_TABLE):
        return None
    revision = connection.scalar(select(column("version_num")).select_from(table(_VERSION_TABLE)))
    return None if revision is None else str(revision)


def migrate(connection: Connection, *, to: str = HEAD) -> None:
    """Bring a database to a revision, up or down, inside the transaction that is open.

    Of two processes that come at once, the second must wait before it calls this: whoever
    begins the transaction takes the write lock with it.

    Args:
        connection: With an open transaction that may write.
        to: The revision; ``base`` for none.

    Raises:
        NewerRevisionError: The database was written by a newer program.
    """
    before = revision_of(connection)
    if before == to:
        return
    # Alembic takes a tenth of a second to import, which only a new or an old database costs.
    from alembic.config import Config  # noqa: PLC0415
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    script = ScriptDirectory(str(FOLDER), version_locations=[str(FOLDER)])
    known = [each.revision for each in script.walk_revisions()]
    if before is not None and before not in known:
        raise NewerRevisionError(before)
    up = to != "base" and (before is None or known.index(to) < known.index(before))
    # What `alembic upgrade` does, without its env.py: this is the only environment.
    context = EnvironmentContext(
        Config(),
        script,
        fn=lambda revision, _: (
            script._upgrade_revs(to, revision) if up else script._downgrade_revs(to, revision)  # noqa: SLF001 - as alembic.command does
        ),
        destination_rev=to,
    )
    with context:
        context.configure(connection=connection, transactional_ddl=True)
        context.run_migrations()
