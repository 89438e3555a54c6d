"""The kinds of faults, as the table names them."""

from __future__ import annotations

from enum import StrEnum


class FaultKind(StrEnum):
    """What can go wrong; in the order of the table."""

    SECONDARY_TOLD = "GitHub: 403, secondary limit with Retry-After"
    SECONDARY_SILENT = "GitHub: 403, secondary limit without Retry-After"
    UNPROCESSABLE = "GitHub: 422"
    BROKEN_BEFORE = "GitHub: 5xx, nothing was done"
    BROKEN_AFTER = "GitHub: 5xx, it was done all the same"
    CUT_BEFORE = "GitHub: connection cut, nothing was done"
    CUT_AFTER = "GitHub: connection cut, it was done all the same"
    SLOW = "GitHub: slow"
    EXPIRED = "GitHub: the token expires (401)"
    MOVED = "the head moves between two calls"
    MOVED_IN_WAIT = "the head moves while a limit is waited for"
    TWICE = "a delivery comes twice"
    LATE = "a delivery comes after a later one"
    MODEL_STREAM_CUT = "model: stream cut at any byte"
    MODEL_TEXT_CUT = "model: answer cut at any byte"
    MODEL_LENGTH = "model: answer too long"
    MODEL_REFUSAL = "model: refusal"
    MODEL_LIMIT = "model: 429"
    MODEL_BROKEN = "model: 500"
    MODEL_SILENT = "model: no answer in time"
    BUDGET = "the budget is nearly spent"
    CANCELLED = "the job is cancelled"
    STOPPED = "the service is stopped and started"
    KILLED = "kill -9"
    DATABASE_LOCKED = "SQLite is locked"
    DATABASE_RESTARTED = "PostgreSQL is restarted"


#: What a request that only reads can meet.
READING = (
    FaultKind.SECONDARY_TOLD,
    FaultKind.SECONDARY_SILENT,
    FaultKind.BROKEN_BEFORE,
    FaultKind.CUT_BEFORE,
    FaultKind.SLOW,
    FaultKind.EXPIRED,
    FaultKind.MOVED,
)
#: What a request that writes can meet.
WRITING = (
    *READING,
    FaultKind.UNPROCESSABLE,
    FaultKind.BROKEN_AFTER,
    FaultKind.CUT_AFTER,
    # Twice as often: these are what duplicates come of, and comments in the wrong place.
    FaultKind.UNPROCESSABLE,
    FaultKind.BROKEN_AFTER,
    FaultKind.CUT_AFTER,
)
#: What a question to a model can meet.
ASKING = (
    FaultKind.MODEL_STREAM_CUT,
    FaultKind.MODEL_STREAM_CUT,
    FaultKind.MODEL_TEXT_CUT,
    FaultKind.MODEL_TEXT_CUT,
    FaultKind.MODEL_LENGTH,
    FaultKind.MODEL_REFUSAL,
    FaultKind.MODEL_LIMIT,
    FaultKind.MODEL_BROKEN,
    FaultKind.MODEL_SILENT,
)
