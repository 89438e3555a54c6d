"""A real model on a real change: anchors exact, the ledger equal to the server's own usage.

Only where ``REVIEWER_TEST_MODEL_URL`` names a server on loopback that speaks chat completions, such
as ``llama-server --ctx-size 16384`` (``http://127.0.0.1:8080/v1``). What a small model says is its
own affair; that nothing wrong comes of it is ours.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")

from reviewer.adapters.database.store import open_store
from reviewer.bootstrap import Request, ReviewResult, review
from reviewer.bootstrap.model import ModelRequest
from reviewer.domain.attempt import Attempt
from reviewer.domain.checklist import Verdict
from reviewer.domain.completion import Usage
from reviewer.domain.finding import OutcomeKind
from reviewer.domain.status import RunState
from tests.integration.git_repository import Repository
from tests.integration.recording_proxy import RecordingProxy, recording_proxy

URL = os.environ.get("REVIEWER_TEST_MODEL_URL", "")

pytestmark = [
    pytest.mark.real_model,
    pytest.mark.loopback,
    pytest.mark.skipif(not URL, reason="REVIEWER_TEST_MODEL_URL names no model server"),
]

BEFORE = '"""Pages of a list."""\n'
AFTER = '''"""Pages of a list."""


def pages(total: int, size: int) -> int:
    """Return how many pages there are."""
    return total // size


def last(items: list[int]) -> int:
    """Return the last item."""
    return items[len(items)]
'''
OPERATOR = """\
[model]
context_tokens = 16384
output_tokens = 600
pace = "cost"
"""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One review, what the ledger holds of it, and what the server counted."""

    result: ReviewResult
    attempts: tuple[Attempt, ...]
    proxy: RecordingProxy


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    # A model takes minutes; the suite's own bound for a test is far below.
    faulthandler.cancel_dump_traceback_later()
    folder = tmp_path_factory.mktemp("real_model")
    repository = Repository(folder / "pages")
    repository.write("pages.py", BEFORE)
    repository.commit()
    repository.write("pages.py", AFTER)
    repository.commit("Count pages")
    (folder / "config.toml").write_text(OPERATOR)
    with pytest.MonkeyPatch.context() as patch, recording_proxy(URL) as proxy:
        patch.setenv("REVIEWER_CONFIG", str(folder / "config.toml"))
        patch.setenv("REVIEWER_STATE", str(folder / "state"))
        result = review(
            Request(
                repository=repository.folder,
                revisions="HEAD",
                personas=("bug-hunter", "architect"),
                model=ModelRequest(name=f"compatible:{proxy.base_url}#local"),
            )
        )
        attempts = asyncio.run(_attempts(folder / "state"))
        yield Run(result=result, attempts=attempts, proxy=proxy)


async def _attempts(folder: Path) -> tuple[Attempt, ...]:
    async with open_store(folder) as store:
        return tuple(await store.ledger.attempts())


def test_the_run_is_whole_or_says_itself_that_it_is_not(run: Run) -> None:
    reviewed = run.result.review
    print(reviewed.headline, [f"{a.rule_id} {a.verdict}: {a.reason}" for a in reviewed.answers])  # noqa: T201 - pytest -rP shows what it said
    assert reviewed.state in {RunState.COMPLETED, RunState.PARTIAL}
    assert reviewed.reason or reviewed.state is RunState.COMPLETED
    assert all(a.reason for a in reviewed.answers if a.verdict is Verdict.NOT_ASSESSED)
    assert run.proxy.bodies


@pytest.mark.holds("P04", "P05")
def test_every_finding_stands_on_lines_that_hold_its_quote(run: Run) -> None:
    reviewed = run.result.review
    for placed in reviewed.findings:
        if placed.outcome.kind is OutcomeKind.DROPPED:
            assert placed.outcome.reason
            continue
        location = placed.finding.location
        file = reviewed.change.by_path[placed.finding.path]
        if location is not None:
            assert placed.finding.quote == file.text_at(location)
        if placed.outcome.kind is OutcomeKind.INLINE:
            assert location is not None
            assert reviewed.change.is_commentable(location)


def test_the_ledger_says_what_the_server_says(run: Run) -> None:
    booked = sum((attempt.usage for attempt in run.attempts), Usage())
    print(run.proxy.usages, [(a.purpose, a.outcome, a.usage) for a in run.attempts])  # noqa: T201 - pytest -rP shows what it said
    assert len(run.attempts) == len(run.proxy.usages) == len(run.proxy.bodies)
    assert booked.input == sum(usage["prompt_tokens"] for usage in run.proxy.usages)
    assert booked.output == sum(usage["completion_tokens"] for usage in run.proxy.usages)
    use = run.result.review.model_use
    assert use is not None
    assert use.usage == booked


def test_from_the_second_persona_on_the_prefix_comes_from_the_cache(run: Run) -> None:
    first, *others = run.attempts
    assert others
    assert all(attempt.usage.cache_read > 0 for attempt in others), first
