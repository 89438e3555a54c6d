"""Keeps in the store what reviews of a pull request remember; its marker holds the same.

Whoever may edit comments can take a marker away, or put back an older one that we signed. Here
nobody can: where both exist the store holds (`recall.history_of` has the whole rule). Beside the
one value stand the dismissals, each with who and when, for people who ask later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from reviewer.domain.dismissal_record import DismissalRecord
from reviewer.domain.history import History, KnownFinding, KnownState
from reviewer.domain.history_record import HistoryRecord
from reviewer.domain.history_text import RECORD_LIMIT, text_size
from reviewer.domain.pull_request import Account, PullRequestName
from reviewer.domain.recall import with_peoples_words
from reviewer.domain.remember import bounded
from reviewer.ports.clock import Clock
from reviewer.ports.store import Store, UnitOfWork
from reviewer.service.keep_history import onto


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The pull request that is remembered.

    Args:
        installation_id: The host's number of the installation.
        repository_id: The host's number of the repository.
        pull_request: Which.
    """

    installation_id: int
    repository_id: int
    pull_request: PullRequestName


class StoredMemory:
    """One pull request's history in the store; implements `ports.memory.Memory`.

    Args:
        store: Holds it.
        clock: Dates it.
        place: Which pull request.
        actor: Who changes it; None for nobody in particular.
    """

    def __init__(
        self, store: Store, clock: Clock, place: Place, *, actor: Account | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._place = place
        self._actor = actor

    async def recall(self) -> History | None:
        """Return what is remembered; None for nothing."""
        place = self._place
        async with self._store.look() as work:
            return await work.histories.of(place.repository_id, place.pull_request.number)

    async def keep(self, history: History, *, before: History) -> None:
        """Keep what somebody changed; what others changed meanwhile stays."""
        async with self._store.begin() as work:
            now = await _held(work, self._place)
            kept = history if now is None else onto(now, history, before)
            await _put(work, self._place, kept, now, at=self._clock.now(), actor=self._actor)


async def keep_round(work: UnitOfWork, place: Place, history: History, *, at: datetime) -> None:
    """Keep what a round leaves behind, in the transaction of its end.

    What people said since the round looked for the last time stays; so does what a later round
    has left.

    Args:
        work: The transaction.
        place: Which pull request.
        history: What the next round starts from.
        at: When.
    """
    now = await _held(work, place)
    if now is not None:
        if now.generation >= history.generation:
            return
        history = with_peoples_words(history, now, newer=True)
    await _put(work, place, history, now, at=at)


async def _held(work: UnitOfWork, place: Place) -> History | None:
    return await work.histories.held(
        place.installation_id, place.repository_id, place.pull_request.number
    )


async def _put(
    work: UnitOfWork,
    place: Place,
    history: History,
    before: History | None,
    *,
    at: datetime,
    actor: Account | None = None,
) -> None:
    history = bounded(replace(history, trusted=True), RECORD_LIMIT, text_size)
    await work.histories.put(
        HistoryRecord(
            installation_id=place.installation_id,
            repository_id=place.repository_id,
            pull_request=place.pull_request,
            history=history,
            at=at,
        )
    )
    was = {} if before is None else {each.fingerprint: each for each in before.known}
    for entry in history.known:
        earlier = was.get(entry.fingerprint)
        dismissed = entry.state is KnownState.DISMISSED
        if dismissed == (earlier is not None and earlier.state is KnownState.DISMISSED):
            continue
        if dismissed:
            await work.dismissals.add(_record(place, entry, at, actor))
        else:
            await work.dismissals.withdraw(
                place.repository_id,
                place.pull_request.number,
                entry.fingerprint,
                by=entry.by,
                at=at,
            )


def _record(
    place: Place, entry: KnownFinding, at: datetime, actor: Account | None
) -> DismissalRecord:
    # Who replied in a thread is known by name alone.
    known = actor is not None and actor.login == entry.by
    return DismissalRecord(
        installation_id=place.installation_id,
        repository_id=place.repository_id,
        pull_request=place.pull_request,
        fingerprint=entry.fingerprint,
        by=actor if known and actor is not None else Account(id=0, login=entry.by),
        reason=entry.reason,
        authorised=entry.authorised,
        at=at,
    )
