"""The operator's file and the environment: which model, which key, which budget."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewer.config import Settings
from reviewer.domain.operator_configuration import Pace, parse_operator_configuration
from reviewer.errors import ConfigurationError

FULL = """
schema = 1

[model]
name = "anthropic:claude-sonnet-5-5"
personas = { bug-hunter = "openai:gpt-6.1-terra" }
pace = "speed"

[budget.run]
dollars = 0.25

[budget.repository_day]
dollars = 5.0
tokens = 2_000_000

[prices."compatible:http://127.0.0.1:8080/v1#qwen"]
input = 0.05
output = 0.2
cache_read = 0

[prompts]
pin = { review = 1 }

[prompts.rollout.hunt]
version = 2
share = 0.1
"""


def test_everything_that_an_operator_sets_is_read() -> None:
    file = parse_operator_configuration(FULL, "config.toml")
    assert file.model.name == "anthropic:claude-sonnet-5-5"
    assert file.model.personas == {"bug-hunter": "openai:gpt-6.1-terra"}
    assert file.model.pace is Pace.SPEED
    assert file.budget.run.dollars == 0.25
    assert file.budget.repository_day.tokens == 2_000_000
    assert file.prompts.rollout["hunt"].share == 0.1
    price = file.prices["compatible:http://127.0.0.1:8080/v1#qwen"]
    assert (price.input, price.output, price.cache_read, price.cache_write) == (0.05, 0.2, 0, None)


def test_an_empty_file_holds_the_defaults_and_a_review_has_a_ceiling() -> None:
    file = parse_operator_configuration("", "config.toml")
    assert file.model.name is None
    assert file.budget.run.dollars == 0.5
    assert file.model.pace is Pace.COST


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[model]\nname = "claude-sonnet-5-5"\n', 2, "names no provider"),
        ('[model]\nnmae = "openai:x"\n', 2, "Did you mean 'name'"),
        ("[budget.run]\ndollars = -1\n", 2, "greater than 0"),
        ("[budget.run]\ndollars = 0.00001\n", 2, "at most four decimals"),
        ("[prompts.rollout.hunt]\nversion = 2\nshare = 10\n", 3, "at most 1"),
        ('[model]\npace = "fast"\n', 2, "cost"),
        ('[prices."m"]\ninput = -1\noutput = 1\n', 2, "at least 0"),
        ('[prices."m"]\ninput = 1\n', 1, "output"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_operator_configuration(text, "config.toml")
    assert raised.value.line == line
    assert words in str(raised.value)


def test_a_key_is_read_from_its_own_provider_s_variable_and_never_shown() -> None:
    settings = Settings.from_environment({"OPENAI_API_KEY": "sk-1", "GEMINI_API_KEY": " "})
    assert dict(settings.keys) == {"openai": "sk-1"}
    assert "sk-1" not in repr(settings)


def test_files_of_the_user_stand_where_the_system_says() -> None:
    settings = Settings.from_environment({"HOME": "/home/kim", "XDG_STATE_HOME": "relative"})
    assert settings.operator_file == Path("/home/kim/.config/persona-reviewer/config.toml")
    assert settings.state_folder == Path("/home/kim/.local/state/persona-reviewer")
    assert not settings.operator_file_named


def test_somebody_can_name_the_files() -> None:
    settings = Settings.from_environment({"REVIEWER_CONFIG": "/etc/r.toml", "REVIEWER_STATE": "/s"})
    assert settings.operator_file == Path("/etc/r.toml")
    assert settings.operator_file_named
    assert settings.state_folder == Path("/s")
