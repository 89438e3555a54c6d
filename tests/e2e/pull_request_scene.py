"""A pull request on a GitHub on loopback, and runs on it: all of production but model and clock."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

pytest.importorskip("github")

from reviewer.adapters.github.addresses import GitHubAddresses
from reviewer.adapters.github.client import GitHubClient
from reviewer.adapters.github.code_host import CHECK_NAME
from reviewer.adapters.github.discussion import GitHubDiscussion
from reviewer.adapters.github.event_reader import read_event
from reviewer.bootstrap.analyser import account_of
from reviewer.bootstrap.pull_request import host_and_workspace
from reviewer.domain.completion import CompletionRequest
from reviewer.domain.event import CommentEvent, PullRequestEvent
from reviewer.domain.material import Material
from reviewer.llm.client import LLMClient
from reviewer.llm.journal import JustRun
from reviewer.ports.examiner import Examiner
from reviewer.prompting.prompt_catalogue import shipped_prompts
from reviewer.service.analyse import DirectAnalyser
from reviewer.service.carry_out_command import CommandDesk
from reviewer.service.handle_command import Handled, handle_command
from reviewer.service.model_setup import ModelSetup
from reviewer.service.review_pull_request import (
    Round,
    RoundResult,
    RoundTools,
    review_pull_request,
)
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_github import (
    Exchange,
    FakeComment,
    FakeGitHub,
    FakePullRequest,
    FakeThread,
)
from reviewer.testing.memory_ledger import MemoryLedger
from reviewer.testing.scripted_model import ScriptedModel
from tests.unit.round_example import LINTERS, MODEL, PERSONAS, Claim, answering, claim

KEY = "a state key for the tests of whole rounds"
BOT = "persona-reviewer[bot]"
#: A major finding fails the check, so that a clean review can succeed.
CONFIGURATION = 'schema = 1\n[policy]\nfail_on = "major"\n'

_MARK = re.compile(r"<!-- persona-reviewer:finding .*?\bfingerprint=([0-9a-f]{40})")
_SHOWN_FILE = re.compile(r"^## (\S+) \|", re.MULTILINE)
_COMMENTS = re.compile(r"(\d+) comments? in the code")
_EARLIER = re.compile(r"(\d+) earlier comments? still open")
_UNRESOLVED = re.compile(r"(\d+) threads? (?:is|are) fixed and stay")
#: What ends no talk: a command, and a claim.
_TALK = ("/", "Fixed")
#: What the workflow of the README asks for, and what resolving threads needs.
PERMISSIONS = {"pull_requests": "write", "checks": "write", "contents": "write"}

Files = Mapping[str, str | None]


def module(name: str, *, lines: int = 12) -> str:
    """Return a small module whose function reads the wrong place."""
    filler = "".join(f"{name}_{number} = {number}\n" for number in range(lines))
    return f'"""Numbers."""\n\n{filler}\n\ndef {name}(items: list[int]) -> int:\n{bug(name)}\n'


def bug(name: str) -> str:
    """Return the wrong line of `module`."""
    return f"    return items[len(items)]  # {name}"


def mended(name: str) -> str:
    """Return `module` without the fault."""
    return module(name).replace(bug(name), f"    return items[-1]  # {name}")


def claimed(path: str, name: str) -> Claim:
    """Return what a model says of the fault of `module`."""
    return claim(path, bug(name), headline=f"The end of {name} is never there")


@dataclass(kw_only=True)
class Run:
    """What one run did.

    Args:
        result: How it went.
        asked: The files that models were shown, verification apart.
        calls: Purposes of the calls.
        exchanges: What GitHub was asked.
    """

    result: RoundResult
    asked: frozenset[str]
    calls: tuple[str, ...]
    exchanges: tuple[Exchange, ...]

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The writes, in order: the verb, and the last word of the path that is no number."""
        return [
            (e.method, [word for word in e.path.split("/") if not word.isdigit()][-1])
            for e in self.exchanges
            if e.writes
        ]


@dataclass(kw_only=True)
class Bot:
    """Who reviews: an account, its secret for what it remembers, its model and its tools.

    Args:
        login: The account behind the token.
        key: What it signs with; None for hints alone.
        personas: Who reviews.
        examiners: Who gives evidence.
        permissions: What the token may do.
    """

    login: str = BOT
    key: str | None = KEY
    personas: tuple[str, ...] = ("bug-hunter",)
    examiners: Sequence[Examiner] = LINTERS
    permissions: Mapping[str, str] = field(default_factory=PERMISSIONS.copy)


@dataclass(kw_only=True)
class Scene:
    """One pull request, the people around it, and every run on it.

    Args:
        hub: The GitHub.
        url: Where it is served.
        pull: The pull request.
        clock: What runs wait with; an hour passes between two of them.
    """

    hub: FakeGitHub
    url: str
    pull: FakePullRequest
    clock: FakeClock = field(default_factory=FakeClock)
    bot: Bot = field(default_factory=Bot)
    tokens: dict[str, str] = field(default_factory=dict)

    # --- runs ----------------------------------------------------------------------------------
    async def run(  # noqa: PLR0913 - what one run can differ in from another
        self,
        *finds: Claim,
        action: str = "synchronize",
        model: ScriptedModel | None = None,
        mechanical: bool = False,
        full: bool = False,
        bot: Bot | None = None,
        event: PullRequestEvent | None = None,
        changes: Mapping[str, object] | None = None,
        whole: bool = True,
        once: bool = True,
    ) -> Run:
        """Let somebody review the pull request as it is, and hold what stands to the rules.

        Args:
            finds: What a model would claim, wherever it sees the lines.
            action: What happened.
            model: Another model.
            mechanical: Whether there is no model.
            full: Whether everything is looked at again.
            bot: Who reviews.
            event: What happened, frozen earlier.
            changes: What was edited, in GitHub's form.
            whole: Whether what stands must agree with what was said; not where the host fails.
            once: Whether no finding has two comments; not where somebody has copied ours.
        """
        bot = bot or self.bot
        event = event or self.event(action, changes=changes)
        model = None if mechanical else model or answering(finds)
        started = len(self.hub.journal)
        async with self.client(bot) as client:
            host, workspace = host_and_workspace(client, event.pull_request)
            result = await review_pull_request(
                RoundTools(
                    host=host,
                    workspace=workspace,
                    analyser=self.analyser(bot, model),
                    clock=self.clock,
                    repository_url=f"{self.url}/octo/shop",
                    state_key=bot.key,
                ),
                Round(
                    pull_request=event.pull_request,
                    event=None if full else event,
                    personas=bot.personas,
                    full=full,
                ),
            )
        self.clock.advance(3_600)
        requests = [] if model is None else [call.request for call in model.calls]
        run = Run(
            result=result,
            asked=frozenset(path for r in requests for path in _files_of(r)),
            calls=tuple(request.purpose for request in requests),
            exchanges=tuple(self.hub.journal[started:]),
        )
        self.hold_to_the_rules(bot, run, whole=whole, once=once)
        return run

    async def command(self, author: str, body: str, *, bot: Bot | None = None) -> Handled:
        """Let somebody comment, and the bot hear it."""
        bot = bot or self.bot
        comment = self.pull.comment(author, body)
        payload = self.hub.event("issue_comment", "created", self.pull, comment=comment)
        event = read_event("issue_comment", payload)
        assert isinstance(event, CommentEvent)
        async with self.client(bot) as client:
            request = self.event("synchronize").pull_request
            host, workspace = host_and_workspace(client, request)
            handled = await handle_command(
                event,
                CommandDesk(
                    host=host,
                    discussion=GitHubDiscussion(client, request.name),
                    analyser=self.analyser(bot, None),
                    clock=self.clock,
                    workspace=lambda _: workspace,
                    built_in=PERSONAS,
                    state_key=bot.key,
                ),
            )
        self.clock.advance(3_600)
        return handled

    def event(
        self, action: str, *, changes: Mapping[str, object] | None = None
    ) -> PullRequestEvent:
        """Return what GitHub tells, frozen as things are now."""
        payload = self.hub.event("pull_request", action, self.pull, sender="alice", changes=changes)
        event = read_event("pull_request", payload)
        assert isinstance(event, PullRequestEvent)
        return event

    def analyser(self, bot: Bot, model: ScriptedModel | None) -> DirectAnalyser:
        """Return who reviews, in this process."""

        @asynccontextmanager
        async def set_up(material: Material) -> AsyncIterator[ModelSetup | None]:
            yield None if model is None else self._setup(material, model)

        return DirectAnalyser(
            built_in=lambda: PERSONAS, examiners=tuple(bot.examiners), set_up=set_up
        )

    def _setup(self, material: Material, model: ScriptedModel) -> ModelSetup:
        client = LLMClient(
            models=lambda _: model,
            ledger=MemoryLedger(),
            journal=JustRun(),
            clock=self.clock,
            account=account_of(material),
            chance=lambda: 0.5,
        )
        return ModelSetup(
            client=client,
            model=MODEL,
            verify_model=MODEL,
            prompts=shipped_prompts(),
            repository="octo/shop",
            run_id="run",
            today=date(2026, 11, 21),
            draw_nonce=lambda: "nonce00000001",
            parses=lambda _text, _language: True,
        )

    @asynccontextmanager
    async def client(self, bot: Bot) -> AsyncIterator[GitHubClient]:
        """Connect as production does, on this scene's clock."""
        client = GitHubClient(
            self.token(bot), GitHubAddresses.of(api_url=self.url), clock=self.clock
        )
        try:
            yield client
        finally:
            await client.close()

    def token(self, bot: Bot) -> str:
        """Return a bot's token, the same each time."""
        if bot.login not in self.tokens:
            self.tokens[bot.login] = self.hub.token(permissions=bot.permissions, viewer=bot.login)
        return self.tokens[bot.login]

    # --- what stands there ---------------------------------------------------------------------
    def threads(self, bot: Bot | None = None) -> list[FakeThread]:
        """Return the threads that tell a finding."""
        login = (bot or self.bot).login
        return [
            thread
            for thread in self.pull.threads
            if thread.comments[0].login == login and _MARK.search(thread.body)
        ]

    def thread(self, path: str) -> FakeThread:
        """Return the only thread on a file."""
        (found,) = [thread for thread in self.threads() if thread.path == path]
        return found

    def summary(self, bot: Bot | None = None) -> FakeComment:
        """Return the only summary."""
        login = (bot or self.bot).login
        (found,) = [
            comment
            for comment in self.pull.comments
            if comment.login == login and "persona-reviewer:summary" in comment.body
        ]
        return found

    def conclusion(self) -> str | None:
        """Return what the newest check on the head says; None where none stands there."""
        checks = [check for check in self.pull.checks if check.name == CHECK_NAME]
        return checks[-1].conclusion if checks else None

    def hold_to_the_rules(self, bot: Bot, run: Run, *, whole: bool, once: bool) -> None:
        """Hold what stands to what was said, after every run.

        No finding has two comments; and, where the host did its part, the summary counts what
        stands and the check says the conclusion.
        """
        names = Counter(mark[1] for t in self.threads(bot) if (mark := _MARK.search(t.body)))
        assert not once or not {name: number for name, number in names.items() if number > 1}
        told = run.result.conclusion.kind.value
        published = run.result.published
        if not whole or published is None:
            return
        if any(word == "check-runs" for _, word in run.writes):
            assert self.conclusion() == told
        if published.summary.value in {"posted", "edited", "unchanged"}:
            assert said_to_stand(self.summary(bot).body) == self.standing(bot)

    def standing(self, bot: Bot) -> int:
        """Count the open threads in which no person has ended the talk."""
        return sum(
            not thread.resolved
            and all(c.login == bot.login or c.body.startswith(_TALK) for c in thread.comments)
            for thread in self.threads(bot)
        )


def said_to_stand(summary: str) -> int:
    """Return how many comments a summary says that stand in the code."""
    found = (pattern.search(summary) for pattern in (_COMMENTS, _EARLIER, _UNRESOLVED))
    return sum(int(match[1]) for match in found if match is not None)


def _files_of(request: CompletionRequest) -> Sequence[str]:
    return () if request.purpose == "verify" else _SHOWN_FILE.findall(request.prefix)


@asynccontextmanager
async def scene(
    folder: Path,
    *,
    base: Files | None = None,
    head: Files,
    configuration: str = CONFIGURATION,
    bot: Bot | None = None,
) -> AsyncIterator[Scene]:
    """Open a pull request on a GitHub of its own.

    Args:
        folder: Where its repositories are made.
        base: Files of the base branch, besides the configuration.
        head: What the pull request changes.
        configuration: What the base says of reviews.
        bot: Who reviews.
    """
    hub = FakeGitHub(folder)
    files: dict[str, str | None] = {".reviewer.toml": configuration, **(base or {})}
    pull = hub.repository("octo/shop", files=files).open_pull(files=head)
    with hub.serve() as url:
        yield Scene(hub=hub, url=url, pull=pull, bot=bot or Bot())
