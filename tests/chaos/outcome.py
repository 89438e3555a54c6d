"""What came of one seed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.chaos.fault_kind import FaultKind


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one seed.

    Args:
        door: Which door.
        seed: Its number.
        faults: What was put in.
        runs: How many runs there were.
        broken: What does not hold; empty where everything does.
        story: What happened, to be read where something is broken.
        seconds: How long it took.
    """

    door: str
    seed: int
    faults: Counter[FaultKind]
    runs: int
    broken: tuple[str, ...]
    story: tuple[str, ...] = field(repr=False)
    seconds: float

    @property
    def words(self) -> str:
        """What is broken, and how to see it again."""
        return "\n".join(
            [
                f"{self.door}, seed {self.seed}: {len(self.broken)} broken",
                *(f"  - {fault}" for fault in self.broken),
                "  what happened:",
                *(f"    {line}" for line in self.story),
                f"  again: python -m tests.chaos.table --door {self.door} --seed {self.seed}",
            ]
        )
