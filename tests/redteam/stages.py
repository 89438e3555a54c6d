"""The three doors with everything behind them: one set for all tests, opened when first knocked."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from reviewer.testing.fake_github import FakeGitHub
from tests.guards import files_with_canaries
from tests.redteam.action_stage import ActionStage
from tests.redteam.app_stage import AppStage
from tests.redteam.command_stage import CommandStage
from tests.redteam.github_place import open_scene, told_names
from tests.redteam.hostile_provider import HostileProvider
from tests.redteam.model_door import Answerer, ModelDoor, serving_models
from tests.redteam.pull_request_doors import ActionDoor, AppDoor, PullRequestDoor
from tests.redteam.scene import Scene
from tests.redteam.told import Told


class Stages:
    """A GitHub, a server of models, and the doors before them.

    Args:
        folder: Takes everything that is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = ExitStack()

    @cached_property
    def _hub(self) -> tuple[FakeGitHub, str]:
        hub = FakeGitHub(self._folder / "hub")
        return hub, self._open.enter_context(hub.serve())

    @cached_property
    def models(self) -> ModelDoor:
        """Where models are reached."""
        return self._open.enter_context(serving_models())

    @cached_property
    def action(self) -> ActionStage:
        """The Action."""
        return ActionStage(*self._hub, self._folder / "runs")

    @cached_property
    def app(self) -> AppStage:
        """The App; it runs until all is closed."""
        stage = AppStage(*self._hub, self._folder / "service", self.models)
        return self._open.enter_context(stage.running())

    @cached_property
    def command(self) -> CommandStage:
        """The command."""
        folder = self._folder / "command"
        folder.mkdir()
        return CommandStage(folder, self.models)

    def on_pull_requests(self, door: str) -> PullRequestDoor:
        """Return the door of that name, which GitHub tells of pull requests."""
        return ActionDoor(self.action) if door == "action" else AppDoor(self.app)

    def review(
        self, door: str, scene: Scene, model: Answerer | None, *, suggestions: bool = False
    ) -> Told:
        """Have a scene reviewed by a door.

        Args:
            door: Which.
            scene: The scene.
            model: Who answers; None for nobody.
            suggestions: Whether findings propose new lines.
        """
        if door == "command":
            return self.command.review(scene, model, suggestions=suggestions)
        assert door == "app" or not isinstance(model, HostileProvider)
        place = self.on_pull_requests(door)
        pull = open_scene(place.repository(scene.base), scene)
        with told_names(place, pull, scene):
            return place.tell(pull, model, suggestions=suggestions)

    def close(self) -> None:
        """Close what was opened, and look for secrets in everything that was left behind."""
        opened = vars(self)
        self._open.close()
        if "models" in opened:
            assert not self.models.leaks, "a secret of the environment was sent to a model"
        if "app" in opened:
            assert not self.app.files_with_secrets()
            assert not [secret for secret in self.app.secrets() if secret in self.app.log]
            assert not files_with_canaries(self._folder / "service")
