"""What standard output can show: its width, colours, and more than ASCII."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from shutil import get_terminal_size

from reviewer.entrypoints.cli.session import Session

#: Wider lines are hard to read, and what is piped has no width of its own.
_WIDEST = 120
_WITHOUT_TERMINAL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """How text for people is laid out.

    Args:
        width: Columns.
        colour: Whether colours are shown.
        unicode: Whether more than ASCII is shown.
    """

    width: int = _WITHOUT_TERMINAL
    colour: bool = False
    unicode: bool = True

    @classmethod
    def of(cls, session: Session, *, to_file: bool = False) -> Page:
        """Look at standard output; a file takes everything but colours."""
        if to_file or not sys.stdout.isatty():
            encoding = "utf-8" if to_file else sys.stdout.encoding or "utf-8"
            return cls(unicode="utf" in encoding.lower())
        return cls(
            width=min(get_terminal_size((_WITHOUT_TERMINAL, 24)).columns, _WIDEST),
            colour=session.settings.colour,
            unicode="utf" in (sys.stdout.encoding or "").lower(),
        )
