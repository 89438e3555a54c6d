"""A GitHub and the Action before it: event file, log, outputs and job summary in one place."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from reviewer.bootstrap.pull_request import PullRequestDesk
from reviewer.config import ActionSettings, GitHubSettings, Settings
from reviewer.entrypoints.action.program import run
from reviewer.entrypoints.action.runner import RunnerLog
from reviewer.testing.fake_github import (
    Entry,
    Exchange,
    FakeComment,
    FakeGitHub,
    FakePullRequest,
    FakeRepository,
)
from tests.redteam.staged_analyser import StagedAnalyser
from tests.redteam.trial import MODEL

#: Named nowhere but in what the Action itself is given.
STATE_KEY = "state-key-of-the-red-team-tests-0001"
BOT = "persona-reviewer[bot]"
_PERMISSIONS = {
    "contents": "write",
    "pull_requests": "write",
    "issues": "write",
    "checks": "write",
}

Files = Mapping[str, str | bytes | Entry | None]


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What one run of the Action left behind.

    Args:
        code: Its exit code.
        log: What the runner read.
        output: ``GITHUB_OUTPUT``, as it was written.
        summary: The job summary.
        exchanges: What was asked of GitHub.
    """

    code: int
    log: str
    output: str
    summary: str
    exchanges: list[Exchange] = field(repr=False)

    @property
    def writes(self) -> list[Exchange]:
        """What was asked to be written."""
        return [exchange for exchange in self.exchanges if exchange.writes]

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs, read as GitHub's runner reads them."""
        return read_outputs(self.output)


def read_outputs(text: str) -> dict[str, str]:
    """Read a file of outputs as the runner does: ``name=value`` or ``name<<MARK`` … ``MARK``.

    https://github.com/actions/runner/blob/main/src/Runner.Worker/FileCommandManager.cs
    """
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            found[line[:equals]] = line[equals + 1 :]
            continue
        name, _, mark = line.partition("<<")
        held: list[str] = []
        for held_line in lines:
            if held_line == mark:
                break
            held.append(held_line)
        else:
            raise AssertionError(f"the output {name} has no end")
        found[name] = "\n".join(held)
    return found


class ActionStage:
    """One GitHub; each test has repositories of its own in it.

    Args:
        hub: The GitHub.
        url: Where it is served.
        folder: Takes what the runner's files hold.
    """

    def __init__(self, hub: FakeGitHub, url: str, folder: Path) -> None:
        self.hub = hub
        self.url = url
        self.token = hub.token(permissions=_PERMISSIONS, viewer=BOT)
        self._folder = folder
        self._numbers = count(1)

    def repository(self, files: Files | None = None) -> FakeRepository:
        """Make a repository; alice writes in it."""
        repository = self.hub.repository(
            f"octo/shop{next(self._numbers)}", files={"README.md": "# Shop\n", **(files or {})}
        )
        repository.permission("alice", "write")
        return repository

    def review(
        self,
        pull: FakePullRequest,
        analyser: StagedAnalyser,
        action: str = "opened",
        **options: object,
    ) -> Ran:
        """Let GitHub tell of a pull request."""
        event = self.hub.event("pull_request", action, pull)
        return self.run("pull_request", event, analyser, **options)  # type: ignore[arg-type]

    def say(
        self,
        pull: FakePullRequest,
        comment: FakeComment,
        analyser: StagedAnalyser,
        action: str = "created",
        *,
        sender: str = "",
        **options: object,
    ) -> Ran:
        """Let GitHub tell of a comment."""
        event = self.hub.event("issue_comment", action, pull, comment=comment, sender=sender)
        return self.run("issue_comment", event, analyser, **options)  # type: ignore[arg-type]

    def run(
        self,
        name: str,
        event: Mapping[str, object] | bytes,
        analyser: StagedAnalyser,
        *,
        inputs: Mapping[str, str] | None = None,
        state_key: str = STATE_KEY,
    ) -> Ran:
        """Run the Action once.

        Args:
            name: GitHub's name of the event.
            event: The event; bytes as they are.
            analyser: Who reviews.
            inputs: The Action's inputs.
            state_key: Signs markers; empty for none.
        """
        folder = self._folder / str(next(self._numbers))
        (folder / "workspace").mkdir(parents=True)
        raw = event if isinstance(event, bytes) else json.dumps(event).encode()
        (folder / "event.json").write_bytes(raw)
        settings = Settings(
            model="" if analyser.model is None else f"compatible:{MODEL.base_url}#{MODEL.model}",
            state_folder=folder / "state",
            github=GitHubSettings(
                token=self.token,
                api_url=self.url,
                graphql_url=f"{self.url}/graphql",
                server_url=self.url,
                state_key=state_key,
            ),
        )
        action = ActionSettings(
            event_name=name,
            event_file=folder / "event.json",
            workspace=folder / "workspace",
            output_file=folder / "output",
            summary_file=folder / "summary.md",
            inputs=inputs or {},
        )
        sink, begun = io.StringIO(), len(self.hub.journal)
        log = RunnerLog(sink)
        desk = PullRequestDesk(settings=settings, tell=log.line, analyser=analyser)
        code = run(settings, action, desk, log)
        return Ran(
            code=code,
            log=sink.getvalue(),
            output=(folder / "output").read_text("utf-8"),
            summary=(folder / "summary.md").read_text("utf-8"),
            exchanges=self.hub.journal[begun:],
        )
