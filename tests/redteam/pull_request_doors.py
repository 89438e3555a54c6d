"""The Action and the App in the same words: something happens on a pull request, and is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from reviewer.testing.fake_github import FakeComment, FakeGitHub, FakePullRequest, FakeRepository
from tests.redteam.action_stage import ActionStage, Files
from tests.redteam.app_stage import AppStage
from tests.redteam.hostile_provider import HostileProvider
from tests.redteam.model_door import Answerer
from tests.redteam.speaking import asked
from tests.redteam.staged_analyser import Forge, StagedAnalyser
from tests.redteam.told import Told


class PullRequestDoor(Protocol):
    """A door that GitHub tells of pull requests.

    Attributes:
        name: ``action`` or ``app``.
        hub: The GitHub.
        url: Where it is served.
    """

    name: str
    hub: FakeGitHub
    url: str

    def repository(self, files: Files | None = None) -> FakeRepository:
        """Make a repository in which alice writes."""

    def event(
        self,
        pull: FakePullRequest,
        name: str,
        action: str,
        *,
        comment: FakeComment | None = None,
        sender: str = "",
    ) -> Mapping[str, object]:
        """Return what GitHub would tell now."""

    def tell(
        self,
        pull: FakePullRequest,
        model: Answerer | None,
        event: Mapping[str, object] | None = None,
        *,
        name: str = "pull_request",
        suggestions: bool = False,
    ) -> Told:
        """Let GitHub tell of something; of the opening where nothing is given."""


class ActionDoor:
    """The Action.

    Args:
        stage: Runs it.
    """

    name = "action"

    def __init__(self, stage: ActionStage) -> None:
        self.stage, self.hub, self.url = stage, stage.hub, stage.url

    def repository(self, files: Files | None = None) -> FakeRepository:
        """Make a repository in which alice writes."""
        return self.stage.repository(files)

    def event(
        self,
        pull: FakePullRequest,
        name: str,
        action: str,
        *,
        comment: FakeComment | None = None,
        sender: str = "",
    ) -> Mapping[str, object]:
        """Return what the runner's file would say now."""
        return self.hub.event(name, action, pull, comment=comment, sender=sender)

    def tell(
        self,
        pull: FakePullRequest,
        model: Answerer | None,
        event: Mapping[str, object] | bytes | None = None,
        *,
        name: str = "pull_request",
        suggestions: bool = False,
        forge: Forge | None = None,
    ) -> Told:
        """Run it once."""
        assert not isinstance(model, HostileProvider)
        before = len(asked(model))
        analyser = StagedAnalyser(model, suggestions=suggestions, forge=forge)
        given = event if event is not None else self.event(pull, name, "opened")
        ran = self.stage.run(name, given, analyser)
        review = analyser.reviews[-1] if analyser.reviews else None
        return Told(
            state=ran.outputs["state"],
            verdicts={}
            if review is None
            else {(a.persona, a.rule_id): a.verdict.value for a in review.answers},
            requests=asked(model)[before:],
            texts={"log": ran.log, "outputs": ran.output},
            markdown={"summary": ran.summary},
            pull=pull,
            exchanges=ran.exchanges,
            code=ran.code,
            refusals=tuple(analyser.refusals),
            review=review,
        )


class AppDoor:
    """The App.

    Args:
        stage: Runs it.
    """

    name = "app"

    def __init__(self, stage: AppStage) -> None:
        self.stage, self.hub, self.url = stage, stage.hub, stage.url

    def repository(self, files: Files | None = None) -> FakeRepository:
        """Make a repository that has the App, in which alice writes."""
        return self.stage.repository(files)

    def event(
        self,
        pull: FakePullRequest,
        name: str,
        action: str,
        *,
        comment: FakeComment | None = None,
        sender: str = "",
    ) -> Mapping[str, object]:
        """Return what would be delivered now."""
        return self.stage.event(pull, name, action, comment=comment, sender=sender)

    def tell(
        self,
        pull: FakePullRequest,
        model: Answerer | None,
        event: Mapping[str, object] | None = None,
        *,
        name: str = "pull_request",
        suggestions: bool = False,
    ) -> Told:
        """Deliver once, and do what follows."""
        given = event if event is not None else self.event(pull, name, "opened")
        return self.stage.listen(pull, model, given, suggestions=suggestions)
