"""The composition root: turns a door's request into wired parts.

The only module that names adapters and services together.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from reviewer.bootstrap.model import ModelRequest, model_setup, names_model
from reviewer.config import Settings, process_environment
from reviewer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from reviewer.adapters.sarif.report import SarifReport
    from reviewer.domain.base_files import FilesAtBase
    from reviewer.domain.change import Change
    from reviewer.domain.persona import Persona
    from reviewer.domain.policy import Policy, PolicyLayer
    from reviewer.domain.pull_request import PullRequestName
    from reviewer.domain.review import Review
    from reviewer.domain.selection import Selection
    from reviewer.ports.examiner import Examiner
    from reviewer.ports.progress import Progress
    from reviewer.ports.workspace import Workspace
    from reviewer.service.prepare_review import Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a door asks for.

    Args:
        repository: Any folder inside the git repository.
        revisions: A range (``main...HEAD``, ``A..B``) or one commit; None lets git's state decide.
        staged: Review the index against HEAD.
        working_tree: Review the working tree against HEAD.
        patch: A patch's bytes instead of a range.
        patch_name: How the patch is called in messages (``-`` for standard input).
        personas: Names of personas that are asked for; empty lets the selection choose.
        panel: Name of a panel that is asked for.
        sarif: SARIF files of other analysers.
        layer: What the command line sets of the policy.
        model: What is asked for of models; None lets settings and the operator's file decide.
        pull_request: A pull request instead of a range; it is read and nothing is written to it.
    """

    repository: Path = field(default_factory=Path)
    revisions: str | None = None
    staged: bool = False
    working_tree: bool = False
    patch: bytes | None = None
    patch_name: str = "-"
    personas: tuple[str, ...] = ()
    panel: str | None = None
    sarif: tuple[Path, ...] = ()
    layer: PolicyLayer | None = None
    model: ModelRequest = field(default_factory=ModelRequest)
    pull_request: PullRequestName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewResult:
    """A review, the policy that judges it, and how long each stage took."""

    review: Review
    policy: Policy
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionResult:
    """Who would review a change."""

    change: Change
    personas: tuple[Persona, ...]
    selection: Selection
    policy: Policy
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Every persona that could review, and what people must know about the others."""

    personas: tuple[Persona, ...]
    notices: tuple[str, ...]


class StageTimes:
    """Measures the stages of a run and passes them on; implements `ports.progress.Progress`.

    Args:
        listener: Who is told besides.
    """

    def __init__(self, listener: Progress | None) -> None:
        self._listener = listener
        self._began = perf_counter()
        self._stage: tuple[str, float] | None = None
        self._seconds: dict[str, float] = {}

    def stage(self, name: str) -> None:
        """Begin a stage, which ends the one before."""
        self._end()
        self._stage = (name, perf_counter())
        if self._listener is not None:
            self._listener.stage(name)

    def seconds(self) -> dict[str, float]:
        """Return the seconds that each stage took, and their ``total``."""
        self._end()
        return {**self._seconds, "total": perf_counter() - self._began}

    def _end(self) -> None:
        if self._stage is not None:
            name, began = self._stage
            self._seconds[name] = self._seconds.get(name, 0.0) + perf_counter() - began
            self._stage = None


def review(request: Request, *, progress: Progress | None = None) -> ReviewResult:
    """Review what the request names.

    Raises:
        UserError: The request, the repository or a file of the command line is wrong.
        ReviewerError: The review could not be made.
    """
    return asyncio.run(_review(request, progress))


async def _review(request: Request, progress: Progress | None) -> ReviewResult:
    from reviewer.service.review_change import review_change

    times = StageTimes(progress)
    settings = Settings.from_environment()
    reports = await reports_of(request)
    async with (
        workspace_of(request) as workspace,
        model_setup(request.model, settings, request.repository) as setup,
    ):
        judged = await review_change(
            workspace,
            built_in_personas(),
            examiners_of(reports),
            wishes_of(request, model_configured=setup is not None),
            setup=setup,
            notices=tuple(note for report in reports for note in report.notes),
            progress=times,
        )
    return ReviewResult(review=judged.review, policy=judged.policy, seconds=times.seconds())


def select(request: Request) -> SelectionResult:
    """Choose the personas for what the request names, without reviewing.

    Raises:
        UserError: The request or the repository is wrong.
        ReviewerError: The change could not be read.
    """
    return asyncio.run(_select(request))


async def _select(request: Request) -> SelectionResult:
    from reviewer.service.prepare_review import prepare_review

    wishes = wishes_of(
        request, model_configured=names_model(request.model, Settings.from_environment())
    )
    async with workspace_of(request) as workspace:
        ready = await prepare_review(workspace, built_in_personas(), wishes)
    return SelectionResult(
        change=ready.change,
        personas=ready.catalogue,
        selection=ready.selection,
        policy=ready.policy,
        notices=ready.notices,
    )


def catalogue(repository: Path) -> Catalogue:
    """Return the built-in personas and those of the repository's HEAD.

    Args:
        repository: Any folder; outside a repository only the built-in ones are there.
    """
    from reviewer.service.read_base import read_catalogue, unread_notices

    files = asyncio.run(_files_at_head(repository))
    personas, notices = read_catalogue(built_in_personas(), files)
    return Catalogue(personas=personas, notices=(*unread_notices(files), *notices))


def policy(repository: Path) -> Policy:
    """Return the effective policy at the repository's HEAD, each value with its origin.

    Args:
        repository: Any folder; outside a repository the defaults hold.
    """
    from reviewer.service.read_base import read_policy, unread_notices

    files = asyncio.run(_files_at_head(repository))
    read = read_policy(files, None)
    return replace(read, notices=(*unread_notices(files), *read.notices))


@cache
def built_in_personas() -> tuple[Persona, ...]:
    """Read the personas that ship, once for a process: a service reviews with them all day.

    Raises:
        ConfigurationError: One of them is broken: somebody edited it.
    """
    from reviewer.domain.persona_file import parse_persona
    from reviewer.resources import persona_files

    return tuple(parse_persona(text, path) for path, text in persona_files())


async def _files_at_head(repository: Path) -> FilesAtBase:
    from reviewer.adapters.git.patch_workspace import PatchWorkspace
    from reviewer.service.read_base import CONFIGURATION_GLOBS

    # An empty patch on HEAD: what a patch takes its configuration from, there or not.
    workspace = PatchWorkspace(b"", name="-", folder=repository, environment=process_environment())
    return await workspace.base_files(CONFIGURATION_GLOBS)


@asynccontextmanager
async def workspace_of(request: Request) -> AsyncIterator[Workspace]:
    """Open where the change comes from.

    Raises:
        UserError: There is no such change.
    """
    if request.pull_request is None:
        yield await _local_workspace(request)
        return
    from reviewer.bootstrap.pull_request import opened_workspace

    async with opened_workspace(request.pull_request, Settings.from_environment()) as workspace:
        yield workspace


async def _local_workspace(request: Request) -> Workspace:
    from reviewer.adapters.git.default_range import default_range
    from reviewer.adapters.git.patch_workspace import PatchWorkspace
    from reviewer.adapters.git.range import Range
    from reviewer.adapters.git.workspace import GitWorkspace

    folder, environment = request.repository, process_environment()
    if request.patch is not None:
        return PatchWorkspace(
            request.patch, name=request.patch_name, folder=folder, environment=environment
        )
    if request.staged:
        wanted = Range.index()
    elif request.working_tree:
        wanted = Range.working_tree()
    elif request.revisions is not None:
        wanted = Range.parse(request.revisions)
    else:
        wanted = await default_range(folder, environment)
    return GitWorkspace(folder, wanted, environment)


async def reports_of(request: Request) -> tuple[SarifReport, ...]:
    """Read the SARIF files, whose paths are relative to the repository where there is one."""
    if not request.sarif:
        return ()
    from reviewer.adapters.git.process import Git
    from reviewer.adapters.git.repository import top_of
    from reviewer.adapters.sarif.report import read_sarif

    try:
        root = await top_of(Git(request.repository, process_environment()))
    except UserError:
        # A patch can be reviewed outside any repository.
        root = request.repository.resolve()
    return tuple(read_sarif(path, root=root) for path in request.sarif)


def examiners_of(reports: tuple[SarifReport, ...]) -> tuple[Examiner, ...]:
    """Return everybody who gives evidence.

    Args:
        reports: What other analysers found.
    """
    from reviewer.adapters.facts.examiner import FactExaminer
    from reviewer.adapters.linters.hadolint import HadolintExaminer
    from reviewer.adapters.linters.ruff import RuffExaminer
    from reviewer.adapters.linters.zizmor import ZizmorExaminer
    from reviewer.adapters.patterns.examiner import PatternExaminer
    from reviewer.adapters.secrets.examiner import SecretExaminer

    sarif: tuple[Examiner, ...] = ()
    if reports:
        from reviewer.adapters.sarif.examiner import SarifExaminer

        sarif = (SarifExaminer(reports),)
    return (
        # Those that wait for a program first: the others compute while it runs.
        RuffExaminer(),
        HadolintExaminer(),
        ZizmorExaminer(),
        PatternExaminer(),
        FactExaminer(),
        SecretExaminer(),
        *sarif,
    )


def wishes_of(request: Request, *, model_configured: bool) -> Wishes:
    """Return what the person at the door asks for.

    Args:
        request: What is asked for.
        model_configured: Whether those who need a model can review.
    """
    from reviewer.service.prepare_review import Wishes

    return Wishes(
        personas=request.personas,
        panel=request.panel,
        layer=request.layer,
        model_configured=model_configured,
    )
