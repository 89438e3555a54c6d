"""Chance that can be repeated: what a seed decides does not depend on which thread came first."""

from __future__ import annotations

import random
import threading
from collections import Counter

from tests.chaos.fault_kind import FaultKind


class Dice:
    """Decides everything of one seed; each decision has a name, and a number of its own.

    Two requests for different things get the same luck whichever of them arrives first.

    Args:
        seed: The seed, and whatever else tells one course from another.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._drawn: Counter[str] = Counter()
        self._lock = threading.Lock()

    def draw(self, name: str) -> random.Random:
        """Return the chance of one decision."""
        with self._lock:
            self._drawn[name] += 1
            number = self._drawn[name]
        return random.Random(f"{self._seed}/{name}/{number}")  # noqa: S311 - not for secrets


class Tally:
    """Counts the faults that were put in."""

    def __init__(self) -> None:
        self.counts: Counter[FaultKind] = Counter()
        self._lock = threading.Lock()

    def note(self, kind: FaultKind) -> None:
        """Count one."""
        with self._lock:
            self.counts[kind] += 1
