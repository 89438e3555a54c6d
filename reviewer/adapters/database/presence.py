"""Tells whether an installation is still there, so that nothing of one that is gone is written.

Who writes something of an installation asks in the same transaction, and whoever uninstalls it
waits until that has ended: what was written before is deleted with the rest, and what comes after
finds that it is gone.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from reviewer.adapters.database.insertion import insert_if_absent
from reviewer.adapters.database.service_tables import UninstallationRow
from reviewer.adapters.database.session import Session

#: Keeps our advisory locks apart from those of others in the same PostgreSQL.
_LOCKS = 0x5052 << 40


async def is_present(session: Session, installation_id: int | None) -> bool:
    """Tell whether something of an installation may be written until this transaction ends.

    Args:
        session: The transaction's.
        installation_id: Whose it is; None for nobody's.
    """
    if installation_id is None:
        return True
    if session.dialect == "postgresql":
        await session.scalar(select(func.pg_advisory_xact_lock_shared(_LOCKS + installation_id)))
    # A statement of its own: one sees what was committed before it began.
    gone = select(UninstallationRow.id).where(UninstallationRow.id == installation_id)
    return await session.scalar(gone) is None


async def keep_out(session: Session, installation_id: int) -> None:
    """Wait for everybody who writes something of an installation, and let nobody new begin.

    Args:
        session: The transaction's, which has no other lock yet.
        installation_id: Which.
    """
    if session.dialect == "postgresql":
        await session.scalar(select(func.pg_advisory_xact_lock(_LOCKS + installation_id)))


async def say_gone(session: Session, installation_id: int, at: datetime) -> None:
    """Write down that an installation is gone for good: its number is never used again.

    Args:
        session: The transaction's.
        installation_id: Which.
        at: When it was uninstalled.
    """
    await insert_if_absent(session, UninstallationRow, id=installation_id, uninstalled_at=at)
