"""The Action's door in this process: its own program on a clock that passes time at once."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path

import httpx
from typing_extensions import override

from reviewer.adapters.http import HttpClient
from reviewer.adapters.providers.factory import provider_for
from reviewer.bootstrap import built_in_personas
from reviewer.bootstrap.analyser import account_of
from reviewer.bootstrap.pull_request import Order, PullRequestDesk, Report
from reviewer.config import ActionSettings, GitHubSettings, Settings
from reviewer.domain.attempt import Attempt
from reviewer.domain.event import CommentEvent, PullRequestEvent
from reviewer.domain.material import Material, Question, Reply
from reviewer.domain.model_name import parse_model_name
from reviewer.domain.review import Review
from reviewer.entrypoints.action.program import run
from reviewer.entrypoints.action.runner import RunnerLog
from reviewer.llm.ceilings import Limit, Limits, load_ceilings
from reviewer.llm.client import LLMClient
from reviewer.llm.journal import JustRun
from reviewer.prompting.prompt_catalogue import shipped_prompts
from reviewer.service.analyse import DirectAnalyser
from reviewer.service.model_setup import ModelSetup
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_github import Exchange, FakeGitHub
from reviewer.testing.memory_ledger import MemoryLedger
from tests.chaos.chaotic_model import ChaoticModel, ServerCall
from tests.chaos.course import Told
from tests.chaos.watch import BOT
from tests.unit.round_example import LINTERS

STATE_KEY = "a state key for the tests of chaos"
PERMISSIONS = {
    "contents": "write",
    "pull_requests": "write",
    "issues": "write",
    "checks": "write",
}
#: How long a model may think while things go wrong, and while they do not.
HURRIED_SECONDS = 0.25
CALM_SECONDS = 30.0
#: Waits that are shorter are no time for anybody to push.
_LONG_WAIT_SECONDS = 5.0


class ChaosClock(FakeClock):
    """Passes time at once, and tells of long waits: much may happen in them."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: Callable[[], object] | None = None

    @override
    def monotonic(self) -> float:
        """Return the seconds since the start."""
        _one_by_one()
        return super().monotonic()

    @override
    async def sleep(self, seconds: float) -> None:
        """Wait; something may happen meanwhile."""
        await super().sleep(seconds)
        if seconds >= _LONG_WAIT_SECONDS and self.waited is not None:
            self.waited()


class _OneByOne:
    """Sees to it that GitHub is asked in the same order each time; a `Progress`."""

    def stage(self, name: str) -> None:
        """Begin a stage."""
        del name
        _one_by_one()


def _one_by_one() -> None:
    """Let the running loop have one thread alone, so that a seed can be repeated."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    if getattr(loop, "_default_executor", None) is None:
        loop.set_default_executor(ThreadPoolExecutor(1))


@dataclass(kw_only=True)
class Job:
    """One job that ran.

    Args:
        told: What started it.
        report: How it went; None where it was cancelled, or had nothing to attend to.
        cancelled: Whether somebody cancelled it.
        code: Its exit code.
        log: What the runner read.
        rows: What its ledger says.
        calls: What the model's server counted meanwhile.
        limit: The ceiling of its tokens.
    """

    told: Told
    report: Report | None = None
    cancelled: bool = False
    code: int = 0
    log: str = ""
    rows: tuple[Attempt, ...] = ()
    calls: tuple[ServerCall, ...] = ()
    limit: int | None = None


class _Attending:
    """Attends as production does, and remembers how it went; implements the Action's `Desk`."""

    def __init__(self, desk: PullRequestDesk) -> None:
        self._desk = desk
        self.report: Report | None = None
        self.cancelled = False

    def review(self, event: PullRequestEvent, order: Order) -> Report:
        """Review."""
        return self._attend(lambda: self._desk.review(event, order))

    def answer(self, event: CommentEvent, order: Order) -> Report:
        """Answer."""
        return self._attend(lambda: self._desk.answer(event, order))

    def _attend(self, attend: Callable[[], Report]) -> Report:
        try:
            self.report = attend()
        except asyncio.CancelledError:
            # What a signal makes of it.
            self.cancelled = True
            raise KeyboardInterrupt from None
        return self.report


@dataclass(kw_only=True)
class ActionDoor:
    """Runs jobs, one after the other.

    Args:
        hub: The GitHub.
        url: Where it is.
        model: Who is asked.
        folder: Takes what the runner's files hold.
        limit: The ceiling of a run's tokens; None for none.
    """

    hub: FakeGitHub
    url: str
    model: ChaoticModel
    folder: Path
    limit: int | None = None
    clock: ChaosClock = field(default_factory=ChaosClock)
    jobs: list[Job] = field(default_factory=list)
    #: A job is cancelled after so many exchanges that follow its first thoughts; None for never.
    cancel_after: int | None = None
    model_seconds: float = HURRIED_SECONDS
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _cancel: Callable[[], object] | None = None
    _left: int = 0

    def __post_init__(self) -> None:
        """Count what is asked, to cancel a job in its middle."""
        self.hub.observers.append(self._count)

    def attend(self, told: Told) -> Job:
        """Run one job, as a delivery starts it."""
        folder = self.folder / str(next(self._numbers))
        (folder / "workspace").mkdir(parents=True)
        (folder / "event.json").write_text(json.dumps(told.payload))
        settings = Settings(
            model=self.model.model,
            state_folder=folder / "state",
            github=GitHubSettings(
                token=self.hub.token(permissions=PERMISSIONS, viewer=BOT),
                api_url=self.url,
                graphql_url=f"{self.url}/graphql",
                server_url=self.url,
                state_key=STATE_KEY,
            ),
        )
        action = ActionSettings(
            event_name=told.name,
            event_file=folder / "event.json",
            workspace=folder / "workspace",
            output_file=folder / "output",
            summary_file=folder / "summary.md",
            inputs={"personas": "bug-hunter, security-sentinel"},
        )
        ledger, sink, asked = MemoryLedger(), io.StringIO(), len(self.model.calls)
        log = RunnerLog(sink)
        desk = _Attending(
            PullRequestDesk(
                settings=settings,
                tell=log.line,
                analyser=_CancelledAnalyser(self, self._analyser(ledger)),
                clock=self.clock,
                progress=_OneByOne(),
            )
        )
        code = run(settings, action, desk, log)
        self._cancel, self.cancel_after = None, None
        self.clock.advance(600)
        job = Job(
            told=told,
            report=desk.report,
            cancelled=desk.cancelled,
            code=code,
            log=sink.getvalue(),
            rows=tuple(ledger.rows),
            calls=tuple(self.model.calls[asked:]),
            limit=self.limit,
        )
        self.jobs.append(job)
        return job

    def begin_cancelling(self) -> None:
        """Let the job that is under way be cancelled after so many exchanges more."""
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        if self.cancel_after is not None and task is not None:
            self._left = self.cancel_after
            self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)

    def _count(self, _: Exchange) -> None:
        if self._cancel is None:
            return
        self._left -= 1
        if self._left < 0:
            cancel, self._cancel = self._cancel, None
            cancel()

    def _analyser(self, ledger: MemoryLedger) -> DirectAnalyser:
        @asynccontextmanager
        async def set_up(material: Material) -> AsyncIterator[ModelSetup]:
            base_url = f"http://127.0.0.1:{self.model.port}/v1"
            # Nothing is encrypted on loopback: no authorities need to be read.
            transport = httpx.AsyncHTTPTransport(verify=False)
            async with HttpClient(allowed=[base_url], transport=transport) as http:
                yield await self._setup(material, ledger, http)

        return DirectAnalyser(built_in=built_in_personas, examiners=LINTERS, set_up=set_up)

    async def _setup(
        self, material: Material, ledger: MemoryLedger, http: HttpClient
    ) -> ModelSetup:
        model = parse_model_name(self.model.model)
        account = account_of(material)
        limit = None if self.limit is None else Limit(tokens=self.limit)
        client = LLMClient(
            models=lambda name: provider_for(name, None, http=http),
            ledger=ledger,
            journal=JustRun(),
            clock=self.clock,
            account=account,
            ceilings=await load_ceilings(Limits(run=limit), account, ledger, self.clock.now()),
            chance=lambda: 0.5,
            timeout_seconds=self.model_seconds,
        )
        return ModelSetup(
            client=client,
            model=model,
            verify_model=model,
            prompts=shipped_prompts(),
            repository="octo/shop",
            run_id=account.run_id,
            today=date(2026, 11, 21),
            draw_nonce=lambda: "nonce00000001",
            parses=lambda _text, _language: True,
        )


class _CancelledAnalyser:
    """Reviews, and tells when thinking has begun; implements `ports.analyser.Analyser`."""

    def __init__(self, door: ActionDoor, analyser: DirectAnalyser) -> None:
        self._door = door
        self._analyser = analyser

    async def review(self, material: Material) -> Review:
        """Review."""
        self._door.begin_cancelling()
        return await self._analyser.review(material)

    async def answer(self, material: Material, question: Question) -> Reply:
        """Answer."""
        return await self._analyser.answer(material, question)
