"""The chaos finds what is broken on purpose: each of these takes one precaution away."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("github")

from reviewer.domain.conclusion import Conclusion, ConclusionKind
from reviewer.llm.meter import Unbilled
from tests.chaos.action_chaos import run_seed
from tests.chaos.fault_kind import FaultKind

pytestmark = [pytest.mark.loopback, pytest.mark.usefixtures("any_github_write")]

_DONE_ALL_THE_SAME = frozenset({FaultKind.BROKEN_AFTER, FaultKind.CUT_AFTER})


def _broken(folder: Path, seeds: Iterable[int], only: frozenset[FaultKind]) -> str:
    """Return what the first seed that finds something says; empty where none does."""
    for seed in seeds:
        outcome = run_seed(seed, folder / str(seed), only=only)
        if outcome.broken:
            return "\n".join(outcome.broken)
    return ""


def test_a_publisher_that_does_not_look_for_its_comments_after_a_502(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object, **__: object) -> frozenset[str]:
        return frozenset()

    monkeypatch.setattr("reviewer.service.publish_comments.CommentPoster._standing", nothing)
    assert "has 2 comments" in _broken(tmp_path, (11, 12), _DONE_ALL_THE_SAME)


def test_a_publisher_that_does_not_look_for_its_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviewer.service.publish_summary.our_summaries", lambda *_: ())
    assert "summaries stand" in _broken(tmp_path, (0, 2), _DONE_ALL_THE_SAME)


def test_a_publisher_that_does_not_look_at_the_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: object) -> None:
        return

    where = "reviewer.service.publish_setup.HeadGuard"
    monkeypatch.setattr(f"{where}.require_head", never)
    monkeypatch.setattr(f"{where}._require", lambda *_: None)
    assert "was written on" in _broken(tmp_path, (1, 3), frozenset({FaultKind.MOVED}))


def test_a_client_that_waits_and_does_not_look_at_the_head_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: object) -> None:
        return

    monkeypatch.setattr("reviewer.adapters.github.code_host.GitHubCodeHost._same_head", never)
    found = _broken(tmp_path, (5, 10), frozenset({FaultKind.SECONDARY_SILENT}))
    assert "was written on" in found


def test_a_check_that_says_success_whatever_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def success(*_: object) -> Conclusion:
        return Conclusion(kind=ConclusionKind.SUCCESS, reason="it will be fine")

    monkeypatch.setattr("reviewer.service.publish_review.conclude", success)
    assert "says success, and there are" in _broken(tmp_path, (12, 13), frozenset())


def test_a_ledger_that_takes_calls_without_usage_for_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviewer.llm.client.unbilled", lambda _: Unbilled.FREE)
    assert "and the server counted" in _broken(tmp_path, (7, 9), frozenset())


def test_a_run_that_knows_no_ceiling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(*_: Any) -> tuple[()]:  # noqa: ANN401 - whatever it is asked
        return ()

    monkeypatch.setattr("tests.chaos.action_door.load_ceilings", none)
    assert "allowed" in _broken(tmp_path, (1,), frozenset())
