"""Every hostile input through every door that it can reach, with every model that it can meet.

The inputs are data (``inputs/*.toml``); which doors they reach is data, too (``doors.toml``). An
ordinary run of the suite tries each item once; ``make redteam`` tries all and prints the table.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.redteam.reach import (
    DOORS,
    FILES,
    Case,
    all_cases,
    cases,
    heavy,
    items,
    slice_of_cases,
    unreachable,
)
from tests.redteam.speaking import MODELS

if TYPE_CHECKING:
    from tests.redteam.stages import Stages


def _parameters() -> list[object]:
    chosen = slice_of_cases()
    return [
        pytest.param(
            case, id=case.name, marks=() if case.name in chosen else (pytest.mark.exhaustive,)
        )
        for case in cases()
    ]


@pytest.mark.loopback
@pytest.mark.holds(
    "R01",
    "R02",
    "R03",
    "R04",
    "R06",
    "R07",
    "R09",
    "R10",
    "R11",
    "R13",
    "R14",
    "R16",
    "R17",
    "R18",
    "R19",
    "R20",
    "R21",
    "R22",
    "R24",
    "R25",
    "R26",
    "R27",
    "R28",
    "R29",
    "R30",
    "R31",
    "R32",
    "R33",
    "R34",
    "R37",
    "R38",
    "R39",
    "R40",
    "R42",
    "R43",
    "R45",
    "R47",
    "R49",
    "R50",
    "S1",
    "S2",
    "S3",
    "S4",
    "S5",
    "S7",
    "S9",
    "S10",
    "S11",
    "S12",
    "S13",
    "S14",
    "S15",
    "S16",
    "S17",
    "S19",
    "S20",
    "S21",
    "S22",
)
@pytest.mark.parametrize("case", _parameters())
def test_a_hostile_input_gets_nothing_that_it_wants(stages: Stages, case: Case) -> None:
    # Late: collecting must stay quick.
    from tests.redteam.attack import attack

    attack(stages, case)


def test_every_item_of_the_threat_model_has_an_input() -> None:
    named = {given.id.split(" ")[0] for read in FILES.values() for given in read()}
    assert set(items()) <= named
    assert {name for name in named if name.startswith("R")} <= set(items())


def test_every_input_is_tried_at_every_door_or_says_why_not() -> None:
    inputs = sum(len(read()) for read in FILES.values())
    counted = Counter((case.door, case.model) for case in all_cases())
    assert counted == {(door, model): inputs for door in DOORS for model in MODELS}
    names = [case.name for case in all_cases()]
    assert len(names) == len(set(names)), "two inputs of one file have the same name"
    tried = {(case.file, case.given.id) for case in cases()}
    assert tried == {(file, given.id) for file, read in FILES.items() for given in read()}


def test_no_reason_is_given_for_what_there_is_not() -> None:
    for entry in unreachable():
        names = {given.id for given in FILES[entry.file]()}
        assert entry.inputs == ("*",) or set(entry.inputs) <= names, entry
        assert set(entry.doors) <= set(DOORS)
        assert set(entry.models) <= set(MODELS)
        assert entry.because
    assert heavy() <= {f"{case.file}/{case.given.id}" for case in cases()}


def test_an_ordinary_run_tries_every_item_every_file_and_every_door() -> None:
    chosen = [case for case in cases() if case.name in slice_of_cases()]
    tried = {case.given.id.split()[0] for case in chosen}
    assert set(items()) <= tried
    light = [case for case in cases() if f"{case.file}/{case.given.id}" not in heavy()]
    assert {(c.file, c.door) for c in light} == {(c.file, c.door) for c in chosen}
    assert all(case.model == "evil" for case in chosen if case.file != "forgeries")
