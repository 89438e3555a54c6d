"""The map in docs/architecture.md is the territory."""

from __future__ import annotations

import re

from reviewer.domain.status import TRANSITIONS
from tests.guards import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_states_of_the_page_are_the_states_of_the_code() -> None:
    told: dict[str, set[str]] = {}
    section = PAGE.split("## States of a run")[1]
    for left, right in re.findall(r"^\| ([a-z, ]+) \| ([a-z, ]+) \|$", section, re.MULTILINE):
        for state in left.split(", "):
            told[state] = set() if right == "final" else set(right.split(", "))
    told.pop("from")
    assert told == {
        state.value: {following.value for following in after}
        for state, after in TRANSITIONS.items()
    }


def test_every_folder_has_its_line() -> None:
    folders = {
        path.parent.relative_to(ROOT).as_posix()
        for path in (ROOT / "reviewer").glob("*/__init__.py")
    }
    assert [folder for folder in sorted(folders) if f"| `{folder}/` |" not in PAGE] == []
