"""Sweep: have the host send again what never arrived, or arrived and is not known here.

The second happens where the power fails within a moment of an answer: then a file database may
have lost its last commits. What is sent again has its old id, so whatever is known is not done
twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from reviewer.ports.app_deliveries import AppDeliveries, DeliveryAttempt
from reviewer.ports.clock import Clock
from reviewer.ports.code_host import CodeHostError
from reviewer.ports.store import Store

#: How far back is looked: longer than anybody's night, shorter than the host remembers.
LOOK_BACK = timedelta(hours=24)
#: What is younger may be on its way.
_SETTLED = timedelta(minutes=10)
#: Whatever failed so often fails because of what it is.
_MOST_ATTEMPTS = 4
#: GitHub lets few writes through; the next sweep goes on.
_MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep found.

    Args:
        looked_at: How many deliveries the host told of.
        sent_again: The ids of those that were sent again.
        refused: How many the host would not send again.
        given_up: How many failed so often that nobody tries any more.
    """

    looked_at: int
    sent_again: tuple[str, ...] = ()
    refused: int = 0
    given_up: int = 0


async def sweep_deliveries(deliveries: AppDeliveries, store: Store, clock: Clock) -> Swept:
    """Have sent again what was missed.

    Args:
        deliveries: The host's memory of them.
        store: Ours.
        clock: Tells the time.

    Returns:
        What was found.

    Raises:
        CodeHostError: The host does not tell.
        CommunicationError: The store does not answer.
    """
    now = clock.now()
    by_delivery: dict[str, list[DeliveryAttempt]] = {}
    for attempt in await deliveries.since(now - LOOK_BACK):
        by_delivery.setdefault(attempt.delivery_id, []).append(attempt)
    async with store.look() as work:
        known = await work.deliveries.known(by_delivery.keys())
    again: list[DeliveryAttempt] = []
    given_up = 0
    for delivery_id, attempts in by_delivery.items():
        newest = max(attempts, key=lambda attempt: (attempt.at, attempt.id))
        if delivery_id in known or now - newest.at < _SETTLED:
            continue
        if len(attempts) >= _MOST_ATTEMPTS:
            given_up += 1
            continue
        again.append(newest)
    # The oldest first: the host forgets it first.
    again = sorted(again, key=lambda attempt: (attempt.at, attempt.id))[:_MOST_AT_ONCE]
    sent: list[str] = []
    for attempt in again:
        try:
            await deliveries.send_again(attempt.id)
        except CodeHostError:
            continue
        sent.append(attempt.delivery_id)
    return Swept(
        looked_at=len(by_delivery),
        sent_again=tuple(sent),
        refused=len(again) - len(sent),
        given_up=given_up,
    )
