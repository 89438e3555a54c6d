"""``reviewer migrate``: forward, back with a question, and what it says when it cannot."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reviewer.config import Settings
from reviewer.entrypoints.cli.program import program
from reviewer.entrypoints.cli.session import Session
from reviewer.errors import CommunicationError, UserError

DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=DATABASES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    lines = [
        'app_id = "1"',
        'private_key = "example"',
        f'webhook_secret = "{"w" * 32}"',
        f'data_folder = "{tmp_path / "data"}"',
    ]
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
        lines += [f'database_url = "{url}"', f'state_key = "{"s" * 32}"']
    file = tmp_path / "server.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def _run(settings: Path, *arguments: str, said: str = "") -> Result:
    return CliRunner().invoke(
        program,
        ["migrate", "--config", str(settings), *arguments],
        input=said,
        obj=Session(settings=Settings(state_folder=settings.parent)),
    )


def test_an_empty_database_is_brought_to_this_version_and_left_alone_then(settings: Path) -> None:
    assert _run(settings).output == "The tables went from nothing to revision 0003.\n"
    assert _run(settings).output == "The tables are at revision 0003 already.\n"


def test_going_back_asks_first_and_comes_forth_again(settings: Path) -> None:
    _run(settings)
    refused = _run(settings, "--to", "0001", said="n\n")
    assert refused.exit_code != 0
    assert "deletes what newer revisions added" in refused.output
    assert "already" in _run(settings).output
    assert "from 0003 to revision 0001" in _run(settings, "--to", "0001", said="y\n").output
    assert "from 0001 to revision 0003" in _run(settings).output


def test_who_starts_it_unattended_says_yes_beforehand(settings: Path) -> None:
    _run(settings)
    assert _run(settings, "--to", "0001", "--yes").output == (
        "The tables went from 0003 to revision 0001.\n"
    )


def test_a_revision_that_is_none_is_told_before_anything_is_asked(settings: Path) -> None:
    told = _run(settings, "--to", "9999").exception
    assert isinstance(told, UserError)
    assert "There are: 0001, 0002, 0003" in str(told.hint)


def test_texts_are_encrypted_with_the_first_key_when_that_is_asked_for(settings: Path) -> None:
    _run(settings)
    told = _run(settings, "--seal-anew").exception
    assert isinstance(told, UserError)
    assert "no key is configured" in str(told)
    key = base64.b64encode(bytes(32)).decode()
    with settings.open("a", encoding="utf-8") as stream:
        stream.write(f'\nencryption_keys = ["{key}"]\n')
    assert _run(settings, "--seal-anew").output == "0 rows are encrypted with the first key now.\n"


def test_two_things_at_once_are_refused(settings: Path) -> None:
    assert isinstance(_run(settings, "--to", "0001", "--seal-anew").exception, UserError)


@pytest.mark.loopback
def test_a_database_that_is_away_is_told(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text(
        'app_id = "1"\nprivate_key = "example"\n'
        f'webhook_secret = "{"w" * 32}"\nstate_key = "{"s" * 32}"\n'
        'database_url = "postgresql://nobody@127.0.0.1:9/none"\n',
        encoding="utf-8",
    )
    assert isinstance(_run(file).exception, CommunicationError)
