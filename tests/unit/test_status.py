"""A run goes where the table lets it, and nowhere else."""

from __future__ import annotations

import itertools

import pytest

from reviewer.domain.status import TRANSITIONS, RunState, advance


@pytest.mark.holds("P03")
@pytest.mark.parametrize(("current", "following"), list(itertools.product(RunState, repeat=2)))
def test_only_the_steps_of_the_table_are_possible(current: RunState, following: RunState) -> None:
    if following in TRANSITIONS[current]:
        assert advance(current, following) is following
    else:
        with pytest.raises(ValueError, match=f"from {current.value} to {following.value}"):
            advance(current, following)


@pytest.mark.holds("P03")
def test_a_final_state_is_final() -> None:
    final = {state for state, after in TRANSITIONS.items() if not after}
    assert final == set(RunState) - {RunState.QUEUED, RunState.RUNNING}
