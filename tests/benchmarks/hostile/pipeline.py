"""Runs the command on hostile inputs in a process of its own: processor time and peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from reviewer.testing.fake_github.hub import FakeGitHub
from reviewer.testing.fake_github.pull_request import FakePullRequest
from reviewer.testing.fake_github.repository import FakeRepository
from tests.benchmarks.hostile.cases import Case, Prepared
from tests.e2e.model_server import ModelServer, model_server

#: What no input may cost.
MOST_MEGABYTES = 500
#: Seconds of a quiet machine; stated in the table, asserted only by ``--check``.
MOST_SECONDS = 30
#: Twice the text may take so many times as long: linear is 2, quadratic is 4.
MOST_GROWTH = 2.6
#: What takes less than this, beyond an empty review, says nothing about its growth.
_NOTHING_SECONDS = 0.25

_LAUNCHER = "from reviewer.entrypoints.cli import main; main()"
_REVIEWED = frozenset({0, 1, 2, 3})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run took.

    Args:
        seconds: Of the processor: the command and all that it started.
        megabytes: The peak of the largest of these processes.
        exit_code: How the command ended.
        said: The last words of standard error.
    """

    seconds: float
    megabytes: float
    exit_code: int
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a case took at half its size and at the whole one.

    Args:
        half: At half the size.
        whole: At the size.
        empty_seconds: What a review of nothing takes.
    """

    half: Cost
    whole: Cost
    empty_seconds: float

    @property
    def growth(self) -> float:
        """How many times as long twice the size takes, without what every review takes."""
        more = self.whole.seconds - self.empty_seconds
        if more < _NOTHING_SECONDS:
            return 0.0
        return more / max(self.half.seconds - self.empty_seconds, _NOTHING_SECONDS / 2)

    @property
    def problem(self) -> str:
        """What is wrong, empty where nothing is."""
        if self.growth > MOST_GROWTH:
            return f"{self.growth:.1f} times as long for twice the size"
        if self.whole.megabytes > MOST_MEGABYTES:
            return f"{self.whole.megabytes:.0f} MB"
        broken = "Traceback" in self.whole.said or "Internal error" in self.whole.said
        if broken or self.whole.exit_code not in _REVIEWED:
            return f"ended with {self.whole.exit_code}: {self.whole.said[-300:]}"
        return ""


def measure(case: Case, empty_seconds: float, *, share: float = 1.0) -> Measured:
    """Run the command on a case at half its size and at the whole one.

    Args:
        case: The input.
        empty_seconds: What a review of nothing takes.
        share: Of the size; less where there is little time.
    """
    size = int(case.size * share)
    half, whole = (_run_case(case, count) for count in (size // 2, size))
    return Measured(half=half, whole=whole, empty_seconds=empty_seconds)


def empty_review() -> Cost:
    """Run the command on a change of one line."""
    patch = "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-x\n+y\n"
    with tempfile.TemporaryDirectory() as name:
        return run(Prepared(patch=patch), Path(name))


def _run_case(case: Case, size: int) -> Cost:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepared = case.build(size, folder)
        if prepared.pull is not None:
            return _run_pull(prepared.pull, prepared, folder)
        if prepared.answer is None:
            return run(prepared, folder)
        answer = prepared.answer
        with model_server(lambda _body: answer) as server:
            return run(prepared, folder, server)


def _run_pull(
    open_pull: Callable[[FakeRepository], FakePullRequest], prepared: Prepared, folder: Path
) -> Cost:
    """Run the command on a pull request of a GitHub of ours."""
    hub = FakeGitHub(folder / "hub")
    repository = hub.repository("octo/shop", files={"README.md": "# Shop\n"})
    pull = open_pull(repository)
    token = hub.token(permissions={"contents": "read", "pull_requests": "write"}, viewer="alice")
    with hub.serve() as url:
        given = {"GITHUB_API_URL": url, "GITHUB_GRAPHQL_URL": f"{url}/graphql"}
        return _command(
            ["--pr", pull.name, *prepared.arguments], folder, {**given, "GITHUB_TOKEN": token}
        )


def run(prepared: Prepared, folder: Path, server: ModelServer | None = None) -> Cost:
    """Run the command once.

    Args:
        prepared: What it needs.
        folder: An empty folder, or one with what the case has put there.
        server: Answers as the model.
    """
    patch = folder / "change.patch"
    patch.write_text(prepared.patch)
    arguments = ["--patch", str(patch), *prepared.arguments]
    arguments += [] if server is None else ["--model", server.model, "--max-cost", "100"]
    return _command(arguments, folder, {}, prepared.base)


def _command(
    arguments: list[str],
    folder: Path,
    given: Mapping[str, str],
    base: Mapping[str, str] = MappingProxyType({}),
) -> Cost:
    repository = folder / "repository"
    repository.mkdir()
    kept = ("PATH", "LANG", "PYTHONPATH")
    environment = {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "TMPDIR": str(folder),
        **given,
    }
    _git(repository, environment, "init", "--quiet", "--initial-branch=main")
    for path, text in base.items():
        (repository / path).parent.mkdir(parents=True, exist_ok=True)
        (repository / path).write_text(text)
    if base:
        _git(repository, environment, "add", "--all")
        identity = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com")
        _git(repository, environment, *identity, "commit", "--quiet", "--message", "Base")
    command = [sys.executable, "-c", _LAUNCHER, "review", *arguments, "--no-progress"]
    for form in ("json", "markdown", "html", "sarif"):
        command += ["--output", f"{form}={folder / form}"]
    return _wait(command, repository, environment)


def _wait(command: list[str], folder: Path, environment: Mapping[str, str]) -> Cost:
    log = folder.parent / "said"
    with log.open("wb") as errors:
        child = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=errors
        )
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    # Linux counts in kB, macOS in bytes.
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return Cost(
        seconds=usage.ru_utime + usage.ru_stime,
        megabytes=usage.ru_maxrss / unit,
        exit_code=child.returncode,
        said=log.read_text(errors="replace")[-2_000:],
    )


def _git(folder: Path, environment: Mapping[str, str], *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, env=dict(environment), check=True)
