"""The generated parts of `security.md`: what must hold, where, and which tests hold it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from docs.held_tests import HeldTest, collect_tests

ROOT = Path(__file__).resolve().parent.parent

#: How many tests are named; of the others there is a number.
_NAMED = {"invariant": 6, "input": 2, "pain": 3}


class Item(BaseModel):
    """One item of the threat model.

    Args:
        id: ``S1``, ``R01`` or ``P01``; marks of tests name it.
        unheld: Why no test can hold it; empty where tests do.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    unheld: str = ""


class Invariant(Item):
    """What must always be so.

    Args:
        title: In a few words.
        holds: What holds here, for whoever uses it.
        where: Our files that see to it.
    """

    title: str
    holds: str
    where: tuple[str, ...]


class HostileInput(Item):
    """Something that an attacker tries.

    Args:
        channel: What carries it.
        tries: What it tries.
    """

    channel: str
    tries: str


class Pain(Item):
    """Something that people complain about where other bots review.

    Args:
        title: In a few words.
        behaviour: What this program does instead.
    """

    title: str
    behaviour: str


class ThreatModel(BaseModel):
    """The whole of `security.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    invariant: tuple[Invariant, ...]
    input: tuple[HostileInput, ...]
    pain: tuple[Pain, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item."""
        return (*self.invariant, *self.input, *self.pain)


def threat_model() -> ThreatModel:
    """Read `security.toml`; an unknown or missing key is an error."""
    text = (ROOT / "docs" / "security.toml").read_text(encoding="utf-8")
    return ThreatModel.model_validate(tomllib.loads(text))


def security_sections() -> dict[str, str]:
    """Return the generated parts of the page by name."""
    model, tests = threat_model(), collect_tests(ROOT)
    by_id: dict[str, list[HeldTest]] = {item.id: [] for item in model.items}
    for test in tests:
        for name in test.ids:
            by_id.setdefault(name, []).append(test)
    return {
        "counts": _counts(model, tests),
        "invariants": "\n".join(_invariant(each, by_id[each.id]) for each in model.invariant),
        "inputs": _table(
            "| | comes as | tries | held by |",
            [
                f"| {each.id} | {each.channel} | {each.tries} |"
                f" {_held(each, by_id[each.id], _NAMED['input'])} |"
                for each in model.input
            ],
        ),
        "pains": _table(
            "| | people complain about | here | held by |",
            [
                f"| {each.id} | {each.title} | {each.behaviour} |"
                f" {_held(each, by_id[each.id], _NAMED['pain'])} |"
                for each in model.pain
            ],
        ),
    }


def _counts(model: ThreatModel, tests: Sequence[HeldTest]) -> str:
    files = len({test.path for test in tests})
    return (
        f"{len(tests)} tests in {files} files hold {len(model.invariant)} invariants,"
        f" {len(model.input)} hostile inputs and {len(model.pain)} complaints.\n"
    )


def _invariant(each: Invariant, tests: Sequence[HeldTest]) -> str:
    places = ", ".join(f"[`{path.removeprefix('reviewer/')}`](../{path})" for path in each.where)
    where = f"In the code: {places}.\n" if places else ""
    held = _held(each, tests, _NAMED["invariant"])
    return f"### {each.id} {each.title}\n{each.holds}\n\n{where}Held by: {held}.\n"


def _held(item: Item, tests: Sequence[HeldTest], named: int) -> str:
    if item.unheld:
        return f"no test: {item.unheld}"
    # What is tried has tests that are about nothing else; of the others the sharpest speak first.
    tried = isinstance(item, HostileInput)
    chosen = _sharpest(tests, first="tests/redteam/" if tried else "")[:named]
    shown = "; ".join(f"[{test.sentence}](../{test.path})" for test in chosen)
    rest = len(tests) - len(chosen)
    return f"{shown}; and {rest} more" if rest else shown


def _sharpest(tests: Iterable[HeldTest], *, first: str) -> list[HeldTest]:
    """Order tests: those of a folder, then those that hold least besides; files take turns."""

    def rank(test: HeldTest) -> tuple[bool, int, str, str]:
        return not test.path.startswith(first), len(test.ids), test.path, test.name

    by_file: dict[str, list[HeldTest]] = {}
    for test in sorted(tests, key=rank):
        by_file.setdefault(test.path, []).append(test)
    rounds = zip_longest(*by_file.values())
    return [test for turn in rounds for test in turn if test is not None]


def _table(head: str, rows: Iterable[str]) -> str:
    columns = head.count("|") - 1
    return "\n".join([head, "|" + "---|" * columns, *rows]) + "\n"
