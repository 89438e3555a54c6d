"""What is measured, beside what it is held to; written as one table and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

DATABASES = ("SQLite", "PostgreSQL")

_NAME_WIDTH = 52
_VALUE_WIDTH = 22


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number of one scene on one database.

    Args:
        scene: What happened.
        name: What was measured.
        database: On which database.
        value: The number.
        unit: Of what; empty for a count.
        most: It is as promised up to here; None where nothing is promised.
        timed: Whether it grows where the machine is busy with something else.
        note: What else is to be said.
    """

    scene: str
    name: str
    database: str
    value: float
    unit: str = ""
    most: float | None = None
    timed: bool = False
    note: str = ""

    def kept(self, slack: float) -> bool:
        """Tell whether it is as promised.

        Args:
            slack: How much longer things may take here.
        """
        if self.most is None:
            return True
        return self.value <= self.most * (slack if self.timed else 1.0)

    @property
    def shown(self) -> str:
        """The number as people read it."""
        places = 0 if self.unit in {"", "ms", "MB"} else 1
        return f"{self.value:.{places}f}{f' {self.unit}' if self.unit else ''}"


@dataclass(kw_only=True)
class Report:
    """Everything that was measured.

    Args:
        slack: How much longer things may take here than is promised.
    """

    slack: float = 1.0
    figures: list[Figure] = field(default_factory=list)

    def add(self, figures: Iterable[Figure]) -> None:
        """Add figures."""
        self.figures += figures

    @property
    def missed(self) -> list[Figure]:
        """What is not as promised."""
        return [figure for figure in self.figures if not figure.kept(self.slack)]

    def table(self) -> str:
        """Write everything as one table."""
        lines = [_row("", *DATABASES, "at most")]
        scene = ""
        for (of, name), found in self._rows().items():
            if of != scene:
                scene = of
                lines += ["", of]
            values = [self._cell(found.get(database)) for database in DATABASES]
            first = next(iter(found.values()))
            lines.append(_row(f"  {name}", *values, _bar(first)))
        notes = [figure for figure in self.figures if figure.note]
        if notes:
            lines.append("")
            lines += [
                f"{figure.database}, {figure.scene}, {figure.name}: {figure.note}"
                for figure in notes
            ]
        return "\n".join(line.rstrip() for line in lines)

    def document(self) -> str:
        """Write everything as JSON."""
        content = {
            "machine": machine(),
            "slack": self.slack,
            "figures": [
                {**asdict(figure), "kept": figure.kept(self.slack)} for figure in self.figures
            ],
        }
        return json.dumps(content, indent=1)

    def _rows(self) -> Mapping[tuple[str, str], dict[str, Figure]]:
        rows: dict[tuple[str, str], dict[str, Figure]] = {}
        for figure in self.figures:
            rows.setdefault((figure.scene, figure.name), {})[figure.database] = figure
        # What one database alone has stands with the rest of its scene.
        scenes = list(dict.fromkeys(figure.scene for figure in self.figures))
        return dict(sorted(rows.items(), key=lambda row: scenes.index(row[0][0])))

    def _cell(self, figure: Figure | None) -> str:
        if figure is None:
            return "-"
        return figure.shown if figure.kept(self.slack) else f"{figure.shown} MISSED"


def machine() -> dict[str, str]:
    """Describe the machine that the figures come from, and how busy it is."""
    processor = platform.processor()
    with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
                break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": processor,
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory / 2**30:.0f} GB",
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": f"{os.getloadavg()[0]:.1f} others' or earlier work in the last minute",
    }


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100).__int__() - 1)]


def _row(name: str, *cells: str) -> str:
    return f"{name:<{_NAME_WIDTH}}" + "".join(f"{cell:>{_VALUE_WIDTH}}" for cell in cells)


def _bar(figure: Figure) -> str:
    if figure.most is None:
        return ""
    return Figure(scene="", name="", database="", value=figure.most, unit=figure.unit).shown
