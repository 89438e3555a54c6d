"""Values of labels, bounded: each new one is a time series that stays for as long as the process.

What comes from outside (a model's name in a configuration, a persona of a repository) has an end
here: so many values are taken as they come, every later one is ``other``.
"""

from __future__ import annotations

import re

OTHER = "other"
_ODD = re.compile(r"[^A-Za-z0-9_.:/@{} -]")
_LONGEST = 80


class BoundedLabel:
    """One label's values.

    Args:
        most: How many different values there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()

    def __call__(self, value: object) -> str:
        """Return the value to count under: itself, or ``other``."""
        text = _ODD.sub("_", str(value))[:_LONGEST]
        if not text:
            return "none"
        if text not in self._known:
            if len(self._known) >= self._most:
                return OTHER
            self._known.add(text)
        return text
