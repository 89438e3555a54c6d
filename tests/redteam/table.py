"""Runs the red team and prints one table: held or not, by input, door and model.

``python -m tests.redteam.table [--markdown FILE] [--workers N] [pytest's arguments]``; ``make
redteam`` calls it. The table is made of the tests themselves: every line of it is what pytest
reported of `test_doors`, and everything else under ``tests/redteam`` is counted below it.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.redteam.reach import DOORS, FILES, all_cases
from tests.redteam.speaking import MODELS

_HERE = Path(__file__).parent
_CASE = re.compile(r"test_doors\.py::\w+\[(?P<name>.+)\]", re.DOTALL)
_HELD, _NOT_HELD, _UNTRIED, _UNREACHABLE = "✓", "✗", "?", "·"
_LEGEND = (
    f"{_HELD} held   {_NOT_HELD} not held   {_UNTRIED} not tried in this run",
    f"{_UNREACHABLE} cannot reach: inputs/doors.toml says why",
    "Models: e evil (does what the text asks for), h honest, n nobody",
)
_SAYS_WIDTH = 46
_ID_WIDTH = 24


@dataclass
class Reports:
    """Collects what pytest reports of every test; a plugin.

    Attributes:
        ended: Whether a case held, by its name.
        others: How the other tests of the red team ended.
        failures: Why what did not hold did not.
    """

    ended: dict[str, bool] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a report: a test holds where its call passed and nothing else of it failed."""
        if report.when != "call" and not report.failed:
            return
        match = _CASE.search(report.nodeid)
        name = report.nodeid if match is None else match["name"]
        if report.failed:
            self.failures[name] = report.longreprtext.strip().rpartition("\n")[2]
        if match is None:
            self.others[report.outcome] += 1
        else:
            self.ended[name] = self.ended.get(name, True) and report.passed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the table, and return 1 where anything did not hold.

    Args:
        arguments: Instead of the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.redteam.table", description=__doc__)
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there, too")
    parser.add_argument("--workers", default="auto", help="processes side by side; 0 for none")
    given, rest = parser.parse_known_args(arguments)
    reports, begun = Reports(), time.monotonic()
    # Not `-m "not exhaustive"`: this is what runs them.
    code = pytest.main(
        ["-q", "-p", "no:cacheprovider", "--no-header", "-n", given.workers, str(_HERE), *rest],
        plugins=[reports],
    )
    seconds = time.monotonic() - begun
    sys.stdout.write("\n".join(["", *lines_of(reports), "", *totals_of(reports, seconds), ""]))
    if given.markdown is not None:
        given.markdown.write_text(markdown_of(reports, seconds), "utf-8")
    return int(code != pytest.ExitCode.OK)


def marks_of(reports: Reports) -> Mapping[tuple[str, str], Mapping[str, str]]:
    """Return, for every input, its marks by door: one for each model.

    Args:
        reports: What was reported.
    """
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for case in all_cases():
        row = rows.setdefault((case.file, case.given.id), dict.fromkeys(DOORS, ""))
        held = reports.ended.get(case.name)
        tried = _UNTRIED if held is None else _HELD if held else _NOT_HELD
        row[case.door] += _UNREACHABLE if case.because else tried
    return rows


def lines_of(reports: Reports) -> list[str]:
    """Write the table for a terminal of 100 columns.

    Args:
        reports: What was reported.
    """
    rows, says = marks_of(reports), _says()
    initials = "".join(model[0] for model in MODELS)
    head = f"{'':{_ID_WIDTH}} {'':{_SAYS_WIDTH}}  " + "  ".join(f"{door:7}" for door in DOORS)
    under = f"{'':{_ID_WIDTH}} {'':{_SAYS_WIDTH}}  " + "  ".join(f"{initials:7}" for _ in DOORS)
    lines, last = [head.rstrip(), under.rstrip()], ""
    for (file, name), row in rows.items():
        if file != last:
            lines += ["", f"{file.replace('_', ' ')}"]
            last = file
        marks = "  ".join(f"{row[door]:7}" for door in DOORS)
        lines.append(
            f"  {_cut(name, _ID_WIDTH - 2):{_ID_WIDTH - 2}}"
            f" {_cut(says[file, name], _SAYS_WIDTH):{_SAYS_WIDTH}}  {marks}".rstrip()
        )
    return [*lines, "", *_LEGEND]


def totals_of(reports: Reports, seconds: float) -> list[str]:
    """Write what it comes to, and what did not hold.

    Args:
        reports: What was reported.
        seconds: How long it took.
    """
    marks = Counter(
        mark for row in marks_of(reports).values() for door in row.values() for mark in door
    )
    inputs = sum(len(read()) for read in FILES.values())
    kinds = ((_HELD, "held"), (_NOT_HELD, "not held"), (_UNREACHABLE, "cannot reach"))
    counted = ", ".join(f"{marks[mark]} {word}" for mark, word in (*kinds, (_UNTRIED, "not tried")))
    others = ", ".join(f"{count} {how}" for how, count in sorted(reports.others.items()))
    return [
        f"{inputs} inputs × {len(DOORS)} doors × {len(MODELS)} models: {counted}",
        f"other tests of the red team: {others or 'none'} · {seconds:.0f} s",
        *(f"NOT HELD: {name}: {why}" for name, why in reports.failures.items()),
    ]


def markdown_of(reports: Reports, seconds: float) -> str:
    """Write the table as Markdown.

    Args:
        reports: What was reported.
        seconds: How long it took.
    """
    says = _says()
    lines = [
        "# Red team",
        "",
        *totals_of(reports, seconds),
        "",
        *_LEGEND,
        "",
        f"| file | input | what it tries | {' | '.join(DOORS)} |",
        f"|---|---|---|{'---|' * len(DOORS)}",
    ]
    for (file, name), row in marks_of(reports).items():
        cells = (file, name, says[file, name], *(row[door] for door in DOORS))
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join([*lines, ""])


def _says() -> dict[tuple[str, str], str]:
    return {(file, given.id): given.says for file, read in FILES.items() for given in read()}


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


if __name__ == "__main__":
    sys.exit(main())
