"""One GitHub for all red-team tests of pull requests; each has repositories of its own in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.redteam.action_stage import ActionStage


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ActionStage]:
    """A GitHub, and the Action before it; for tests that are marked ``loopback``."""
    from reviewer.testing.fake_github import FakeGitHub

    folder = tmp_path_factory.mktemp("redteam")
    hub = FakeGitHub(folder / "hub")
    with hub.serve() as url:
        yield ActionStage(hub, url, folder / "runs")
