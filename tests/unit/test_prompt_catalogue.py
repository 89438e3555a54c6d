"""Which version of a prompt a repository gets: pins, roll-outs, else the newest released."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.errors import UserError
from reviewer.prompting.prompt_catalogue import (
    PromptCatalogue,
    PromptWishes,
    Rollout,
    in_share,
    shipped_prompts,
)
from reviewer.prompting.prompt_file import parse_prompt
from reviewer.prompting.prompt_lock import lock_text, parse_lock
from reviewer.resources import prompt_files


def catalogue(*, released: tuple[int, ...] = (1, 2)) -> PromptCatalogue:
    """Return three versions of ``ask``, of which some are released."""
    text = dict(prompt_files())["prompts/ask/v1.md"]
    prompts = tuple(
        parse_prompt(text.replace("version = 1", f"version = {n}", 1), f"prompts/ask/v{n}.md")
        for n in (1, 2, 3)
    )
    lock = lock_text({p.key: p.identity.sha256 for p in prompts if p.identity.version in released})
    return PromptCatalogue(prompts=prompts, lock=parse_lock(lock, "prompts/prompts.lock"))


def version(wishes: PromptWishes, repository: str = "acme/shop") -> int:
    return catalogue().choose("ask", repository=repository, wishes=wishes).identity.version


def test_without_a_wish_the_newest_released_version_is_taken() -> None:
    assert version(PromptWishes()) == 2


def test_a_pin_decides_and_the_operator_s_before_the_repository_s() -> None:
    assert version(PromptWishes(repository={"ask": 1})) == 1
    assert version(PromptWishes(repository={"ask": 1}, operator={"ask": 2})) == 2
    assert version(PromptWishes(repository={"review": 1})) == 2


def test_a_roll_out_gives_the_others_an_older_version() -> None:
    wishes = PromptWishes(rollouts={"ask": Rollout(version=2, share_percent=30)})
    given_ = [version(wishes, f"acme/shop-{n}") for n in range(300)]

    assert set(given_) == {1, 2}
    assert 60 < given_.count(2) < 120
    assert given_ == [version(wishes, f"acme/shop-{n}") for n in range(300)]


def test_a_pin_is_stronger_than_a_roll_out() -> None:
    rollouts = {"ask": Rollout(version=2, share_percent=100)}

    assert version(PromptWishes(rollouts=rollouts)) == 2
    assert version(PromptWishes(rollouts=rollouts, repository={"ask": 1})) == 1


@given(repository=st.text(min_size=1), small=st.integers(0, 100), more=st.integers(0, 100))
def test_a_larger_share_takes_in_all_of_a_smaller_one(
    repository: str, small: int, more: int
) -> None:
    large = min(100, small + more)
    if in_share("ask", Rollout(version=2, share_percent=small), repository):
        assert in_share("ask", Rollout(version=2, share_percent=large), repository)
    assert not in_share("ask", Rollout(version=2, share_percent=0), repository)
    assert in_share("ask", Rollout(version=2, share_percent=100), repository)


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (PromptWishes(repository={"ask": 3}), "the repository pins ask/v3, which is not released"),
        (PromptWishes(operator={"ask": 9}), "there is no prompt 'ask/v9'"),
        (PromptWishes(rollouts={"ask": Rollout(version=3, share_percent=100)}), "a roll-out names"),
        (PromptWishes(rollouts={"ask": Rollout(version=1, share_percent=0)}), "before v1"),
    ],
)
def test_a_version_that_nobody_may_have_is_told(wishes: PromptWishes, words: str) -> None:
    with pytest.raises(UserError, match=words):
        version(wishes)


def test_a_prompt_that_is_not_there_is_answered_with_the_nearest() -> None:
    with pytest.raises(UserError, match="Did you mean 'review'"):
        shipped_prompts().choose("reviev")
    with pytest.raises(UserError, match="no version of the prompt 'ask' is released"):
        catalogue(released=()).choose("ask")


def test_a_name_alone_means_the_newest_version() -> None:
    assert catalogue().get("ask").key == "ask/v3"
    assert catalogue().get("ask/v1").key == "ask/v1"
