"""One GitHub, one server of models and one of each door for all red-team tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.redteam.action_stage import ActionStage
    from tests.redteam.stages import Stages


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stages]:
    """Every door; for tests that are marked ``loopback``."""
    # Late: what is imported while tests are collected costs every run.
    from tests.redteam.stages import Stages

    opened = Stages(tmp_path_factory.mktemp("redteam"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def stage(stages: Stages) -> ActionStage:
    """A GitHub, and the Action before it; for tests that are marked ``loopback``."""
    return stages.action
