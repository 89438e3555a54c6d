"""Sets the process's logs up: everything that anybody logs goes through one handler, as JSON lines.

Ours through structlog, libraries' (uvicorn, the durable engine, SQLAlchemy, httpx) through the
standard library's ``logging``, warnings and exceptions that nobody caught as well. There is one
way out, so there is one place where secrets are taken out and lines are made safe.
"""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.contextvars import merge_contextvars
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from typing_extensions import override

from reviewer.adapters.logs.cleaning import Cleaner
from reviewer.adapters.logs.line import write_line
from reviewer.adapters.logs.run_event_log import ALWAYS
from reviewer.adapters.logs.sampling import Sampling
from reviewer.adapters.logs.trace import error_fields, is_exception_info
from reviewer.ports.door_watch import OUTCOMES, REFUSED

EventDict = MutableMapping[str, Any]

#: What libraries may say at least. Below, some of them write whole requests and statements down;
#: the access log of uvicorn has addresses with their queries, and the server logs requests itself.
LIBRARIES: Mapping[str, int] = {
    "alembic": logging.WARNING,
    "asyncio": logging.WARNING,
    "dbos": logging.INFO,
    "github": logging.WARNING,
    "httpcore": logging.WARNING,
    "httpx": logging.WARNING,
    "opentelemetry": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "urllib3": logging.ERROR,
    "uvicorn": logging.INFO,
    "uvicorn.access": logging.CRITICAL,
}

#: What libraries hand over beside their words and nobody reads.
_NOT_SHOWN = ("stack_info", "color_message", "applicationID")

_OURS = "reviewer"

#: It puts a handler of its own on its logger unless it finds one there.
_SELF_MADE = ("dbos",)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """How logs are written.

    Args:
        level: The least that ours say: ``debug``, ``info``, ``warning`` or ``error``.
        secrets: Values that are never written, in any form.
        stream: Where lines go; None for the standard error stream.
        time: Tells seconds that only ever grow, for sampling.
        now: Tells the date and time.
        most_alike: Lines of one kind in ten seconds, of those that only inform.
        always: Kinds of lines that are never left out.
        strangers: Kinds of lines that anybody can cause; bounded whatever their level.
        counted: Is told the level of every line that is written.
        trace_id: Names the trace that the line belongs to; empty for none.
    """

    level: str = "info"
    secrets: Sequence[str] = field(default=(), repr=False)
    stream: TextIO | None = None
    time: Callable[[], float]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    most_alike: int = 50
    always: Collection[str] = (*ALWAYS, *OUTCOMES)
    strangers: Collection[str] = REFUSED
    counted: Callable[[str], None] | None = None
    trace_id: Callable[[], str] | None = None


@contextmanager
def json_logs(settings: LogSettings) -> Iterator[None]:
    """Send everything that the process logs through one handler; as it was after the block.

    Args:
        settings: How logs are written.
    """
    handler = _handler(settings)
    root = logging.getLogger()
    before = (tuple(root.handlers), root.level, _library_state(), warnings.showwarning)
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    _take_libraries(settings.level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            merge_contextvars,
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logging.captureWarnings(capture=True)
    _hook_uncaught()
    try:
        yield
    finally:
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
        logging.captureWarnings(capture=False)
        warnings.showwarning = before[3]
        structlog.reset_defaults()
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        _give_libraries_back(before[2])


def _handler(settings: LogSettings) -> logging.Handler:
    cleaner = Cleaner(settings.secrets)
    fields = _Fields(settings, cleaner)
    handler = _SafeHandler(settings.stream or sys.stderr)
    handler.addFilter(_ours_or_informing)
    handler.addFilter(
        Sampling(
            settings.time,
            most=settings.most_alike,
            always=settings.always,
            strangers=settings.strangers,
        )
    )
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[merge_contextvars, ExtraAdder()],
            processors=[fields, _written],
        )
    )
    return handler


def _ours_or_informing(record: logging.LogRecord) -> bool:
    """Tell whether a line is ours, or says more than what a library does at each step.

    Below that, a driver of a database writes whole statements with their values down.
    """
    ours = record.name.partition(".")[0] == _OURS
    return ours or record.levelno >= logging.INFO


class _Fields:
    """Makes the fields of a line from what was logged."""

    def __init__(self, settings: LogSettings, cleaner: Cleaner) -> None:
        self._settings = settings
        self._cleaner = cleaner

    def __call__(self, _: object, __: str, event: EventDict) -> EventDict:
        record: logging.LogRecord = event.pop("_record")
        event.pop("_from_structlog")
        error = event.pop("exc_info", None)
        for name in _NOT_SHOWN:
            event.pop(name, None)
        level = record.levelname.lower()
        if self._settings.counted is not None:
            self._settings.counted(level)
        fields = self._cleaner.fields(event)
        fields |= {"at": self._settings.now().isoformat(), "level": level}
        fields["logger"] = self._cleaner.text(record.name)
        if (left_out := getattr(record, "left_out", 0)) != 0:
            fields["left_out"] = left_out
        if self._settings.trace_id is not None and (trace := self._settings.trace_id()):
            fields["trace_id"] = trace
        if (exception := _exception(error)) is not None:
            fields["error"] = error_fields(exception, self._cleaner)
        return dict(fields)


def _written(_: object, __: str, event: EventDict) -> str:
    return write_line(event)


def _exception(error: object) -> BaseException | None:
    """Find the exception in what was handed to ``exc_info``."""
    if isinstance(error, BaseException):
        return error
    if is_exception_info(error):
        return error[1]
    return sys.exc_info()[1] if error else None


class _SafeHandler(logging.StreamHandler[TextIO]):
    """Writes lines; of a line that cannot be written it says only where it came from."""

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        """Say that a line could not be made; the standard way would print its arguments."""
        error = sys.exc_info()[1]
        fields = {
            "level": record.levelname.lower(),
            "event": "a line of the log could not be written",
            "logger": record.name[:100],
            "place": f"{record.module}:{record.lineno}"[:200],
            "error": type(error).__name__,
        }
        try:
            self.stream.write(f"{write_line(fields)}\n")
        except (OSError, ValueError):
            # The stream itself is gone, and there is nowhere else to say so.
            return


def _hook_uncaught() -> None:
    """Log what nobody caught instead of printing it with whatever it says."""
    logger = logging.getLogger("reviewer.uncaught")

    def uncaught(_: type[BaseException], error: BaseException, __: TracebackType | None, /) -> None:
        if not isinstance(error, KeyboardInterrupt):
            logger.critical("nobody caught an exception", exc_info=error)

    def in_thread(what: threading.ExceptHookArgs, /) -> None:
        logger.critical("nobody caught an exception in a thread", exc_info=what.exc_value)

    def unraisable(what: sys.UnraisableHookArgs, /) -> None:
        logger.error("an exception could not be raised", exc_info=what.exc_value)

    sys.excepthook = uncaught
    threading.excepthook = in_thread
    sys.unraisablehook = unraisable


def _take_libraries(level: str) -> None:
    """Take every handler that a library put on a logger away, and bound what it says."""
    for name in {*LIBRARIES, *logging.Logger.manager.loggerDict}:
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    ours = logging.getLevelNamesMapping()[level.upper()]
    for name in logging.Logger.manager.loggerDict:
        # Whatever was set on "uvicorn.error" before, it is the table that decides.
        logging.getLogger(name).setLevel(logging.NOTSET)
    for name, least in LIBRARIES.items():
        logging.getLogger(name).setLevel(max(least, ours))
    for name in _SELF_MADE:
        logging.getLogger(name).addHandler(logging.NullHandler())


_State = Mapping[str, tuple[tuple[logging.Handler, ...], bool, int]]


def _library_state() -> _State:
    loggers = {
        name: logging.getLogger(name) for name in {*LIBRARIES, *logging.Logger.manager.loggerDict}
    }
    return {
        name: (tuple(logger.handlers), logger.propagate, logger.level)
        for name, logger in loggers.items()
    }


def _give_libraries_back(state: _State) -> None:
    for name, (handlers, propagate, level) in state.items():
        logger = logging.getLogger(name)
        logger.handlers[:] = handlers
        logger.propagate = propagate
        logger.setLevel(level)
