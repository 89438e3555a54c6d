"""One seed at the Action's door: jobs one after the other, and then a calm one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from reviewer.domain.status import TRANSITIONS, RunState
from reviewer.testing.fake_github import FakeGitHub
from tests.chaos.action_door import CALM_SECONDS, ActionDoor, Job
from tests.chaos.chaotic_model import ChaoticModel, serving
from tests.chaos.course import Course, Told, open_course
from tests.chaos.dice import Dice, Tally
from tests.chaos.fault_kind import FaultKind
from tests.chaos.github_misfortune import GitHubMisfortune
from tests.chaos.invariants import accounted, found, safe, settled
from tests.chaos.outcome import Outcome
from tests.chaos.watch import WriteWatch

DOOR = "action"
#: Enough for one persona of the two, and not always for both.
_TIGHT_TOKENS = (4_000, 25_000)


def run_seed(seed: int, folder: Path, *, only: frozenset[FaultKind] = frozenset()) -> Outcome:
    """Let one seed happen.

    Args:
        seed: Its number.
        folder: Takes its repositories and the runner's files.
        only: Faults of GitHub that alone are put in, and more often; empty for all.
    """
    began = time.perf_counter()
    with ExitStack() as stack:
        chaos = _ActionChaos(seed, folder, stack, only)
        chaos.happen()
        chaos.calm_down()
        return Outcome(
            door=DOOR,
            seed=seed,
            faults=chaos.tally.counts,
            runs=len(chaos.door.jobs),
            broken=tuple(dict.fromkeys(chaos.broken)),
            story=tuple(chaos.course.story),
            seconds=time.perf_counter() - began,
        )


class _ActionChaos:
    """The parts of one seed."""

    def __init__(
        self,
        seed: int,
        folder: Path,
        stack: ExitStack,
        only: frozenset[FaultKind] = frozenset(),
    ) -> None:
        self.dice, self.tally = Dice(f"{DOOR} {seed}"), Tally()
        chance = self.dice.draw("seed")
        hub = FakeGitHub(folder / "hub")
        self.model = ChaoticModel(self.dice, chance.choice((0.0, 0.1, 0.3, 0.6)), self.tally)
        url = stack.enter_context(hub.serve())
        stack.enter_context(serving(self.model))
        self.course = open_course(hub, "octo/shop", self.dice, self.tally)
        limit = None
        if chance.random() < 0.3:
            self.tally.note(FaultKind.BUDGET)
            limit = chance.randint(*_TIGHT_TOKENS)
        self.door = ActionDoor(
            hub=hub, url=url, model=self.model, folder=folder / "jobs", limit=limit
        )
        self.watch = WriteWatch(hub=hub, seconds=self.door.clock.monotonic)
        self.hub = hub
        self._moves = 4
        self._rate = 0.4 if only else chance.choice((0.02, 0.05, 0.1, 0.25))
        self._only = only
        self._events = chance.randint(2, 4)
        self._found: list[str] = []

    @property
    def broken(self) -> list[str]:
        """What does not hold."""
        return [*self.watch.broken, *self._found]

    def happen(self) -> None:
        """Let everything go wrong."""
        self.hub.misfortune = GitHubMisfortune(
            self.dice,
            self._rate,
            self.tally,
            move_head=self._move,
            expire=self._expire,
            only=self._only,
        )
        self.door.clock.waited = self._wait
        self._attend([self.course.opened()])
        for _ in range(self._events):
            self._attend(self.course.happen())
        self._attend(self.course.moved)

    def calm_down(self) -> None:
        """Let one job run while nothing goes wrong, and look at what stands then."""
        self.hub.misfortune, self.door.clock.waited, self.model.rate = None, None, 0.0
        self.door.model_seconds = CALM_SECONDS
        if not self.course.pull.open:
            self._one(self.course.reopened())
        self.course.story.append("--- calm")
        job = self._one(self.course.asked("/review"))
        state = None if job.report is None else job.report.state
        ends = {RunState.COMPLETED, *({RunState.PARTIAL} if self.door.limit else ())}
        if state not in ends:
            reason = "" if job.report is None else job.report.reason
            self._found.append(f"the calm run ended as {state}: {reason}")
        review = None if job.report is None else job.report.review
        if review is not None and state is RunState.COMPLETED:
            self._found += found(self.course, review)
        self._found += settled(self.course, completed=state is RunState.COMPLETED)
        self._found += self._safe()

    def _attend(self, told: list[Told]) -> None:
        for each in list(told):
            chance = self.dice.draw("job")
            if chance.random() < 0.1:
                self.tally.note(FaultKind.CANCELLED)
                self.door.cancel_after = chance.randint(0, 14)
            self._one(each)
            self._found += self._safe()

    def _one(self, told: Told) -> Job:
        job = self.door.attend(told)
        self._found += _ended(job)
        self._found += accounted(job.rows, job.calls, whole=not job.cancelled, limit=job.limit)
        report = job.report
        said = "cancelled" if report is None else f"{report.state}: {report.reason}"
        self.course.story.append(f"  {told.name} {told.payload['action']} → {said}")
        return job

    def _safe(self) -> Iterator[str]:
        return safe(self.course, _completed(self.course, self.door.jobs))

    def _move(self, why: str) -> None:
        if self._moves > 0 and self.course.pull.open:
            self._moves -= 1
            self.course.move(why)

    def _wait(self) -> None:
        if self.dice.draw("wait").random() < 0.3:
            self.tally.note(FaultKind.MOVED_IN_WAIT)
            with self.hub.lock:
                self._move("a wait")

    def _expire(self) -> None:
        for token in self.hub.tokens.values():
            token.expired = True


def _ended(job: Job) -> Iterator[str]:
    """Tell where a job came to no end that it may come to."""
    if "internal error" in job.log:
        yield f"a defect: {job.log[-300:]}"
    if job.report is None:
        if not job.cancelled and "failed" not in job.log.lower() and job.code:
            yield f"a job ended without a word: {job.log[-300:]}"
        return
    state = job.report.state
    if state is not None and TRANSITIONS[state]:
        yield f"a job ended as {state}"


def _completed(course: Course, jobs: list[Job]) -> set[str]:
    """Return the heads at which a run was completed, or may have been before it was cancelled."""
    heads = {
        job.report.review.change.head
        for job in jobs
        if job.report is not None
        and job.report.review is not None
        and job.report.state is RunState.COMPLETED
    }
    if any(job.cancelled for job in jobs):
        heads |= course.heads.keys()
    return heads
