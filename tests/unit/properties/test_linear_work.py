"""Twice the input is twice the work, counted in calls: no clock and no neighbour has a say.

What happens inside one call is not counted; `tests/benchmarks/bench_hostile.py` measures that.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType

import pytest

from reviewer.adapters.sarif.report import parse_sarif
from reviewer.domain.change import Side
from reviewer.domain.checklist import answer_mechanically
from reviewer.domain.command import read_commands
from reviewer.domain.diff import parse_patch
from reviewer.domain.evidence import Evidence, EvidenceKind, Examination, Hit
from reviewer.domain.facts.dockerfile_reader import stages
from reviewer.domain.facts.yaml_document import documents
from reviewer.domain.finding import fingerprint
from reviewer.domain.sanitiser import cell, prose
from reviewer.domain.secret_pattern import find_secrets
from reviewer.domain.toml_document import parse_toml
from reviewer.errors import UserError
from reviewer.prompting.reading import read_answers
from reviewer.testing.builders import build_change, build_file, build_persona, build_rule

pytestmark = pytest.mark.holds("S19", "R06", "R30", "R40")

_SIZE = 300
#: Linear is 2; what every call costs at least makes it less, growing lists a little more.
_MOST = 2.3


def calls(work: Callable[[], object]) -> int:
    """Count the calls of functions, Python's and C's."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    except UserError:
        pass
    finally:
        sys.setprofile(before)
    return count


def _lines(count: int) -> str:
    body = "".join(f"+x{n} = {n}\n" for n in range(count))
    return f"--- /dev/null\n+++ b/a.py\n@@ -0,0 +1,{count} @@\n{body}"


def _hunks(count: int) -> str:
    body = "".join(f"@@ -{n} +{n} @@\n-a\n+b\n" for n in range(1, 2 * count, 2))
    return f"--- a/a.py\n+++ b/a.py\n{body}"


def _sections(count: int) -> str:
    return "".join(f"--- a/x{n}\n+++ b/x{n}\n@@ -1 +1 @@\n-a\n+b\n" for n in range(count))


def _renames(count: int) -> str:
    return "".join(
        f"diff --git a/a{n} b/b{n}\nsimilarity index 100%\nrename from a{n}\nrename to b{n}\n"
        for n in range(count)
    )


def _look_at_every_line(patch: str) -> object:
    (file,) = parse_patch(patch)
    for number in file.added:
        place = file.locate(Side.HEAD, number, number)
        assert place is not None
        assert file.is_commentable(place)
        assert file.text_at(place)
        fingerprint(rule_id="X1", file=file, location=place, repeat=0)
    return file


def _answers(count: int) -> str:
    finding = {"path": "a.py", "side": "head", "quote": "x", "headline": "h"}
    finding |= {"explanation": "e", "remedy": "r", "severity": "note"}
    answers = [
        {"rule_id": f"S{n}", "verdict": "fail", "reason": "r", "findings": [finding]}
        for n in range(count)
    ]
    return json.dumps({"answers": answers, "more": "[" * count})


def _sarif(count: int) -> bytes:
    place = {"physicalLocation": {"artifactLocation": {"uri": "a/./b.py"}}}
    results = [{"ruleId": f"X{n}", "locations": [place]} for n in range(count)]
    return json.dumps({"version": "2.1.0", "runs": [{"results": results}]}).encode()


WORK: dict[str, Callable[[int], object]] = {
    "lines of a file": lambda size: parse_patch(_lines(size)),
    "hunks": lambda size: parse_patch(_hunks(size)),
    "files": lambda size: parse_patch(_sections(size)),
    "renames": lambda size: parse_patch(_renames(size)),
    "findings on every line": lambda size: _look_at_every_line(_lines(size)),
    "findings in every hunk": lambda size: _look_at_every_line(_hunks(size)),
    "prose of backticks": lambda size: prose("` `` " * size),
    "prose of mentions": lambda size: prose("@a #1 " * size),
    "a cell of pipes": lambda size: cell("|\\" * size),
    "commands": lambda size: read_commands("/review\n`" * size),
    "comments in a comment": lambda size: read_commands("<!---->" * size),
    "answers of a model": lambda size: read_answers(_answers(size // 4)),
    "brackets of a model": lambda size: read_answers('{"answers":[' + '{"a":[' * size),
    "objects of a model": lambda size: read_answers('{"answers":[' + "{}," * size),
    "results of SARIF": lambda size: parse_sarif(_sarif(size), name="s", root=Path("/x")),
    "TOML tables": lambda size: parse_toml("".join(f"[a{n}]\nb = 1\n" for n in range(size)), "t"),
    "TOML brackets": lambda size: parse_toml("x = " + "[" * size, "t"),
    "YAML lists": lambda size: documents("- a\n" * size),
    "YAML aliases": lambda size: documents("a: &a [x]\n" + "b: *a\n" * size),
    "a Dockerfile": lambda size: stages("FROM x AS y\nRUN a \\\n b\n" * size),
    "secrets": lambda size: find_secrets("AKIA eyJ password= " * size),
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK.keys())
def test_twice_the_input_is_twice_the_work(work: Callable[[int], object]) -> None:
    calls(partial(work, 8))  # what is built once is no part of it
    small, large = (calls(partial(work, size)) for size in (_SIZE, 2 * _SIZE))
    assert large <= _MOST * small + 200


def test_a_place_that_nobody_reads_is_told_by_its_first_line() -> None:
    evidence = Evidence(kind=EvidenceKind.SARIF, codes=("E1",))
    rule = replace(build_rule("X1", "A rule"), evidence=(evidence,))
    change = build_change(build_file("a.py", after="".join(f"x{n} = {n}\n" for n in range(300))))
    seen = Examination(
        hits=tuple(
            Hit(
                kind=EvidenceKind.SARIF,
                code="E1",
                path="a.py",
                message="m",
                start_line=start,
                end_line=end,
            )
            for start, end in ((1, 300), (5, 104), (6, 106))
        )
    )
    card = answer_mechanically(build_persona("p", rule), change, seen)
    places = [finding.location for answer in card.answers for finding in answer.findings]
    lines = [(place.start_line, place.end_line) for place in places if place is not None]
    assert lines == [(1, 1), (5, 104), (6, 6)]
