"""Replacements that attack: none can be committed, whoever switched suggestions on (R31)."""

from __future__ import annotations

import pytest

from reviewer.testing.builders import build_change, build_file
from tests.redteam.honest_model import BUG, PATH, honest_model
from tests.redteam.trial import Trial, review_of

CODE = """\
def last(user: str, items: list[int]) -> int:
    require_admin(user)
    return items[len(items)]
"""
CHANGE = build_change(build_file(PATH, after=CODE))
RULE = "BUG002"


async def suggested(text: str, quote: str, *, wanted: bool = True) -> Trial:
    finding = {**BUG, "quote": quote, "suggestion": text}
    model = honest_model({RULE: [finding]})
    trial = await review_of(CHANGE, model, chosen=("bug-hunter",), suggestions=wanted)
    assert len(trial.review.shown) == 1
    return trial


@pytest.mark.holds("R31")
async def test_an_honest_replacement_is_offered_where_it_is_wanted_and_only_there() -> None:
    line = "    return items[len(items)]"
    wanted = await suggested("    return items[-1]", line)
    assert "```suggestion\n    return items[-1]\n```" in wanted.outputs["inline 1"]
    unwanted = await suggested("    return items[-1]", line, wanted=False)
    assert not any("```suggestion" in text for text in unwanted.outputs.values())
