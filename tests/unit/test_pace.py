"""The pace of a review: wait for the first answer to begin, which is cheap, or for nobody."""

from __future__ import annotations

import pytest

from reviewer.domain.operator_configuration import Pace
from reviewer.testing.builders import build_change, build_file
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.scripted_model import ScriptedModel
from tests.redteam.honest_model import CODE, PATH, honest
from tests.redteam.trial import review_of


@pytest.mark.parametrize(("pace", "others_start"), [(Pace.COST, 1.0), (Pace.SPEED, 0.0)])
async def test_the_others_wait_for_the_first_byte_or_for_nobody(
    pace: Pace, others_start: float
) -> None:
    model = ScriptedModel(honest({}), clock=FakeClock(), latency=2.0, first_byte=0.5)
    await review_of(
        build_change(build_file(PATH, after=CODE)),
        model,
        chosen=("bug-hunter", "architect", "test-automator"),
        pace=pace,
    )
    first, *others = [call.started_seconds for call in model.calls]
    assert first == 0
    assert others
    assert set(others) == {others_start}
