"""Wires the report of what models cost: the ledger, and no model."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING

from reviewer.errors import UserError

if TYPE_CHECKING:
    from reviewer.config import Settings
    from reviewer.service.report_cost import CostKey, CostReport


def cost(settings: Settings, *, by: CostKey, since_days: int | None = None) -> CostReport:
    """Sum what the ledger of a user holds.

    Args:
        settings: Say where the ledger stands; where there is none yet, nothing was spent.
        by: What is summed by.
        since_days: How many days back; None for everything.

    Raises:
        UserError: The ledger cannot be read, or the extra ``model`` is not installed.
    """
    if find_spec("sqlalchemy") is None:
        raise UserError(
            "the ledger needs sqlalchemy, which is not installed",
            hint="Install it: pip install 'persona-reviewer[model]'",
        )
    return asyncio.run(_cost(settings, by, since_days))


async def _cost(settings: Settings, by: CostKey, since_days: int | None) -> CostReport:
    from reviewer.adapters.database.ledger_file import has_ledger
    from reviewer.adapters.database.store import open_store
    from reviewer.service.report_cost import report_cost

    if not has_ledger(settings.state_folder):
        return report_cost((), by)
    since = None if since_days is None else datetime.now(UTC) - timedelta(days=since_days)
    async with open_store(settings.state_folder) as store:
        return report_cost(await store.ledger.attempts(since=since), by)
