"""What stands there after GitHub failed in the middle of a write, and what we know of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest.importorskip("github")

from reviewer.adapters.github.addresses import GitHubAddresses
from reviewer.adapters.github.client import GitHubClient
from reviewer.adapters.github.code_host import GitHubCodeHost
from reviewer.domain.change import Location, Side
from reviewer.domain.posting import InlineComment
from reviewer.domain.pull_request import PullRequestName
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_github import FakeGitHub

pytestmark = pytest.mark.loopback

SECONDARY = {
    "message": "You have exceeded a secondary rate limit and have been temporarily blocked from "
    "content creation. Please retry your request again later."
}
REVIEWS = "/repos/octo/shop/pulls/1/reviews"


class Scene:
    """A pull request on loopback and the adapter that production uses."""

    def __init__(self, hub: FakeGitHub, url: str) -> None:
        self.hub = hub
        self.clock = FakeClock()
        self.pull = hub.repository("octo/shop", files={"a.py": "one\n"}).open_pull(
            files={"a.py": "one\ntwo\n"}
        )
        self.token = hub.token()
        addresses = GitHubAddresses.of(api_url=url)
        self.client = GitHubClient(self.token, addresses, clock=self.clock)
        self.host = GitHubCodeHost(self.client, PullRequestName.parse(self.pull.name))

    async def review(self) -> None:
        where = Location(path="a.py", side=Side.HEAD, start_line=2, end_line=2)
        comment = InlineComment(location=where, body="wrong", fingerprint="f")
        await self.host.post_review([comment], head_sha=self.pull.head_sha)

    async def refusal(self) -> CodeHostError:
        with pytest.raises(CodeHostError) as caught:
            await self.review()
        return caught.value


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    hub = FakeGitHub(tmp_path)
    with hub.serve() as url:
        scene = Scene(hub, url)
        yield scene
        await scene.client.close()


@pytest.mark.holds("P02", "P17")
@pytest.mark.parametrize("status", [500, 502, 504])
@pytest.mark.parametrize("after_apply", [True, False], ids=["done", "not done"])
async def test_a_review_whose_fate_is_unknown_is_not_sent_again(
    scene: Scene, status: int, *, after_apply: bool
) -> None:
    scene.hub.fault("POST", REVIEWS, status=status, body="<html>", after_apply=after_apply)
    error = await scene.refusal()
    assert (error.refusal, error.uncertain) == (Refusal.UNAVAILABLE, True)
    assert len(scene.hub.writes) == 1
    assert len(scene.pull.threads) == int(after_apply)


@pytest.mark.parametrize("after_apply", [True, False], ids=["done", "not done"])
async def test_a_review_whose_answer_broke_off_is_not_sent_again(
    scene: Scene, *, after_apply: bool
) -> None:
    scene.hub.fault("POST", REVIEWS, cut=True, after_apply=after_apply)
    error = await scene.refusal()
    assert (error.refusal, error.status, error.uncertain) == (Refusal.UNAVAILABLE, None, True)
    assert len(scene.hub.writes) == 1
    assert len(scene.pull.threads) == int(after_apply)


@pytest.mark.holds("P02", "P17")
async def test_a_review_that_a_rate_limit_held_up_is_posted_once(scene: Scene) -> None:
    scene.hub.fault("POST", REVIEWS, status=403, body=SECONDARY, times=2)
    await scene.review()
    assert scene.clock.slept == [60.0, 120.0]
    assert len(scene.pull.threads) == 1


async def test_an_expired_token_is_told_and_not_tried_again(scene: Scene) -> None:
    scene.hub.tokens[scene.token].expired = True
    error = await scene.refusal()
    assert (error.refusal, error.uncertain) == (Refusal.UNAUTHORIZED, False)
    assert error.message == "GitHub answered 401: Bad credentials"
    assert len(scene.hub.journal) == 1


async def test_a_head_that_moves_while_a_review_is_sent_leaves_it_on_the_old_commit(
    scene: Scene,
) -> None:
    before = scene.pull.head_sha
    scene.hub.fault("POST", REVIEWS, act=lambda: scene.pull.push({"a.py": "one\nthree\n"}))
    where = Location(path="a.py", side=Side.HEAD, start_line=2, end_line=2)
    comment = InlineComment(location=where, body="wrong", fingerprint="f")
    await scene.host.post_review([comment], head_sha=before)
    assert await scene.host.head_sha() != before
    assert scene.pull.reviews[0].commit_id == before


async def test_a_read_that_fails_once_is_read(scene: Scene) -> None:
    scene.hub.fault("GET", "/repos/octo/shop/pulls/1", status=502, body="")
    assert await scene.host.head_sha() == scene.pull.head_sha
    assert scene.clock.slept == [1.0]


@pytest.mark.holds("P26")
async def test_three_pages_of_comments_and_of_threads_are_read(scene: Scene) -> None:
    for number in range(230):
        scene.pull.comment("alice" if number % 2 else "persona-reviewer[bot]", f"comment {number}")
        scene.pull.review_comment("alice", "a.py", 2, f"thread {number}")
    conversation = await scene.host.conversation()
    assert len(conversation.comments) == 115
    assert [t.comments[0].body for t in conversation.threads] == [f"thread {n}" for n in range(230)]
    assert len(scene.hub.journal) == 3


async def test_a_pending_review_is_found_on_the_third_page(scene: Scene) -> None:
    bot = scene.hub.account("persona-reviewer[bot]")
    add = scene.pull.discussion.add_review
    for number in range(230):
        alice, head = scene.hub.account("alice"), scene.pull.head_sha
        add(alice, event="COMMENT", body=f"{number}", commit_id=head, comments=[])
    add(bot, event=None, body="begun", commit_id=scene.pull.head_sha, comments=[])
    assert await scene.host.delete_pending_reviews() == 1
    assert [exchange.method for exchange in scene.hub.journal] == ["GET", "GET", "GET", "DELETE"]
    assert len(scene.pull.reviews) == 230


async def test_the_calls_of_the_usual_case_are_few(scene: Scene) -> None:
    await scene.host.pull_request()
    await scene.host.conversation()
    await scene.host.head_sha()
    await scene.review()
    await scene.host.head_sha()
    await scene.host.post_comment("summary")
    assert len(scene.hub.journal) == 6
