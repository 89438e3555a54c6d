"""Guards for the whole suite, and what every test may ask for.

- The audit hook of `tests/guards.py` is on while tests are collected and run.
- Canaries stand in the environment; none may be seen in what a test prints, logs or writes.
- What is asked of a FakeGitHub, and what it answers, is held to GitHub's own description.
- Home, temporary folder and git identity are the run's own: a developer's settings have no say.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import hypothesis
import pytest

from tests.guards import (
    CANARIES,
    KEY_FILES,
    ROOT,
    Guard,
    files_with_canaries,
    find_canary,
)

if TYPE_CHECKING:
    from tests.github.exchange_watch import ExchangeWatch
    from tests.integration.postgres import PostgresCluster

GUARD = Guard()
_LEAKS: list[str] = []

# The same examples on every machine and no database: a red build is red again when it is repeated.
hypothesis.settings.register_profile(
    "suite",
    derandomize=True,
    database=None,
    max_examples=60,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        default=False,
        help="write the golden files anew instead of comparing with them",
    )


def pytest_configure(config: pytest.Config) -> None:
    for name in list(os.environ):
        if name == "REVIEWER_TEST_MODEL_URL":  # asks for the tests with a real model
            continue
        if name.startswith(("GIT_", "REVIEWER_")) or name in {"FORCE_COLOR", "NO_COLOR", "COLUMNS"}:
            del os.environ[name]
    os.environ.update(CANARIES)
    os.environ.update(
        GIT_AUTHOR_NAME="Test Author",
        GIT_AUTHOR_EMAIL="author@example.com",
        GIT_COMMITTER_NAME="Test Author",
        GIT_COMMITTER_EMAIL="author@example.com",
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_NOSYSTEM="1",
    )
    GUARD.install()


def pytest_sessionstart(session: pytest.Session) -> None:
    if _hands_tests_out(session.config):
        return
    # pytest offers the folder to fixtures only; the guards must know it before the first one.
    base = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # noqa: SLF001
    for name in ("home", "temporary"):
        (base / name).mkdir(exist_ok=True)
    _write_key_files(base / "home")
    os.environ["HOME"] = str(base / "home")
    os.environ["TMPDIR"] = tempfile.tempdir = str(base / "temporary")
    GUARD.roots = (os.path.realpath(base),)
    if session.config.getoption("--update-golden"):
        GUARD.roots += tuple(str(folder) for folder in (ROOT / "tests").rglob("golden"))


def _write_key_files(home: Path) -> None:
    """Let keys lie where programs look for them; nobody may read one and pass it on."""
    for name, content in KEY_FILES.items():
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        file.chmod(0o600)


def _hands_tests_out(config: pytest.Config) -> bool:
    """Tell whether this process only hands tests out to workers (pytest-xdist)."""
    return bool(config.getoption("numprocesses", None)) and not hasattr(config, "workerinput")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    if _hands_tests_out(session.config):
        return (yield)
    with GUARD.watching():
        return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Let one process more than there are processors run: tests of servers wait a third of it."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what stays until the end: ten thousand tests."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    GUARD.loopback = any(item.get_closest_marker(name) for name in ("loopback", "postgres"))
    programs = set(GUARD.programs)
    try:
        with GUARD.watching():
            return (yield)
    finally:
        GUARD.loopback = False
        GUARD.programs = programs


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    faults = [f"the guards refused this: it {what}" for what in GUARD.refusals]
    GUARD.refusals.clear()
    shown = [content for _, content in report.sections]
    if report.failed:
        shown.append(report.longreprtext)
    if any(find_canary(text) for text in shown):
        faults.append("a secret of the environment was printed or logged")
        report.sections.clear()
        report.longrepr = None
    if faults:
        report.outcome = "failed"
        before = "" if report.longrepr is None else f"{report.longreprtext}\n\n"
        report.longrepr = before + "\n".join(faults)
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if not _hands_tests_out(session.config):
        _LEAKS.extend(str(path) for root in GUARD.roots for path in _leaks(Path(root)))
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["canary_leaks"] = list(_LEAKS)
    if _LEAKS:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _leaks(root: Path) -> list[Path]:
    return [] if root.is_relative_to(ROOT) else files_with_canaries(root)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """Take over what a worker of pytest-xdist found."""
    _LEAKS.extend(getattr(node, "workeroutput", {}).get("canary_leaks", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _LEAKS:
        terminalreporter.section("secrets of the environment were written to files")
        for leak in _LEAKS:
            terminalreporter.line(leak)


@pytest.fixture
def guard() -> Guard:
    """The guards themselves, for tests that prove that they bite."""
    return GUARD


@pytest.fixture
def allowed_program() -> Callable[[Path | str], None]:
    """Register a program that this test may start: a fake linter, Python itself."""
    return lambda path: GUARD.programs.add(os.path.realpath(path))


@contextmanager
def _unwatched() -> Iterator[None]:
    """Let the harness itself start a server and write its files."""
    before, GUARD.active = GUARD.active, False
    try:
        yield
    finally:
        GUARD.active = before


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """A PostgreSQL of this run's own; mark the test ``postgres``."""
    # Late: only these tests need its client.
    from tests.integration.postgres import find_programs, running_cluster

    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL on this machine (Debian: the package postgresql)")
    yield from running_cluster(programs, _unwatched)


@pytest.fixture
def postgres_url(postgres: PostgresCluster) -> Iterator[str]:
    """The address of a new, empty database on it."""
    name = postgres.create_database()
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def _postgres_template(postgres: PostgresCluster) -> str:
    """The name of a database with our tables, to be copied: that is quicker than making them."""
    from reviewer.adapters.database.service_store import open_service_store

    async def make_tables() -> None:
        async with open_service_store(postgres.url(name)):
            pass

    name = postgres.create_database()
    # A loop may run here already.
    thread = threading.Thread(target=lambda: asyncio.run(make_tables()))
    thread.start()
    thread.join()
    return name


@pytest.fixture
def postgres_store_url(postgres: PostgresCluster, _postgres_template: str) -> Iterator[str]:
    """The address of a new database with our tables and nothing in them."""
    name = postgres.create_database(template=_postgres_template)
    yield postgres.url(name)
    postgres.drop_database(name)


@cache
def _exchange_watch() -> ExchangeWatch:
    # Late: what is imported before the first test is not measured, and costs every run.
    from tests.github.exchange_watch import ExchangeWatch

    return ExchangeWatch()


@pytest.fixture(autouse=True)
def _watch_exchanges() -> Iterator[None]:
    """Hold every exchange with a FakeGitHub to GitHub's contract and to what we may write."""
    watch = _exchange_watch()
    yield
    faults = watch.judge()
    assert not faults, "\n".join(faults)


@pytest.fixture
def any_github_write() -> None:
    """Let this test write to a FakeGitHub what the product never writes."""
    _exchange_watch().any_write = True


@pytest.fixture
def expect_violation() -> Callable[[str], None]:
    """Announce a violation of GitHub's contract, or of what we may write, by its words."""
    return _exchange_watch().expected.append


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written anew (``--update-golden``)."""
    return bool(request.config.getoption("--update-golden"))


class ReviewerCommand(Protocol):
    """Runs the command as a user does, in a process of its own, with the guards on."""

    def __call__(
        self,
        *arguments: str,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        timeout_seconds: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run ``reviewer ARGUMENTS`` in a folder.

        Args:
            arguments: What follows ``reviewer``.
            cwd: Where.
            env: Variables on top of the run's own.
            stdin: What is piped in.
            timeout_seconds: When to give up.

        Returns:
            The finished process; its guards refused nothing and it printed no canary.
        """
        ...


_LAUNCHER = (
    "import sys; sys.argv[0] = 'reviewer'; from reviewer.entrypoints.cli import main; main()"
)


@pytest.fixture
def reviewer_command(
    tmp_path_factory: pytest.TempPathFactory,
    allowed_program: Callable[[Path | str], None],
) -> ReviewerCommand:
    """The command, run as a user runs it."""
    allowed_program(sys.executable)
    log = tmp_path_factory.mktemp("guard") / "refusals"

    def run(
        *arguments: str,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        timeout_seconds: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        guarded = {**GUARD.child_environment(log), "PYTHONWARNINGS": "error"}
        done = subprocess.run(
            [sys.executable, "-c", _LAUNCHER, *arguments],
            cwd=cwd,
            env={**os.environ, **guarded, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
        refused = log.read_text() if log.exists() else ""
        assert not refused, f"the guards refused this inside the command:\n{refused}"
        assert not find_canary(done.stdout + done.stderr), "the command printed a secret"
        return done

    return run
