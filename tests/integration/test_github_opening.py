"""The first question of a run: one for its host and its workspace, and never an old answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("github")

from reviewer.adapters.github.addresses import GitHubAddresses
from reviewer.adapters.github.client import GitHubClient
from reviewer.adapters.github.code_host import GitHubCodeHost
from reviewer.adapters.github.opening import Opening
from reviewer.adapters.github.workspace import PullRequestWorkspace
from reviewer.bootstrap.pull_request import host_and_workspace
from reviewer.domain.pull_request import PullRequestName
from reviewer.errors import GitHubError
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.service.read_base import CONFIGURATION_GLOBS
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_github import FakeGitHub, FakePullRequest

pytestmark = pytest.mark.loopback

BASE = {".reviewer.toml": "schema = 1\n", ".gitattributes": "*.md linguist-generated\n"}


class Scene:
    """A pull request on loopback, and the two that ask about it."""

    def __init__(self, hub: FakeGitHub, client: GitHubClient, pull: FakePullRequest) -> None:
        self.hub = hub
        self.client = client
        self.pull = pull
        self.host: GitHubCodeHost
        self.workspace: PullRequestWorkspace

    async def open(self) -> None:
        """Freeze the pull request as a run does."""
        name = PullRequestName.parse(self.pull.name)
        request = await GitHubCodeHost(self.client, name).pull_request()
        self.host, self.workspace = host_and_workspace(self.client, request)
        self.hub.journal.clear()


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    hub = FakeGitHub(tmp_path)
    pull = hub.repository("octo/shop", files=BASE).open_pull(files={"notes.md": "# Notes\n"})
    with hub.serve() as url:
        addresses = GitHubAddresses.of(api_url=url)
        client = GitHubClient(hub.token(), addresses, clock=FakeClock())
        there = Scene(hub, client, pull)
        await there.open()
        yield there
        await client.close()


@pytest.mark.parametrize("base_first", [True, False])
async def test_both_sides_get_their_part_of_one_answer(scene: Scene, *, base_first: bool) -> None:
    scene.pull.review_comment("alice", "notes.md", 1, "Why?")
    texts = await scene.workspace.base_files(CONFIGURATION_GLOBS) if base_first else {}
    talk = await scene.host.conversation()
    texts = texts or await scene.workspace.base_files(CONFIGURATION_GLOBS)
    assert [thread.comments[0].body for thread in talk.threads] == ["Why?"]
    assert texts == {".reviewer.toml": "schema = 1\n"}
    assert len(scene.hub.journal) == 1


async def test_the_base_of_a_change_is_not_asked_for_again(scene: Scene) -> None:
    await scene.workspace.base_files(CONFIGURATION_GLOBS)
    (file,) = (await scene.workspace.change()).files
    assert str(file.not_reviewed) == "generated (.gitattributes)"
    documents = [exchange.document for exchange in scene.hub.journal if exchange.document]
    assert len(documents) == 1


async def test_a_second_look_at_the_conversation_is_a_new_one(scene: Scene) -> None:
    await scene.host.conversation()
    scene.pull.review_comment("alice", "notes.md", 1, "Why?")
    head = scene.pull.push({"notes.md": "# More notes\n"})
    talk = await scene.host.conversation()
    assert talk.head_sha == head
    assert len(talk.threads) == 1


async def test_a_long_conversation_goes_on_after_the_first_page(scene: Scene) -> None:
    for number in range(120):
        scene.pull.review_comment("alice", "notes.md", 1, f"Why {number}?")
    talk, texts = await asyncio.gather(
        scene.host.conversation(), scene.workspace.base_files(CONFIGURATION_GLOBS)
    )
    assert len(talk.threads) == 120
    assert texts
    assert len(scene.hub.journal) == 2


async def test_other_files_of_the_base_are_a_question_of_their_own(scene: Scene) -> None:
    assert await scene.workspace.base_files(["/.reviewer.toml"])
    assert (await scene.host.conversation()).threads == ()
    assert len(scene.hub.journal) == 2


async def test_a_refusal_is_told_to_both_and_asked_for_once(scene: Scene) -> None:
    scene.hub.fault("POST", "/graphql", status=401, body={"message": "Bad credentials"})
    answers = await asyncio.gather(
        scene.host.conversation(),
        scene.workspace.base_files(CONFIGURATION_GLOBS),
        return_exceptions=True,
    )
    for answer in answers:
        assert isinstance(answer, CodeHostError)
        assert answer.refusal is Refusal.UNAUTHORIZED
    assert len(scene.hub.journal) == 1


async def test_a_base_that_is_not_there_is_no_base_without_configuration(scene: Scene) -> None:
    name = PullRequestName.parse(scene.pull.name)
    request = await GitHubCodeHost(scene.client, name).pull_request()
    gone = replace(request, base_sha="0" * 40)
    opening = Opening(scene.client, gone, CONFIGURATION_GLOBS)
    with pytest.raises(GitHubError, match="is not in octo/shop"):
        await PullRequestWorkspace(scene.client, gone, opening=opening).base_files(
            CONFIGURATION_GLOBS
        )
