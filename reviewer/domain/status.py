"""The states of a run and the only table that lets one follow another.

::

    queued ──► running ──► completed
       │          ├──────► partial
       │          ├──────► skipped
       │          ├──────► superseded
       │          └──────► failed
       └─────────────────► skipped, superseded, failed
"""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    """Where a run stands; the last five are final."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    PARTIAL = "partial"
    SKIPPED = "skipped"
    SUPERSEDED = "superseded"
    FAILED = "failed"


TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset(
        {RunState.RUNNING, RunState.SKIPPED, RunState.SUPERSEDED, RunState.FAILED}
    ),
    RunState.RUNNING: frozenset(
        {
            RunState.COMPLETED,
            RunState.PARTIAL,
            RunState.SKIPPED,
            RunState.SUPERSEDED,
            RunState.FAILED,
        }
    ),
    RunState.COMPLETED: frozenset(),
    RunState.PARTIAL: frozenset(),
    RunState.SKIPPED: frozenset(),
    RunState.SUPERSEDED: frozenset(),
    RunState.FAILED: frozenset(),
}


def advance(current: RunState, following: RunState) -> RunState:
    """Return the following state where the table allows the step.

    Raises:
        ValueError: The table does not; a defect of ours, never of a person.
    """
    if following not in TRANSITIONS[current]:
        message = f"a run cannot go from {current.value} to {following.value}"
        raise ValueError(message)
    return following
