"""What a linter takes for a password or a dangerous command, and is none."""

from __future__ import annotations

import pytest

from reviewer.domain.false_alarm import false_alarm


def about(name: str) -> str:
    return f'Possible hardcoded password assigned to: "{name}"'


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("token_type", 'token_type: str = "bearer"'),
        ("eos_token", 'eos_token="</s>",'),
        ("PAD_TOKEN", 'PAD_TOKEN = "[PAD]"'),
        ("API_TOKEN_ENV", "API_TOKEN_ENV = 'SHOP_API_TOKEN'"),
        ("token_url", 'token_url = "https://shop.example/oauth2/token"'),
        ("token_path", 'token_path = "/oauth/token"'),
        ("password_hint", 'password_hint = "At least 12 characters"'),
        ("password_field", 'password_field = "new_password"'),
        ("SECRET_PROVIDER", 'if SECRET_PROVIDER == "vault-secret":'),
        ("password", 'password=""'),
    ],
)
def test_a_text_that_is_no_secret_is_a_false_alarm(name: str, line: str) -> None:
    assert false_alarm("S105", about(name), line)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("password", 'password = "wint3r-Harvest"'),
        ("password", 'password="postgres"'),
        ("db_password", "db_password = 'correcthorse'"),
        ("SECRET_KEY", 'SECRET_KEY = "changethis"'),
        ("token", 'token = "9f8e7d6c5b4a"'),
        ("password", 'if password == "hunter2-9000":'),
        ("password", "password = ("),
    ],
)
def test_a_text_that_may_be_a_secret_is_none(name: str, line: str) -> None:
    assert not false_alarm("S105", about(name), line)


def test_a_literal_command_is_a_false_alarm_by_ruffs_own_words() -> None:
    words = "`subprocess` call with `shell=True` seems safe, but may be changed in the future"

    assert false_alarm("S602", words, 'run("true", shell=True)')
    assert not false_alarm("S602", "`subprocess` call with `shell=True` identified", "run(x)")


def test_other_warnings_are_never_doubted() -> None:
    assert not false_alarm("S608", "seems safe", 'password = "password"')
