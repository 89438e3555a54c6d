"""A program that reviews start: where it stands, and which version it says that it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledProgram:
    """One program.

    Args:
        name: What it is called.
        path: Where it stands; empty where it is not installed.
        version: What it says of itself, in one line.
        fault: Why it cannot be used; empty where it can.
    """

    name: str
    path: str = ""
    version: str = ""
    fault: str = ""
