"""What stands on a pull request after GitHub failed: never a green check, nothing twice.

Every row names what goes wrong, how the run ends, what stands then, and what people read of it.
Waits pass on a fake clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("github")

from reviewer.domain.status import RunState
from reviewer.testing.fake_github import Limits
from tests.e2e.pull_request_scene import (
    BOT,
    PERMISSIONS,
    Bot,
    Run,
    Scene,
    scene,
)

pytestmark = pytest.mark.loopback

PULL = "/repos/octo/shop/pulls/1"
FILES, REVIEWS = f"{PULL}/files", f"{PULL}/reviews"
SUMMARY, EDIT = "/repos/octo/shop/issues/1/comments", "/repos/octo/shop/issues/comments/.*"
CHECKS, TREE = "/repos/octo/shop/check-runs", "/repos/octo/shop/git/trees/.*"
WRITES = ".*/(reviews|comments|check-runs)"
SECONDARY = {
    "message": "You have exceeded a secondary rate limit and have been temporarily blocked from "
    "content creation. Please retry your request again later."
}
TOO_MANY = {"message": "Sorry, the diff exceeded the maximum number of files (300)."}
UNPROCESSABLE = {"message": "Unprocessable Entity", "errors": ["Line could not be resolved"]}
FORBIDDEN = {"message": "Resource not accessible by integration"}
NO_RESOLVING = {
    "data": {"resolveReviewThread": None},
    "errors": [
        {
            "type": "FORBIDDEN",
            "path": ["resolveReviewThread"],
            "message": "Resource not accessible by integration",
        }
    ],
}
BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head></html>"
TOOL_BOT = Bot(personas=("security-sentinel",))


def shell(number: int) -> str:
    """Return a module with a fault that a tool sees; the fourth is long."""
    filler = "".join(f"value_{n} = {n}\n" for n in range(40 if number == 4 else 3))
    return f'import subprocess\n\nsubprocess.run("ls {number}", shell=True)\n{filler}'


FIVE = {f"app/m{number}.py": shell(number) for number in range(5)}
CLEAN = {"app/clean.py": "value = 1\n"}


#: What rows have in common, by the names of their fields.
Rest = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One failure, and what it leaves behind.

    Args:
        arrange: Lets it happen.
        state: How the run ends.
        words: What stands in the reason, or in the problems.
        threads: How many comments stand in the code.
        summary: Whether a summary stands.
        check: What the check on the head says; None where none stands.
        told: What stands in the summary.
        clean: Whether the change is one that would pass.
        slept: What is waited for, at least.
    """

    arrange: Callable[[Scene], object]
    state: RunState
    words: str = ""
    threads: int = field(default=5, kw_only=True)
    summary: bool = True
    check: str | None = "failure"
    told: str = ""
    clean: bool = False
    slept: float = 0.0


def fault(method: str, path: str, **more: Any) -> Callable[[Scene], object]:  # noqa: ANN401 - of `hub.fault`
    """Return what scripts a fault."""
    return lambda there: there.hub.fault(method, path, **more)


def head_moves(
    method: str, path: str, *, document: str = "", skip: int = 0
) -> Callable[[Scene], object]:
    """Return what lets somebody push while such a request is under way."""

    def arrange(there: Scene) -> None:
        def act() -> None:
            there.pull.push({"app/late.py": "late = 1\n"})

        there.hub.fault(method, path, document=document, skip=skip, act=act)

    return arrange


def head_moves_in_wait(path: str) -> Callable[[Scene], object]:
    """Return what lets somebody push while a secondary limit on such writes is waited out."""

    def arrange(there: Scene) -> None:
        def act() -> None:
            there.pull.push({"app/late.py": "late = 1\n"})

        there.hub.fault("POST", path, status=403, body=SECONDARY, act=act)

    return arrange


def token_expires(method: str, path: str) -> Callable[[Scene], object]:
    """Return what lets our token expire when such a request arrives."""

    def arrange(there: Scene) -> None:
        def act() -> None:
            there.hub.tokens[there.token(TOOL_BOT)].expired = True

        there.hub.fault(method, path, act=act)

    return arrange


def shows_less(there: Scene) -> None:
    """Let GitHub show less of the fourth file when it is reviewed than when it was read."""

    def act() -> None:
        there.hub.limits = Limits(patch_lines=20)

    there.hub.fault("POST", REVIEWS, act=act)


def left_behind(there: Scene) -> None:
    """Leave a review of ours that was begun and never submitted."""
    there.pull.begin_review(BOT, "app/m0.py", 1, "begun")


DONE, PARTIAL = RunState.COMPLETED, RunState.PARTIAL
FAILED, SUPERSEDED = RunState.FAILED, RunState.SUPERSEDED
NOTHING: Rest = {"threads": 0, "summary": False, "check": None}
NEUTRAL: Rest = {"threads": 0, "summary": False, "check": "neutral"}
UNTOLD: Rest = {"threads": 0, "told": "what could not be posted is explained here"}
CLEANED: Rest = {"threads": 0, "clean": True}

ROWS = {
    # --- reading -------------------------------------------------------------------------------
    "the list of files is refused with 406": Row(
        fault("GET", FILES, status=406, body=TOO_MANY, times=None),
        FAILED,
        "exceeded the maximum number of files",
        **NEUTRAL,
    ),
    "the list of files fails for good": Row(
        fault("GET", FILES, status=500, body="", times=None),
        FAILED,
        "GitHub answered 500",
        slept=13,
        **NEUTRAL,
    ),
    "the list of files fails once": Row(fault("GET", FILES, status=500, body=""), DONE, slept=1),
    "what stands there cannot be read": Row(
        fault("POST", "/graphql", document="Conversation", status=500, body="", times=None),
        FAILED,
        "GitHub answered 500",
        slept=13,
        **NOTHING,
    ),
    "the token has expired before": Row(
        token_expires("POST", "/graphql"), FAILED, "401: Bad credentials", **NOTHING
    ),
    "the token expires while the change is read": Row(
        token_expires("GET", TREE), FAILED, "401: Bad credentials", **NOTHING
    ),
    # --- the review ----------------------------------------------------------------------------
    "one of five comments is refused with 422": Row(
        shows_less, DONE, told="on the file: refused: GitHub answered 422"
    ),
    "every comment is refused with 422": Row(
        fault("POST", REVIEWS, status=422, body=UNPROCESSABLE, times=None),
        DONE,
        told="on the file: refused: GitHub answered 422",
    ),
    "a pending review of ours is in the way": Row(left_behind, DONE),
    "a secondary limit says how long": Row(
        fault("POST", REVIEWS, status=403, body=SECONDARY, headers={"retry-after": "7"}),
        DONE,
        slept=7,
    ),
    "a secondary limit does not say how long": Row(
        fault("POST", REVIEWS, status=403, body=SECONDARY), DONE, slept=60
    ),
    "a secondary limit on reviews does not end": Row(
        fault("POST", REVIEWS, status=403, body=SECONDARY, times=None),
        PARTIAL,
        "5 comments could not be posted (rate limited",
        slept=420,
        **UNTOLD,
    ),
    "a secondary limit on everything does not end": Row(
        fault("POST", WRITES, status=403, body=SECONDARY, times=None),
        PARTIAL,
        "the summary could not be written: rate limited",
        slept=420,
        **NOTHING,
    ),
    "reviews may not be written": Row(
        fault("POST", REVIEWS, status=403, body=FORBIDDEN, times=None),
        PARTIAL,
        "could not be posted (forbidden",
        **UNTOLD,
    ),
    "a 502 after the review was posted": Row(
        fault("POST", REVIEWS, status=502, body=BAD_GATEWAY, after_apply=True), DONE, slept=2
    ),
    "a 502 before the review was posted": Row(
        fault("POST", REVIEWS, status=502, body=BAD_GATEWAY), DONE, slept=2
    ),
    "a connection cut after the review was posted": Row(
        fault("POST", REVIEWS, cut=True, after_apply=True), DONE, slept=2
    ),
    "no review can be posted": Row(
        fault("POST", REVIEWS, status=502, body=BAD_GATEWAY, times=None),
        PARTIAL,
        "5 comments could not be posted (unavailable: GitHub answered 502)",
        **UNTOLD,
    ),
    "the token expires at the review": Row(
        token_expires("POST", REVIEWS), FAILED, "401: Bad credentials", **NOTHING
    ),
    # --- the summary ---------------------------------------------------------------------------
    "a 502 after the summary was posted": Row(
        fault("POST", SUMMARY, status=502, body=BAD_GATEWAY, after_apply=True), DONE, slept=2
    ),
    "no summary can be posted": Row(
        fault("POST", SUMMARY, status=502, body=BAD_GATEWAY, times=None),
        PARTIAL,
        "the summary could not be written: the host broke off twice",
        summary=False,
    ),
    "no summary of a clean review can be posted": Row(
        fault("POST", SUMMARY, status=502, body=BAD_GATEWAY, times=None),
        PARTIAL,
        "the summary could not be written",
        summary=False,
        check="neutral",
        **CLEANED,
    ),
    "a secondary limit on the summary does not end": Row(
        fault("POST", SUMMARY, status=403, body=SECONDARY, times=None),
        PARTIAL,
        "the summary could not be written: rate limited",
        slept=420,
        summary=False,
        check="neutral",
        **CLEANED,
    ),
    "the token expires at the summary": Row(
        token_expires("POST", SUMMARY), FAILED, "401: Bad credentials", summary=False, check=None
    ),
    # --- the check -----------------------------------------------------------------------------
    "a 502 after the check was posted": Row(
        fault("POST", CHECKS, status=502, body=BAD_GATEWAY, after_apply=True), DONE, slept=2
    ),
    "a 502 before the check was posted": Row(
        fault("POST", CHECKS, status=502, body=BAD_GATEWAY), DONE, slept=2
    ),
    "no check can be posted": Row(
        fault("POST", CHECKS, status=502, body=BAD_GATEWAY, times=None),
        PARTIAL,
        "the check may not have been written",
        check=None,
        told="the check may not have been written",
        **CLEANED,
    ),
    "checks may not be written": Row(
        fault("POST", CHECKS, status=403, body=FORBIDDEN, times=None),
        PARTIAL,
        "the check could not be written: forbidden",
        check=None,
        told="the check could not be written",
        **CLEANED,
    ),
    "the token expires at the check": Row(
        token_expires("POST", CHECKS), FAILED, "401: Bad credentials", check=None
    ),
    # --- the head moves ------------------------------------------------------------------------
    "the head moves while the change is read": Row(
        head_moves("GET", FILES), SUPERSEDED, "moved while its files were read", **NOTHING
    ),
    "the head moves before the review": Row(
        head_moves("POST", "/graphql", document="Conversation", skip=1),
        SUPERSEDED,
        "the head moved to",
        **NOTHING,
    ),
    "the head moves while the review is posted": Row(
        head_moves("POST", REVIEWS), SUPERSEDED, "the head moved to", summary=False, check=None
    ),
    "the head moves before the summary": Row(
        head_moves("POST", "/graphql", document="Conversation", skip=2),
        SUPERSEDED,
        "the head moved to",
        summary=False,
        check=None,
    ),
    "the head moves while a limit on reviews is waited for": Row(
        head_moves_in_wait(REVIEWS), SUPERSEDED, "the head moved to", slept=60, **NOTHING
    ),
    "the head moves while a limit on comments is waited for": Row(
        head_moves_in_wait(SUMMARY),
        SUPERSEDED,
        "the head moved to",
        slept=60,
        summary=False,
        check=None,
    ),
    "the head moves while a limit on checks is waited for": Row(
        head_moves_in_wait(CHECKS), SUPERSEDED, "the head moved to", slept=60, check=None
    ),
    "the head moves before the check": Row(
        head_moves("GET", PULL), SUPERSEDED, "the head moved to", check=None
    ),
}


@pytest.mark.holds("P03")
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
async def test_a_fault_is_told_and_never_green_and_the_next_run_mends_it(
    tmp_path: Path, row: Row
) -> None:
    async with scene(tmp_path, head=CLEAN if row.clean else FIVE, bot=TOOL_BOT) as there:
        row.arrange(there)
        run = await there.run(action="opened", mechanical=True, whole=False)
        assert run.result.state is row.state
        assert said(run) if row.state is not DONE else not said(run)
        assert row.words in said(run)
        assert run.result.conclusion.kind.value != "success"
        assert there.conclusion() == row.check
        assert len(there.threads()) == row.threads
        assert len(there.pull.comments) == int(row.summary)
        assert row.told in (there.summary().body if row.summary else "")
        assert sum(there.clock.slept) >= row.slept
        assert not [review for review in there.pull.reviews if review.state == "PENDING"]
        if row.check == "neutral" and not row.summary:
            assert row.words in f"{there.pull.checks[-1].title} {there.pull.checks[-1].summary}"
        await mend(there, row)


async def mend(there: Scene, row: Row) -> None:
    """Let the next run go well: everything is told then, and only once."""
    there.hub.faults.clear()
    there.hub.limits = Limits()
    there.hub.tokens[there.token(TOOL_BOT)].expired = False
    run = await there.run(mechanical=True)
    assert run.result.state is DONE
    assert len(there.threads()) == (0 if row.clean else 5)
    assert there.conclusion() == ("success" if row.clean else "failure")
    assert (await there.run(mechanical=True)).writes == []


def said(run: Run) -> str:
    """Return why a run ended as it did."""
    problems = () if run.result.published is None else run.result.published.problems
    return "; ".join((run.result.reason, *problems)).strip("; ")


async def test_a_run_that_cannot_look_says_so_by_one_check_however_often(tmp_path: Path) -> None:
    async with scene(tmp_path, head=FIVE, bot=TOOL_BOT) as there:
        there.hub.fault("GET", FILES, status=406, body=TOO_MANY, times=None)
        first = await there.run(action="opened", mechanical=True, whole=False)
        second = await there.run(mechanical=True, whole=False)
        assert first.result.state is second.result.state is FAILED
        assert (first.writes, second.writes) == ([("POST", "check-runs")], [])
        assert there.conclusion() == "neutral"


async def test_a_summary_that_cannot_be_edited_is_told_by_the_check(tmp_path: Path) -> None:
    async with scene(tmp_path, head=FIVE, bot=TOOL_BOT) as there:
        await there.run(action="opened", mechanical=True)
        there.pull.push(dict.fromkeys(FIVE), message="Take all of it back")
        there.pull.push(CLEAN)
        there.hub.fault("PATCH", EDIT, status=502, body=BAD_GATEWAY, times=None)
        run = await there.run(mechanical=True, whole=False)
        assert run.result.state is PARTIAL
        assert there.conclusion() == "neutral"
        assert "5 to fix" in there.summary().body
        there.hub.faults.clear()
        await there.run(mechanical=True)
        assert there.conclusion() == "success"
        assert all(thread.resolved for thread in there.threads())


@pytest.mark.holds("P02", "P17")
async def test_a_502_after_the_summary_was_edited_edits_nothing_twice(tmp_path: Path) -> None:
    async with scene(tmp_path, head=FIVE, bot=TOOL_BOT) as there:
        await there.run(action="opened", mechanical=True)
        there.pull.push({"app/m0.py": "value = 1\n"})
        there.hub.fault("PATCH", EDIT, status=502, body=BAD_GATEWAY, after_apply=True)
        run = await there.run(mechanical=True)
        assert run.result.state is DONE
        assert [method for method, _ in run.writes].count("PATCH") == 1


async def test_threads_that_may_not_be_resolved_stay_open_and_are_counted(tmp_path: Path) -> None:
    bot = Bot(personas=TOOL_BOT.personas, permissions={**PERMISSIONS, "contents": "read"})
    async with scene(tmp_path, head=FIVE, bot=bot) as there:
        await there.run(action="opened", mechanical=True)
        there.pull.push({"app/m0.py": "value = 1\n", "app/m1.py": "value = 1\n"})
        run = await there.run(mechanical=True)
        assert run.result.state is DONE
        assert not any(thread.resolved for thread in there.threads())
        assert "2 threads are fixed and stay open" in there.summary().body
        assert "2 fixed" in there.summary().body
        assert (await there.run(mechanical=True)).writes == []


async def test_a_resolution_that_github_refuses_is_told(tmp_path: Path) -> None:
    """Also where GitHub said before that we may: an old token, a rule of the organisation."""
    async with scene(tmp_path, head=FIVE, bot=TOOL_BOT) as there:
        await there.run(action="opened", mechanical=True)
        there.pull.push({"app/m0.py": "value = 1\n"})
        there.hub.fault(
            "POST", "/graphql", document="resolveReviewThread", status=200, body=NO_RESOLVING
        )
        await there.run(mechanical=True)
        assert "1 thread is fixed and stays open" in there.summary().body


@pytest.mark.holds("P10")
async def test_an_older_run_that_ends_after_a_newer_one_writes_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path, head=FIVE, bot=TOOL_BOT) as there:
        late = there.event("opened")
        there.pull.push({"app/m0.py": "value = 1\n"})
        await there.run(mechanical=True)
        before = there.summary().body
        run = await there.run(event=late, mechanical=True, whole=False)
        assert run.result.state is SUPERSEDED
        assert run.writes == []
        assert there.summary().body == before
