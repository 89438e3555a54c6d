"""The durable engine: DBOS Transact over SQLite or PostgreSQL.

DBOS imports croniter, which starts the program ``file`` to ask whether this Python has 32 bits,
and hands it our whole environment with every secret in it. Python knows that by itself.
"""

from __future__ import annotations

import importlib
import platform
import sys


def _import_croniter() -> None:
    """Import it with the answer that it would get."""
    asked = platform.architecture
    bits = "64bit" if sys.maxsize > 2**32 else "32bit"
    setattr(platform, "architecture", lambda: (bits, ""))  # noqa: B010 - mypy forbids the other
    try:
        importlib.import_module("croniter")
    finally:
        setattr(platform, "architecture", asked)  # noqa: B010 - as above


_import_croniter()
