"""What the host told us in vain is sent again, with its old id, and not for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from reviewer.ports.app_deliveries import DeliveryAttempt
from reviewer.service.sweep_deliveries import LOOK_BACK, Swept, sweep_deliveries
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.memory_store import MemoryStore
from tests.unit.run_example import OUTAGE, build_delivery, push

CLOCK = FakeClock()


@dataclass(kw_only=True)
class Host:
    """Implements `ports.app_deliveries.AppDeliveries`."""

    attempts: list[DeliveryAttempt]
    refuses: frozenset[int] = frozenset()
    again: list[int] = field(default_factory=list)

    async def since(self, moment: datetime) -> Sequence[DeliveryAttempt]:
        assert moment == CLOCK.now() - LOOK_BACK
        return self.attempts

    async def send_again(self, attempt_id: int) -> None:
        if attempt_id in self.refuses:
            raise OUTAGE
        self.again.append(attempt_id)


def attempt(
    number: int, delivery_id: str, *, minutes: int, arrived: bool = False
) -> DeliveryAttempt:
    return DeliveryAttempt(
        id=number,
        delivery_id=delivery_id,
        event="pull_request",
        at=CLOCK.now() - timedelta(minutes=minutes),
        arrived=arrived,
    )


async def sweep(*attempts: DeliveryAttempt, refuses: int = 0) -> tuple[Swept, list[int]]:
    store = MemoryStore()
    async with store.begin() as work:
        await work.deliveries.add(build_delivery(push(), "known"))
    host = Host(attempts=list(attempts), refuses=frozenset({refuses}))
    return await sweep_deliveries(host, store, CLOCK), host.again


@pytest.mark.holds("P22")
async def test_what_never_arrived_is_sent_again_the_oldest_first() -> None:
    swept, again = await sweep(
        attempt(1, "younger", minutes=20),
        attempt(2, "older", minutes=90),
        attempt(3, "known", minutes=90, arrived=True),
    )
    assert again == [2, 1]
    assert swept == Swept(looked_at=3, sent_again=("older", "younger"))


async def test_what_arrived_and_is_not_known_here_is_sent_again() -> None:
    _, again = await sweep(attempt(1, "lost", minutes=30, arrived=True))
    assert again == [1]


async def test_what_was_just_sent_may_be_on_its_way() -> None:
    _, again = await sweep(attempt(1, "new", minutes=5), attempt(2, "new", minutes=60))
    assert again == []


async def test_what_failed_four_times_fails_because_of_what_it_is() -> None:
    swept, again = await sweep(*(attempt(n, "bad", minutes=15 * (n + 1)) for n in range(4)))
    assert (again, swept.given_up) == ([], 1)


async def test_one_that_the_host_refuses_keeps_no_other_from_being_sent() -> None:
    swept, again = await sweep(
        attempt(1, "refused", minutes=90), attempt(2, "taken", minutes=30), refuses=1
    )
    assert again == [2]
    assert (swept.sent_again, swept.refused) == (("taken",), 1)
