"""Measures the choice of personas: on single files with one label, and on changes labelled by hand.

    bench_selection.py --routing FILE                   JSON lines: id, personas (prefixes), diff
    bench_selection.py --changes FILE [--labels FILE]   JSON lines: id, diff; labels in TOML
    bench_selection.py … --check                        exit 1 when a bar is missed
    bench_selection.py … --verbose                      every miss, with the reason

Files may be packed with gzip. The labels that ship (selection_labels.toml) name changes of public
projects by id only; the changes are not ours to ship.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reviewer.domain.change import Change
from reviewer.domain.diff import parse_patch
from reviewer.domain.file_role import is_source
from reviewer.domain.persona import Persona, Wakes
from reviewer.domain.persona_file import parse_persona
from reviewer.domain.selection import Selection, select
from reviewer.resources import persona_files

LABELS = Path(__file__).with_name("selection_labels.toml")

#: Which persona owns the rules of a prefix.
OWNERS = {
    "PY": "type-guardian",
    "ML": "model-whisperer",
    "DK": "container-architect",
    "API": "async-maestro",
    "OPS": "pipeline-engineer",
    "SEC": "security-sentinel",
    "TST": "test-automator",
    "OBS": "observer",
    "ARCH": "architect",
}


@dataclass
class Result:
    """What was measured on one set, and the bars that it misses."""

    missed_bars: list[str] = field(default_factory=list)

    def hold(self, what: str, value: float, *, at_least: float = 0, at_most: float = 99) -> None:
        """Print a figure against its bar."""
        good = at_least <= value <= at_most
        bar = f"at least {at_least:g}" if at_least else f"at most {at_most:g}"
        print(f"  {what:<52} {value:6.3f}   {bar:<14} {'' if good else 'MISSED'}")
        if not good:
            self.missed_bars.append(what)


def records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a file of JSON lines."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def change_of(diff: str) -> Change:
    """Return the change that a patch makes."""
    return Change(base="patch", head="patch", files=parse_patch(diff))


def by_signals(selection: Selection, personas: Sequence[Persona]) -> list[str]:
    """Return the chosen personas without the generalist, which counts apart."""
    apart = {persona.name for persona in personas if persona.match.wakes is not Wakes.SIGNALS}
    return [name for name in selection.chosen if name not in apart]


def reason(selection: Selection, name: str) -> str:
    """Return why a persona was or was not chosen."""
    return next(choice.reason for choice in selection.choices if choice.persona == name)


def measure_routing(path: Path, personas: Sequence[Persona], *, verbose: bool) -> Result:
    """Measure how often the persona that owns the one label of a file is chosen."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    chosen: Counter[str] = Counter()
    count = 0
    for record in records(path):
        selection = select(change_of(record["diff"]), personas)
        names = by_signals(selection, personas)
        chosen.update(names)
        count += 1
        for prefix in record["personas"]:
            owner = OWNERS[prefix]
            total[owner] += 1
            right[owner] += owner in names
            if verbose and owner not in names:
                print(f"  {record['id']}: {owner}: {reason(selection, owner)}; chosen {names}")
    print(f"Routing: {count} files, one label each")
    print(f"  {'persona':<22} {'files':>6} {'recall':>7} {'chosen':>7}")
    for name in sorted({*total, *chosen}):
        recall = f"{right[name] / total[name]:7.3f}" if total[name] else "      -"
        print(f"  {name:<22} {total[name]:>6} {recall} {chosen[name]:>7}")
    recalls = {name: right[name] / total[name] for name in total}
    result = Result()
    result.hold("mean recall over personas", sum(recalls.values()) / len(recalls), at_least=0.93)
    result.hold("lowest recall of a persona", min(recalls.values()), at_least=0.85)
    result.hold("personas a change", chosen.total() / count, at_most=1.8)
    return result


def measure_changes(
    changes: Path, labels: Path, personas: Sequence[Persona], *, verbose: bool
) -> Result:
    """Measure the choice against what a careful reader would want."""
    wanted = {entry["id"]: entry for entry in tomllib.loads(labels.read_text())["changes"]}
    tally: dict[str, Counter[str]] = {name: Counter() for name in OWNERS.values()}
    asleep = woken_by_prose = count = 0
    seconds = 0.0
    for record in records(changes):
        label = wanted.pop(record["id"], None)
        if label is None:
            continue
        change = change_of(record["diff"])
        start = time.perf_counter()
        selection = select(change, personas, model_configured=True)
        seconds += time.perf_counter() - start
        names = by_signals(selection, personas)
        count += 1
        for name, row in tally.items():
            verdict = next((v for v in ("must", "may") if name in label[v]), "must not")
            row[verdict] += 1
            row[f"{verdict} chosen"] += name in names
            if verbose and (verdict, name in names) in {("must", False), ("must not", True)}:
                print(f"  {record['id']}: {verdict} {name}: {reason(selection, name)}")
        has_source = any(is_source(f) and (f.added or f.removed) for f in change.reviewed)
        asleep += has_source and not selection.chosen
        woken_by_prose += not label["must"] and not label["may"] and bool(names) and not has_source
    for missing in wanted:
        print(f"  no change has the id {missing}")
    print(f"\nChanges: {count} labelled by hand, {1000 * seconds / count:.1f} ms each")
    print(f"  {'persona':<22} {'must':>10} {'may':>10} {'must not':>10}   (chosen of labelled)")
    columns = ("must", "may", "must not")
    for name, row in tally.items():
        cells = "".join(f"{row[f'{c} chosen']:>6}/{row[c]:<4}" for c in columns)
        print(f"  {name:<22} {cells}")
    sums: Counter[str] = Counter()
    for row in tally.values():
        sums.update(row)
    chosen = sum(sums[f"{column} chosen"] for column in columns)
    result = Result()
    result.hold("must: recall", sums["must chosen"] / sums["must"], at_least=0.95)
    wrong = sums["must not chosen"]
    result.hold("must not: share of all must-nots", wrong / sums["must not"], at_most=0.05)
    result.hold("must not: share of all chosen", wrong / chosen, at_most=0.05)
    result.hold("personas a change", chosen / count, at_most=2.5)
    result.hold("changes with source that wake nobody", asleep, at_most=0)
    result.hold("changes without source or label that wake somebody", woken_by_prose, at_most=0)
    return result


def main() -> int:
    """Run the measurements that the arguments ask for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--routing", type=Path, help="single files with one label each")
    parser.add_argument("--changes", type=Path, help="changes that the labels name")
    parser.add_argument("--labels", type=Path, default=LABELS)
    parser.add_argument("--check", action="store_true", help="exit 1 when a bar is missed")
    parser.add_argument("--verbose", action="store_true", help="show every miss")
    options = parser.parse_args()
    if options.routing is None and options.changes is None:
        print(__doc__)
        print("Nothing is measured without data: give --routing FILE, --changes FILE or both,")
        print('for example: make bench-selection ARGS="--changes changes.jsonl.gz --check"')
        return 0
    personas = tuple(parse_persona(text, path) for path, text in persona_files())
    results = []
    if options.routing is not None:
        results.append(measure_routing(options.routing, personas, verbose=options.verbose))
    if options.changes is not None:
        results.append(
            measure_changes(options.changes, options.labels, personas, verbose=options.verbose)
        )
    missed = [bar for result in results for bar in result.missed_bars]
    print("\nEvery bar is held." if not missed else f"\nMissed: {', '.join(missed)}")
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
