"""Whom the workflow names reviews, whoever asks: a push, or a person with a command."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("github")

from reviewer.testing.fake_github import FakeGitHub
from tests.chaos.action_door import CALM_SECONDS, ActionDoor, Job
from tests.chaos.chaotic_model import ChaoticModel, serving
from tests.chaos.course import Told, open_course
from tests.chaos.dice import Dice, Tally

pytestmark = pytest.mark.loopback

#: What `ActionDoor` sets as the input ``personas``.
NAMED = {"bug-hunter", "security-sentinel"}


def _reviewers(job: Job) -> set[str]:
    assert job.report is not None
    assert job.report.review is not None
    return {persona.name for persona in job.report.review.personas}


def test_a_command_keeps_to_the_personas_that_the_workflow_names(tmp_path: Path) -> None:
    dice, tally = Dice("calm"), Tally()
    hub, model = FakeGitHub(tmp_path / "hub"), ChaoticModel(dice, 0.0, tally)
    with hub.serve() as url, serving(model):
        course = open_course(hub, "octo/shop", dice, tally)
        door = ActionDoor(
            hub=hub, url=url, model=model, folder=tmp_path / "jobs", model_seconds=CALM_SECONDS
        )

        def ask(told: Told) -> set[str]:
            return _reviewers(door.attend(told))

        assert ask(course.opened()) == NAMED
        assert ask(course.asked("/review")) == NAMED
        assert ask(course.asked("/review full")) == NAMED
        assert ask(course.asked("/review as type-guardian")) == {"type-guardian"}
