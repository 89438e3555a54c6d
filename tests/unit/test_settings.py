"""The settings: what the environment says."""

from __future__ import annotations

import pytest

from reviewer.config import Settings


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_environment({})
    assert (settings.colour, settings.debug, settings.model, dict(settings.keys)) == (
        True,
        False,
        "",
        {},
    )


@pytest.mark.parametrize(
    ("environment", "colour"),
    [({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colours_can_be_switched_off(environment: dict[str, str], *, colour: bool) -> None:
    assert Settings.from_environment(environment).colour is colour


@pytest.mark.parametrize(
    ("word", "debug"), [("1", True), ("Yes ", True), ("0", False), ("", False)]
)
def test_debug_is_switched_on_by_a_word(word: str, *, debug: bool) -> None:
    assert Settings.from_environment({"REVIEWER_DEBUG": word}).debug is debug


def test_the_program_s_own_token_goes_before_those_of_other_tools() -> None:
    environment = {"GH_TOKEN": "a", "GITHUB_TOKEN": " b ", "REVIEWER_GITHUB_TOKEN": ""}
    assert Settings.from_environment(environment).github.token == "b"
    assert (
        Settings.from_environment({**environment, "REVIEWER_GITHUB_TOKEN": "c"}).github.token == "c"
    )


@pytest.mark.holds("S17")
def test_neither_token_nor_state_key_shows_in_the_settings() -> None:
    environment = {"GITHUB_TOKEN": "first-secret", "REVIEWER_STATE_KEY": "second-secret"}
    shown = repr(Settings.from_environment(environment))
    assert "secret" not in shown
