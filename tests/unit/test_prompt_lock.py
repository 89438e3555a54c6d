"""The lock: what is released never changes, and the prompts that ship keep to it."""

from __future__ import annotations

import re

import pytest

from reviewer.errors import ConfigurationError
from reviewer.prompting.prompt_catalogue import read_prompts, shipped_prompts
from reviewer.prompting.prompt_check import example_faults
from reviewer.prompting.prompt_lock import lock_faults, lock_text, parse_lock, releasable
from reviewer.resources import prompt_files, prompt_lock

NAMES = {"ask", "contract", "hunt", "plan", "repair", "review", "verify"}
RELEASED = parse_lock(prompt_lock()[1], "").released


def edited(key: str, text: str) -> tuple[tuple[str, str], ...]:
    """Return the prompts that ship with one file replaced or added."""
    return tuple({**dict(prompt_files()), f"prompts/{key}.md": text}.items())


def test_every_prompt_that_ships_is_right_and_released() -> None:
    catalogue = shipped_prompts()

    assert {prompt.identity.name for prompt in catalogue.prompts} == NAMES
    assert example_faults(catalogue) == ()
    assert releasable(catalogue.lock, catalogue.prompts) == ()


def test_the_lock_is_written_as_it_is_read() -> None:
    path, text = prompt_lock()

    assert lock_text(parse_lock(text, path).released) == text


@pytest.mark.holds("S16")
@pytest.mark.parametrize("key", sorted(RELEASED))
def test_a_released_prompt_cannot_change_by_a_byte(key: str) -> None:
    text = dict(prompt_files())[f"prompts/{key}.md"]
    _, wrong = read_prompts(edited(key, f"{text}\n"), prompt_lock())

    name = key.partition("/")[0]
    newest = max(int(k.partition("/v")[2]) for k in RELEASED if k.startswith(f"{name}/"))
    assert f"{key} is released and was changed afterwards" in str(wrong[0])
    assert f"write it as {name}/v{newest + 1} instead" in str(wrong[0])


def test_a_released_prompt_cannot_go() -> None:
    files = tuple(file for file in prompt_files() if file[0] != "prompts/ask/v2.md")

    _, wrong = read_prompts(files, prompt_lock())

    assert [error.message for error in wrong] == ["ask/v2 is released, and its file is gone"]


def test_a_new_version_is_the_next_number_and_needs_a_released_contract() -> None:
    later = dict(prompt_files())["prompts/plan/v1.md"].replace("version = 1", "version = 3")
    catalogue, wrong = read_prompts(edited("plan/v3", later), prompt_lock())
    assert catalogue is not None
    assert [error.message for error in wrong] == ["there is no v2 before it"]

    path, text = prompt_lock()
    without = "".join(line for line in text.splitlines(keepends=True) if "contract" not in line)
    told = [error.message for error in lock_faults(parse_lock(without, path), catalogue.prompts)]
    assert "review/v1 is released, and its contract contract/v1 is not" in told


def test_contracts_are_released_before_what_uses_them() -> None:
    prompts = shipped_prompts().prompts

    order = [prompt.key for prompt in releasable(parse_lock("", "x"), prompts)]

    assert order.index("contract/v1") < order.index("ask/v1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense\n", "no entry of a lock"),
        (f"{'a' * 64} review/v1.md\n", "no entry of a lock"),
        (f"{'a' * 64}  ../v1.md\n", "no entry of a lock"),
        (f"{'a' * 64}  review/v1.md\n" * 2, "stands twice"),
    ],
)
def test_a_lock_is_read_strictly(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        parse_lock(text, "prompts/prompts.lock")
    assert read_prompts(prompt_files(), ("prompts/prompts.lock", text))[0] is None


def test_a_contract_that_is_not_there_is_told() -> None:
    text = dict(prompt_files())["prompts/ask/v2.md"].replace("version = 2", "version = 3", 1)

    for contract, words in (("contrakt/v1", "no prompt 'contrakt'"), ("review/v1", "no contract")):
        changed = text.replace('contract = "contract/v2"', f'contract = "{contract}"')
        _, wrong = read_prompts(edited("ask/v3", changed), prompt_lock())
        assert words in str(wrong[0])
