"""What came of the mutants: one table, the survivors, and both as a page."""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import platform
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.guards import ROOT
from tests.mutation.mutants import TOOL, Mutant

#: Why survivors are left: see the head of the file.
REASONS = ROOT / "tests" / "mutation" / "reasons.toml"

#: What mutmut does to a text: marks at both ends, or all letters small or great.
_TEXT_MARK = re.compile(r"XX")
WORDING = "wording: the tests hold what the sentence must name, not each of its letters"
FALLBACK = "a fallback for a text that is not there: whatever stands for it, nothing is found in it"
LIMIT = "a limit on work, one higher: it keeps time and memory small, and nobody counts on its last"
UNEXPLAINED = "no test tells the two apart, and nobody has looked closer yet"

_FALLBACK = re.compile(r"""(?:\bor |\belse |, )"XXXX"|"XXXX" if """)
_NUMBER = re.compile(r"\b\d[\d_]*\b")
_LARGE = 100

_HEAD = """
<!-- Written by `make mutation ARGS="--page docs/mutation.md"`; change tests/mutation/ instead. -->

# What the tests notice

A mutant is our code with one small fault put in on purpose: `<` for `<=`, `or` for `and`, another
text, a left-out argument. If no test fails, the tests would not notice that fault from a person
either. Mutated is what decides and what cleans: `reviewer/domain` (the sanitiser among it) and
`reviewer/llm`.

- The mutants are [mutmut](https://mutmut.readthedocs.io/)'s, of every function, those with a
  decorator too. Left out, by mutmut: annotations, docstrings, the arguments of `len` and
  `isinstance`, decorators, and what stands outside functions; and by us: mutants that compile to
  the same code.
- The runner is ours (`tests/mutation/`): pytest collects once, a run without mutants tells which
  tests reach which lines, and each mutant gets a process with the tests that reach its function,
  until one fails. Tests that start programs or servers, and those that judge by the clock, do not
  take part; they could only kill more.
- A mutant gets at most 10 seconds of test time, the nearest tests first. What outlives them counts
  as survived. One that runs ten times as long as the code it replaces counts as killed: a hang is
  a fault that everybody sees.
- Runs without a mutant are mixed in; if one of them failed, the whole run would be void.
"""

#: A mutant that never ends is noticed as surely as one that fails a test.
KILLED = ("killed", "timeout")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """A run.

    Attributes:
        mutants: Those that were to be tried.
        whole: The files of which that is every mutant.
        possible: How many mutants there are in the other files.
        verdicts: What became of each, by its digest.
    """

    mutants: Sequence[Mutant]
    whole: frozenset[str]
    possible: int
    verdicts: Mapping[str, str]

    @property
    def of_whole(self) -> Counter[str]:
        """The verdicts in the files that were tried whole."""
        return self.of([mutant for mutant in self.mutants if mutant.path in self.whole])

    @property
    def of_others(self) -> Counter[str]:
        """The verdicts in the other files, from which a sample may be drawn."""
        return self.of([mutant for mutant in self.mutants if mutant.path not in self.whole])

    @property
    def shares(self) -> tuple[float, float]:
        """How many were killed of those that were tried: in the one files and in the others."""
        return _share(self.of_whole), _share(self.of_others)

    def of(self, mutants: Sequence[Mutant]) -> Counter[str]:
        """Count the verdicts of some mutants."""
        return Counter(self.verdicts.get(mutant.digest, "untried") for mutant in mutants)

    def by_module(self) -> Iterator[tuple[str, Counter[str]]]:
        """Yield each module and its verdicts."""
        for path in sorted({mutant.path for mutant in self.mutants}):
            yield path, self.of([mutant for mutant in self.mutants if mutant.path == path])

    def survivors(self) -> list[Mutant]:
        """Return the mutants that no test noticed."""
        return [
            mutant
            for mutant in sorted(self.mutants, key=lambda mutant: (mutant.path, mutant.line))
            if self.verdicts.get(mutant.digest) not in {*KILLED, None}
        ]


def read_verdicts(file: Path, keep: Sequence[str] = ()) -> dict[str, str]:
    """Read what the trial wrote; of a mutant that was tried again the last verdict counts.

    Args:
        file: Where it stands, perhaps not yet.
        keep: Take these verdicts only; all without it.

    Returns:
        The verdict for each digest.

    Raises:
        SystemExit: If a run without a mutant failed: then no verdict means anything.
    """
    if not file.exists():
        return {}
    found: dict[str, str] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if "name" not in row:
            continue
        if row["control"]:
            if row["verdict"] == "killed":
                raise SystemExit(f"a run without a mutant failed: {row['killer']}")
            continue
        found[row["digest"]] = row["verdict"]
    return {digest: verdict for digest, verdict in found.items() if not keep or verdict in keep}


def summary(outcome: Outcome) -> str:
    """Return the table for a terminal."""
    rows = [_row(path, counts) for path, counts in outcome.by_module()]
    rows.append(_row("all", outcome.of(outcome.mutants)))
    head = ("module", "mutants", "killed", "timeout", "survived", "untested", "share")
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0])]
        cells += [text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells))
    return "\n".join([*lines, _told(outcome)])


def survivors(outcome: Outcome) -> str:
    """Return every survivor with its lines, for a terminal."""
    known = reasons()
    lines = []
    for mutant in outcome.survivors():
        lines.append(f"{mutant.path}:{mutant.line} {mutant.function} [{_why(mutant, known)}]")
        lines += [f"    {line}" for line in mutant.change]
    return "\n".join(lines)


def _row(name: str, counts: Counter[str]) -> tuple[str, ...]:
    figures = (counts.total(), *(counts[name] for name in (*KILLED, "survived", "untested")))
    return (name, *map(str, figures), f"{100 * _share(counts):.1f} %")


def _share(counts: Counter[str]) -> float:
    tried = counts.total() - counts["untried"]
    return sum(counts[name] for name in KILLED) / tried if tried else 1.0


def _told(outcome: Outcome) -> str:
    """Say how many were tried and killed, and what a sample tells of all: Wilson's interval.

    https://www.itl.nist.gov/div898/handbook/prc/section2/prc241.htm
    """
    whole, others = outcome.of_whole.total(), outcome.of_others.total()
    of_whole, share = outcome.shares
    words = []
    if whole:
        words.append(
            f"every one of the {whole:,} mutants in {len(outcome.whole)} files was tried: "
            f"{100 * of_whole:.1f} % killed"
        )
    if others and others == outcome.possible:
        words.append(f"every one of the other {others:,} was tried: {100 * share:.1f} % killed")
    elif others:
        z = 1.96
        middle = (share + z * z / (2 * others)) / (1 + z * z / others)
        wide = z * math.sqrt(share * (1 - share) / others + z * z / (4 * others * others))
        wide /= 1 + z * z / others
        words.append(
            f"{others:,} of the other {outcome.possible:,}, drawn by chance: "
            f"{100 * share:.1f} % killed (of all of them, with 95 % confidence, "
            f"{100 * (middle - wide):.1f} % to {100 * (middle + wide):.1f} %)"
        )
    return "; ".join(words)


def reasons() -> list[dict[str, str]]:
    """Return the rows of reasons.toml."""
    with REASONS.open("rb") as file:
        rows: list[dict[str, str]] = tomllib.load(file)["left"]
    return rows


def _why(mutant: Mutant, known: Sequence[Mapping[str, str]]) -> str:
    """Return why a survivor is left: what stands written of it, or what kind of change it is."""
    change = "\n".join(mutant.change)
    for reason in known:
        if (
            reason.get("module", mutant.path) == mutant.path
            and reason.get("function", mutant.function) == mutant.function
            and all(part in change for part in reason.get("change", "").split(" … "))
        ):
            return reason["why"]
    return _kind(mutant.change)


def _kind(change: Sequence[str]) -> str:
    """Return what kind of change it is, where the lines themselves tell."""
    before = " ".join(line[2:] for line in change if line.startswith("- "))
    after = " ".join(line[2:] for line in change if line.startswith("+ "))
    if _FALLBACK.search(after) and not _FALLBACK.search(before):
        return FALLBACK
    if before.lower() == after.lower() or _TEXT_MARK.sub("", after) == before:
        return WORDING
    if _one_more(before, after):
        return LIMIT
    return UNEXPLAINED


def _one_more(before: str, after: str) -> bool:
    """Tell whether only a number of three digits or more has grown by one."""
    numbers = [_NUMBER.findall(text) for text in (before, after)]
    if _NUMBER.sub("#", before) != _NUMBER.sub("#", after):
        return False
    pairs = [(int(a), int(b)) for a, b in zip(*numbers, strict=True) if a != b]
    return bool(pairs) and all(a >= _LARGE and b == a + 1 for a, b in pairs)


def page(outcome: Outcome, *, command: str, remark: str = "") -> str:
    """Return the results as Markdown.

    Args:
        outcome: The run.
        command: What it was started with.
        remark: What readers must know besides.
    """
    today = dt.datetime.now(tz=dt.UTC).date()
    known = reasons()
    left = [(mutant, _why(mutant, known)) for mutant in outcome.survivors()]
    kinds = Counter(why for _, why in left)
    lines = [_HEAD.strip(), ""]
    lines += [
        (
            f"Run on {today} ({platform.machine()}, {os.cpu_count()} processors, Python "
            f"{platform.python_version()}, {TOOL}) with `{command}`."
        ),
        "",
        f"**{_told(outcome)}.**",
        "",
        *([remark, ""] if remark else []),
        "| module | mutants | killed | timeout | survived | untested | share |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    rows = [*outcome.by_module(), ("all", outcome.of(outcome.mutants))]
    lines += [f"| {' | '.join(_row(path, counts))} |" for path, counts in rows]
    lines += ["", "## Survivors", "", f"{len(left)} mutants outlived the tests, for these reasons:"]
    lines += ["", "| mutants | why they are left |", "|--:|---|"]
    lines += [f"| {count} | {why} |" for why, count in kinds.most_common()]
    for path in dict.fromkeys(mutant.path for mutant, _ in left):
        lines += ["", f"### {path}", ""]
        for mutant, why in left:
            if mutant.path == path:
                lines += [f"{mutant.function}, line {mutant.line}: {why}", "", "```diff"]
                lines += [*mutant.change, "```", ""]
    return "\n".join(lines).rstrip() + "\n"
