"""One seed of the App as a process of its own, which is killed, on a database that goes away.

Time is the machine's here, so that limits without a word of how long they last are left out.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from reviewer.domain.attempt import Attempt
from reviewer.domain.run import RunQuery, RunRecord
from reviewer.domain.status import TRANSITIONS, RunState
from reviewer.testing.fake_github import Exchange, FakeGitHub
from tests.chaos.app_chaos import PERMISSIONS, too_long
from tests.chaos.chaotic_model import ChaoticModel, serving
from tests.chaos.course import Told, open_course
from tests.chaos.dice import Dice, Tally
from tests.chaos.fault_kind import FaultKind
from tests.chaos.github_misfortune import GitHubMisfortune
from tests.chaos.invariants import accounted, defects, safe, settled
from tests.chaos.outcome import Outcome
from tests.chaos.watch import BOT, WriteWatch
from tests.e2e.service_scene import OWNER, SECRET, Service
from tests.guards import Guard

if TYPE_CHECKING:
    from tests.integration.postgres import PostgresCluster

DOOR = "process"
WITHOUT = frozenset({FaultKind.SECONDARY_SILENT, FaultKind.MODEL_SILENT})
#: How long a seed may take to come to rest; an engine waits a while before it tries again.
_PATIENCE_SECONDS = 120.0
#: How long nothing may be under way before it counts as rest: longer than a debounce.
_REST_SECONDS = 2.5
_STATE_KEY = "a state key for the workers of chaos"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a seed happens.

    Args:
        folder: Takes its repositories and its databases.
        guard: What the service may not do.
        postgres: The cluster, for a seed on PostgreSQL; None for SQLite.
    """

    folder: Path
    guard: Guard
    postgres: PostgresCluster | None = None


def run_seed(seed: int, place: Place) -> Outcome:
    """Let one seed happen.

    Args:
        seed: Its number.
        place: Where.
    """
    began = time.perf_counter()
    with ExitStack() as stack:
        chaos = _ProcessChaos(seed, place, stack)
        chaos.run()
        return Outcome(
            door=DOOR,
            seed=seed,
            faults=chaos.tally.counts,
            runs=len(chaos.runs),
            broken=tuple(dict.fromkeys(chaos.broken)),
            story=tuple(chaos.course.story),
            seconds=time.perf_counter() - began,
        )


class _ProcessChaos:
    """The parts of one seed."""

    def __init__(self, seed: int, place: Place, stack: ExitStack) -> None:
        self.dice, self.tally = Dice(f"{DOOR} {seed}"), Tally()
        chance = self.dice.draw("seed")
        self._place = place
        self.hub = FakeGitHub(place.folder / "hub")
        url = stack.enter_context(self.hub.serve())
        self.model = ChaoticModel(
            self.dice, chance.choice((0.0, 0.1, 0.3)), self.tally, without=WITHOUT
        )
        stack.enter_context(serving(self.model))
        installation = self.hub.install(OWNER, permissions=PERMISSIONS, viewer=BOT)
        self.course = open_course(
            self.hub, f"{OWNER}/shop", self.dice, self.tally, installation=installation
        )
        self._database = f"sqlite:///{place.folder / 'service' / 'data' / 'service.sqlite3'}"
        settings = {"STATE_KEY": _STATE_KEY, "RESOLVE_THREADS": "true"}
        if place.postgres is not None:
            name = place.postgres.create_database()
            stack.callback(place.postgres.drop_database, name)
            self._database = place.postgres.url(name)
            settings |= {"DATABASE_URL": self._database, "TAKEOVER_SECONDS": "5"}
        (place.folder / "temporary").mkdir()
        variables = {
            "REVIEWER_MODEL": self.model.model,
            "HOME": str(place.folder),
            "TMPDIR": str(place.folder / "temporary"),
        }
        stack.enter_context(_environment(variables))
        self.service = Service(place.folder / "service", url, settings)
        stack.callback(self._end)
        self.watch = WriteWatch(hub=self.hub, seconds=time.monotonic)
        self.hub.observers.append(self._count)
        self.runs: Sequence[RunRecord] = ()
        self._rate = chance.choice((0.0, 0.03, 0.08))
        self._kills = chance.randint(1, 3)
        self._moves = 2
        self._accepted: list[str] = []
        self._refused: list[Told] = []
        self._found: list[str] = []
        self._left: int | None = None
        self._reached = threading.Event()

    @property
    def broken(self) -> list[str]:
        """What does not hold."""
        return [*self.watch.broken, *self._found]

    def run(self) -> None:
        """Let everything go wrong, and then nothing."""
        self.service.start(self._place.guard)
        self.hub.misfortune = GitHubMisfortune(
            self.dice,
            self._rate,
            self.tally,
            move_head=self._move,
            expire=self._expire,
            without=WITHOUT,
        )
        self._deliver(self.course.opened())
        for _ in range(self._kills):
            self._go_wrong()
            with self.hub.lock:
                told = self.course.happen()
            for each in told:
                self._deliver(each)
        self._go_wrong()
        self._calm_down()

    # --- faults --------------------------------------------------------------------------------
    def _go_wrong(self) -> None:
        """Kill it in the middle of something, or take its database away for a moment."""
        chance = self.dice.draw("wrong")
        self._reached.clear()
        self._left = chance.randint(0, 25)
        # The debounce has to pass before anything can be interrupted.
        self._reached.wait(chance.uniform(0.5, 4.0))
        self._left = None
        time.sleep(chance.uniform(0.0, 0.05))
        luck = chance.random()
        if luck < 0.6:
            self.tally.note(FaultKind.KILLED)
            self.service.end(signal.SIGKILL)
            self.service.start(self._place.guard)
        elif self._place.postgres is not None:
            self.tally.note(FaultKind.DATABASE_RESTARTED)
            self._place.postgres.stop(at_once=True)
            time.sleep(chance.uniform(0.0, 1.0))
            self._place.postgres.start()
        else:
            self.tally.note(FaultKind.DATABASE_LOCKED)
            self._lock(chance.choice(("service.sqlite3", "engine.sqlite3")), chance.uniform(0.2, 2))

    def _lock(self, name: str, seconds: float) -> None:
        file = self._place.folder / "service" / "data" / name
        with closing(sqlite3.connect(file, timeout=5)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            other.rollback()

    def _count(self, _: Exchange) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self._reached.set()

    def _move(self, why: str) -> None:
        if self._moves > 0 and self.course.pull.open:
            self._moves -= 1
            self.course.move(why)

    def _expire(self) -> None:
        for token in self.hub.tokens.values():
            token.expired = True

    # --- deliveries ----------------------------------------------------------------------------
    def _deliver(self, told: Told) -> None:
        headers, body = self.hub.signed(told.payload, SECRET, delivery=told.id)
        try:
            status = self.service.send({**headers, "X-GitHub-Event": told.name}, body)
        except httpx.TransportError:
            status = 0
        if status in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
            self._accepted.append(told.id)
        else:
            self._refused.append(told)

    def _deliver_moves(self) -> None:
        with self.hub.lock:
            told = list(self.course.moved)
            self.course.moved.clear()
        for each in told:
            self._deliver(each)

    # --- the end -------------------------------------------------------------------------------
    def _calm_down(self) -> None:
        self.hub.misfortune, self.model.rate = None, 0.0
        self._deliver_moves()
        for told in list(self._refused):
            self._refused.remove(told)
            self._deliver(told)
        if not self._rest():
            return
        self._found += self._safe()
        if not self.course.pull.open:
            self._deliver(self.course.reopened())
        self.course.story.append("--- calm")
        self._deliver(self.course.asked("/review"))
        if not self._rest():
            return
        self._found += self._safe()
        self._found += self._settled()
        self._found += accounted(
            asyncio.run(self._attempts()), self.model.calls, whole=False, limit=None
        )
        self._found += defects(self.service.log)

    def _settled(self) -> Iterator[str]:
        for run in reversed(self.runs):
            said = f"  {run.trigger} {run.head_sha[:7]} → {run.state}: {run.reason}"
            self.course.story.append(said)
        newest = self.runs[0]
        ends = {RunState.COMPLETED, *(() if self.course.files else (RunState.SKIPPED,))}
        if newest.state not in ends and not too_long(newest.reason):
            yield f"the calm run ended as {newest.state}: {newest.reason}"
        yield from settled(self.course, completed=newest.state is RunState.COMPLETED)

    def _safe(self) -> Iterator[str]:
        # A run may have said that it succeeded and been killed before its end was kept.
        return safe(self.course, self.course.heads.keys())

    def _rest(self) -> bool:
        """Wait until nothing is under way; tell whether that came to be."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        since = time.monotonic()
        while time.monotonic() - since < _REST_SECONDS:
            self.runs = asyncio.run(self._runs())
            active = [run.id for run in self.runs if TRANSITIONS[run.state]]
            unhandled = set(self._accepted) - self._handled()
            if active or unhandled:
                since = time.monotonic()
            if time.monotonic() > deadline:
                said = f"runs {active}, deliveries {unhandled}: {self.service.log[-2000:]}"
                self._found.append(f"it never came to rest: {said}")
                return False
            time.sleep(0.1)
        return True

    def _handled(self) -> set[str]:
        query = "SELECT id FROM delivery WHERE outcome != ''"
        if self._place.postgres is not None:
            name = self._database.rsplit("/", 1)[1]
            return {str(row[0]) for row in self._place.postgres.execute(query, name)}
        file = self._database.removeprefix("sqlite:///")
        with closing(sqlite3.connect(file, timeout=10)) as database:
            return {str(row[0]) for row in database.execute(query).fetchall()}

    async def _runs(self) -> Sequence[RunRecord]:
        from reviewer.adapters.database.service_store import open_service_store

        async with open_service_store(self._database) as store, store.look() as work:
            return await work.runs.find(RunQuery(limit=500))

    async def _attempts(self) -> Sequence[Attempt]:
        from reviewer.adapters.database.service_store import open_service_store

        async with open_service_store(self._database) as store:
            return await store.ledger.attempts()

    def _end(self) -> None:
        if self.service.running:
            self.service.end()


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before: dict[str, str | None] = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
