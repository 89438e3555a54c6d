"""What a line says of an exception: kinds, cleaned words and places; never values of variables."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import PurePath
from types import TracebackType
from typing import TypeGuard

from reviewer.adapters.logs.cleaning import Cleaner, Plain

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]

_MOST_PLACES = 20
_MOST_CAUSES = 4
_LONGEST_WORDS = 300
#: What stands after one of these is a module's path; what stands before is somebody's machine.
_ROOTS = frozenset({"site-packages", "reviewer", "lib"})


def error_fields(error: BaseException, cleaner: Cleaner) -> dict[str, Plain]:
    """Describe an exception and what led to it.

    Args:
        error: The exception.
        cleaner: Takes secrets out of its words.
    """
    told = _one(error, cleaner)
    told["causes"] = [_one(cause, cleaner) for cause in _causes(error)]
    if isinstance(error, BaseExceptionGroup):
        told["parts"] = [_one(part, cleaner) for part in error.exceptions[:_MOST_CAUSES]]
    return {name: value for name, value in told.items() if value not in ([], "")}


def is_exception_info(value: object) -> TypeGuard[ExceptionInfo]:
    """Tell whether a value is what ``sys.exc_info`` returns while an exception is handled."""
    return isinstance(value, tuple) and len(value) == 3 and isinstance(value[1], BaseException)  # noqa: PLR2004


def _one(error: BaseException, cleaner: Cleaner) -> dict[str, Plain]:
    return {
        "type": type(error).__name__,
        "words": cleaner.text(_words(error), _LONGEST_WORDS),
        "places": list(_places(error.__traceback__)),
    }


def _words(error: BaseException) -> str:
    """Return the exception's text; its arguments, where they are texts, when it has none."""
    return " ".join(str(part) for part in error.args if isinstance(part, str | int))


def _places(trace: TracebackType | None) -> Iterator[str]:
    frames = traceback.extract_tb(trace, limit=-_MOST_PLACES)
    for frame in frames:
        parts = PurePath(frame.filename).parts
        start = max((i for i, part in enumerate(parts) if part in _ROOTS), default=len(parts) - 1)
        yield f"{'/'.join(parts[start:])}:{frame.lineno} in {frame.name}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen = {id(error)}
    following = error
    while len(seen) <= _MOST_CAUSES:
        hidden = None if following.__suppress_context__ else following.__context__
        cause = following.__cause__ or hidden
        if cause is None or id(cause) in seen:
            return
        seen.add(id(cause))
        yield cause
        following = cause
