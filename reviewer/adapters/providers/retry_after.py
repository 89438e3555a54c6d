"""How long a provider asks to wait: headers in three forms, and Gemini's details and words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

HOUR_SECONDS = 3600.0
#: A wait beyond a month means never; a finite figure keeps every sum with it finite.
LONGEST_SECONDS = 31 * 24 * HOUR_SECONDS

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")
_WORDS = re.compile(r"retry in (\d{1,9}(?:\.\d{1,9})?)\s?(ms|s)\b", re.IGNORECASE)


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Read ``retry-after-ms``, else ``retry-after`` in seconds or as a date.

    Args:
        headers: Names in lower case.
        now: The time, where the answer does not say its own: the difference between two times
            of one clock is right even where that clock is wrong.

    Returns:
        Seconds from 0 to `LONGEST_SECONDS`; None where nothing readable is said.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return min(milliseconds / 1000, LONGEST_SECONDS)
    text = headers.get("retry-after", "")
    seconds = _number(text)
    if seconds is not None:
        return min(seconds, LONGEST_SECONDS)
    until = _date(text)
    if until is None:
        return None
    wait = (until - (_date(headers.get("date", "")) or now)).total_seconds()
    return min(max(0.0, wait), LONGEST_SECONDS)


def retry_delay(details: Iterable[Mapping[str, object]], message: str = "") -> float | None:
    """Read Gemini's ``retryDelay`` (google.rpc.RetryInfo), else "Please retry in 46s".

    Args:
        details: ``error.details``.
        message: ``error.message``.

    Returns:
        Seconds; None where nothing is said.
    """
    for detail in details:
        delay = detail.get("retryDelay")
        if isinstance(delay, str) and (found := _DURATION.fullmatch(delay)):
            return min(float(found[1]), LONGEST_SECONDS)
    if found := _WORDS.search(message[:2000]):
        seconds = float(found[1]) / (1000 if found[2].lower() == "ms" else 1)
        return min(seconds, LONGEST_SECONDS)
    return None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) or number < 0 else number


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
