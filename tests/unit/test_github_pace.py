"""How fast is written: a few at once, then slower than GitHub's limits."""

from __future__ import annotations

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.testing.fake_clock import FakeClock

pytest.importorskip("github")

from reviewer.adapters.github.retrying import WritePace


def most_within(times: list[float], seconds: float) -> int:
    return max(bisect_left(times, start + seconds) - n for n, start in enumerate(times))


def write(count: int, pauses: list[float]) -> list[float]:
    """Write as often as the pace allows, with pauses in between; return when."""
    clock = FakeClock()
    pace = WritePace(clock)
    times = []
    for number in range(count):
        clock.advance(pauses[number % len(pauses)])
        clock.advance(pace.delay())
        pace.note()
        times.append(clock.monotonic())
    return times


def test_an_action_s_few_writes_wait_for_nothing() -> None:
    assert write(WritePace.BURST, [0.0])[-1] == 0.0


def test_nobody_waits_longer_than_a_second_for_each_write_of_a_minute() -> None:
    assert write(60, [0.0])[-1] < 61.0


@pytest.mark.holds("P17")
@given(st.lists(st.floats(min_value=0, max_value=40), min_size=1, max_size=12))
def test_the_limits_of_a_minute_and_an_hour_hold_whatever_the_pauses(pauses: list[float]) -> None:
    times = write(600, pauses)
    assert most_within(times, 59.99) <= 60
    assert most_within(times, 3599.99) <= 400
