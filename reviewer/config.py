"""The settings of the program: the only module that reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

_YES = frozenset({"1", "true", "yes", "on"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment says; read once at a door and handed on, never global.

    Args:
        colour: Whether colours are wanted, where the output can show them (``NO_COLOR``,
            https://no-color.org, and ``TERM=dumb``).
        debug: Whether a defect of ours is shown with its traceback (``REVIEWER_DEBUG``).
    """

    colour: bool = True
    debug: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the environment.

        Args:
            environment: Instead of the process's own.
        """
        variables = os.environ if environment is None else environment
        return cls(
            colour=not variables.get("NO_COLOR") and variables.get("TERM") != "dumb",
            debug=variables.get("REVIEWER_DEBUG", "").strip().lower() in _YES,
        )


def process_environment() -> Mapping[str, str]:
    """Return the environment of this process, for the adapters that pass parts of it on."""
    return os.environ
