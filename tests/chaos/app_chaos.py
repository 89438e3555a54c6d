"""One seed of the App in this process: two pull requests, whose deliveries come as they may."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from reviewer.domain.attempt import Attempt
from reviewer.domain.run import RunRecord
from reviewer.domain.status import TRANSITIONS, RunState
from reviewer.testing.fake_github import FakeGitHub
from tests.chaos.app_door import OWNER, AppDoor
from tests.chaos.chaotic_model import ChaoticModel, serving
from tests.chaos.course import Course, Told, open_course
from tests.chaos.dice import Dice, Tally
from tests.chaos.fault_kind import FaultKind
from tests.chaos.github_misfortune import GitHubMisfortune
from tests.chaos.invariants import accounted, defects, safe, settled
from tests.chaos.outcome import Outcome
from tests.chaos.watch import BOT, WriteWatch

DOOR = "app"
#: The App thinks for as long as production lets it: nobody waits that long here.
WITHOUT = frozenset({FaultKind.MODEL_SILENT})
PERMISSIONS = {
    "checks": "write",
    "contents": "write",
    "issues": "write",
    "merge_queues": "read",
    "metadata": "read",
    "pull_requests": "write",
}
#: How long what is under way is left to its bad luck after the last event, twice.
_CHAOS_SECONDS = 4.0
_TOO_LONG = re.compile("cut off at its longest|ended with length")
_TIGHT_TOKENS = (20_000, 150_000)


def run_seed(seed: int, folder: Path) -> Outcome:
    """Let one seed happen.

    Args:
        seed: Its number.
        folder: Takes its repositories and its databases.
    """
    began = time.perf_counter()
    with ExitStack() as stack:
        chaos = AppChaos(seed, folder, stack)
        asyncio.run(chaos.run())
        return Outcome(
            door=DOOR,
            seed=seed,
            faults=chaos.tally.counts,
            runs=chaos.ran,
            broken=tuple(dict.fromkeys(chaos.broken)),
            story=tuple(line for course in chaos.courses for line in course.story),
            seconds=time.perf_counter() - began,
        )


class AppChaos:
    """The parts of one seed."""

    def __init__(self, seed: int, folder: Path, stack: ExitStack) -> None:
        self.dice, self.tally = Dice(f"{DOOR} {seed}"), Tally()
        chance = self.dice.draw("seed")
        self.hub = FakeGitHub(folder / "hub")
        url = stack.enter_context(self.hub.serve())
        self.model = ChaoticModel(
            self.dice, chance.choice((0.0, 0.1, 0.3)), self.tally, without=WITHOUT
        )
        stack.enter_context(serving(self.model))
        installation = self.hub.install(OWNER, permissions=PERMISSIONS, viewer=BOT)
        self.courses = [
            open_course(
                self.hub, f"{OWNER}/shop-{n}", self.dice, self.tally, installation=installation
            )
            for n in range(2)
        ]
        tokens = None
        if chance.random() < 0.25:
            self.tally.note(FaultKind.BUDGET)
            tokens = chance.randint(*_TIGHT_TOKENS)
        self.door = AppDoor(
            hub=self.hub, url=url, folder=folder / "app", model=self.model.model, tokens=tokens
        )
        self.watch = WriteWatch(hub=self.hub, seconds=time.monotonic)
        self.ran = 0
        self._rate = chance.choice((0.05, 0.15, 0.3))
        self._events = chance.randint(2, 5)
        self._restarts = chance.random() < 0.3
        self._moves = 4
        self._found: list[str] = []
        self._holders: list[threading.Thread] = []

    @property
    def broken(self) -> list[str]:
        """What does not hold."""
        return [*self.watch.broken, *self._found]

    async def run(self) -> None:
        """Let everything go wrong, and then nothing."""
        await self.door.start()
        try:
            await self._happen()
            await self._calm_down()
        finally:
            await self.door.stop()

    async def _happen(self) -> None:
        self.hub.misfortune = GitHubMisfortune(
            self.dice, self._rate, self.tally, move_head=self._move, expire=self._expire
        )
        self.door.clock.waited = self._wait
        for course in self.courses:
            await self.door.deliver(course.opened())
        for number in range(self._events):
            chance = self.dice.draw("step")
            await asyncio.sleep(chance.choice((0.0, 0.1, 0.5)))
            self._lock_by_chance()
            if self._restarts and number == 1:
                self.tally.note(FaultKind.STOPPED)
                await self.door.stop()
                await self.door.start()
            course = chance.choice(self.courses)
            with self.hub.lock:
                told = course.happen()
            await asyncio.gather(*(self.door.deliver(each) for each in told))
        await self.door.quiet(_CHAOS_SECONDS)
        await self._deliver_moves()
        await self.door.quiet(_CHAOS_SECONDS)

    async def _calm_down(self) -> None:
        self.hub.misfortune, self.door.clock.waited, self.model.rate = None, None, 0.0
        for holder in self._holders:
            await asyncio.to_thread(holder.join)
        await self._deliver_moves()
        await self.door.sweep()
        if waiting := await self.door.quiet():
            self._found.append(f"it never came to rest: {waiting}")
            return
        runs = await self.door.runs()
        self._found += _unended(runs)
        self._found += self._safe(runs)
        for course in self.courses:
            if not course.pull.open:
                await self._calmly(course.reopened())
            course.story.append("--- calm")
            await self._calmly(course.asked("/review"))
        if self._found:
            return
        runs = await self.door.runs()
        self.ran = len(runs)
        self._found += _unended(runs)
        self._found += self._safe(runs)
        for course in self.courses:
            self._found += self._settled(course, runs)
        rows = await self.door.attempts()
        self._found += accounted(rows, self.model.calls, whole=False, limit=None)
        if self.door.tokens is not None:
            self._found += _overspent(rows, self.door.tokens)
        self._found += defects(self.door.log.getvalue())

    async def _calmly(self, told: Told) -> None:
        await self.door.deliver(told)
        if self.door.refused:
            self._found.append(f"{told.name} was not taken, and nothing was wrong")
        if waiting := await self.door.quiet():
            self._found.append(f"the calm end never came to rest: {waiting}")

    def _settled(self, course: Course, runs: Sequence[RunRecord]) -> Iterator[str]:
        own = [run for run in runs if run.pull_request.number == course.pull.number]
        own = [run for run in own if str(run.pull_request) == course.pull.name]
        for run in reversed(own):
            course.story.append(f"  {run.trigger} {run.head_sha[:7]} → {run.state}: {run.reason}")
        newest = own[0]
        ends = {RunState.COMPLETED, *({RunState.PARTIAL} if self.door.tokens else ())}
        if not course.files:
            ends.add(RunState.SKIPPED)
        if newest.state not in ends and not too_long(newest.reason):
            yield f"the calm run on {course.pull.name} ended as {newest.state}: {newest.reason}"
        yield from settled(course, completed=newest.state is RunState.COMPLETED)

    def _safe(self, runs: Sequence[RunRecord]) -> Iterator[str]:
        for course in self.courses:
            completed = {run.head_sha for run in runs if run.state is RunState.COMPLETED}
            if self.tally.counts.keys() & {FaultKind.STOPPED, FaultKind.DATABASE_LOCKED}:
                # A run may have said so and ended before its end was kept.
                completed |= course.heads.keys()
            for fault in safe(course, completed):
                yield f"{course.pull.name}: {fault}"

    async def _deliver_moves(self) -> None:
        for course in self.courses:
            with self.hub.lock:
                told = list(course.moved)
                course.moved.clear()
            for each in told:
                await self.door.deliver(each)

    # --- faults --------------------------------------------------------------------------------
    def _move(self, why: str) -> None:
        chance = self.dice.draw("move")
        course = next((c for c in self.courses if c.pull.repository.name in why), None)
        course = course or chance.choice(self.courses)
        if self._moves > 0 and course.pull.open:
            self._moves -= 1
            course.move(why)

    def _wait(self) -> None:
        if self.dice.draw("wait").random() < 0.2:
            self.tally.note(FaultKind.MOVED_IN_WAIT)
            with self.hub.lock:
                self._move("a wait")

    def _expire(self) -> None:
        for token in self.hub.tokens.values():
            token.expired = True

    def _lock_by_chance(self) -> None:
        chance = self.dice.draw("lock")
        if chance.random() < 0.15:
            self.tally.note(FaultKind.DATABASE_LOCKED)
            name = chance.choice(("service.sqlite3", "engine.sqlite3"))
            self._holders.append(self.door.lock(name, chance.uniform(0.2, 1.5)))


def too_long(reason: str) -> bool:
    """Tell whether a run is partial for what was too long for a model: so it will be again."""
    return _TOO_LONG.search(reason) is not None


def _unended(runs: Sequence[RunRecord]) -> Iterator[str]:
    for run in runs:
        if TRANSITIONS[run.state]:
            yield f"the run {run.id} on {run.pull_request} is {run.state} for ever"


def _overspent(rows: Sequence[Attempt], tokens: int) -> Iterator[str]:
    spent: dict[tuple[str, int | None], int] = {}
    for row in rows:
        place = (row.repository, row.pull_request)
        spent[place] = spent.get(place, 0) + row.usage.total
    for place, used in spent.items():
        if used > tokens:
            yield f"{used:,} tokens were charged to {place}, and {tokens:,} allowed"
