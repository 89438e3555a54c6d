"""``reviewer doctor``: every part is looked at, and every fault comes with its way out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.e2e.model_server import model_server

pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")

from reviewer.entrypoints.cli.program import run

REPLY = json.dumps({"answerable": True, "answer": "21", "quotes": []})


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REVIEWER_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("REVIEWER_COMPATIBLE_API_KEY", raising=False)
    return tmp_path


def test_without_a_model_everything_else_is_looked_at(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor"]) == 0

    shown = capsys.readouterr().out
    for name in ("git", "ruff", "hadolint", "zizmor"):
        assert re.search(rf"^{name} .*\d+\.\d+.*/{name}$", shown, re.MULTILINE), name
    assert f"{home / 'state'}: not there yet" in shown
    assert "the defaults hold" in shown
    assert "none is asked" in shown
    assert not (home / "state").exists()


@pytest.mark.loopback
def test_a_model_that_works_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    with model_server(lambda _: REPLY) as server:
        assert run(["doctor", "--model", server.model]) == 0

    shown = capsys.readouterr().out
    assert len(server.bodies) == 2
    assert "example-1 answered in" in shown
    assert "JSON schema honoured: yes" in shown
    assert "cache seen: yes" in shown
    assert "usage reported: yes; both calls" in shown
    assert "price known: no" in shown
    assert "context: unknown" in shown


@pytest.mark.loopback
def test_a_price_that_the_operator_states_is_known(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = home / "operator.toml"
    monkeypatch.setenv("REVIEWER_CONFIG", str(file))
    with model_server(lambda _: REPLY) as server:
        name = server.model.partition("#")[2]
        file.write_text(f'[prices."{name}"]\ninput = 2.0\noutput = 10.0\n')
        assert run(["doctor", "--model", server.model]) == 0
        assert "price known: yes" in capsys.readouterr().out
        file.write_text(f'[prices."{server.model}"]\ninput = 0\noutput = 0\n')
        assert run(["doctor", "--model", server.model]) == 0
        assert "price known: yes" in capsys.readouterr().out


@pytest.mark.loopback
@pytest.mark.parametrize("text", ["Twenty-one.", '{"answer": "21"}', "[]"])
def test_an_answer_of_another_form_is_told(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with model_server(lambda _: text) as server:
        assert run(["doctor", "--model", server.model]) == 0
    assert "JSON schema honoured: no" in capsys.readouterr().out


def test_a_missing_key_is_told_with_its_variable(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--model", "gemini:gemini-3-pro"]) == 2
    shown = capsys.readouterr().out
    assert "! there is no key for gemini" in shown
    assert "Set GEMINI_API_KEY" in shown


@pytest.mark.holds("S17")
def test_a_key_is_named_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = "example-key-" + "0123456789"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    assert run(["doctor", "--no-model"]) == 0
    shown = capsys.readouterr()
    assert "OPENAI_API_KEY" in shown.out
    assert key not in shown.out + shown.err


def test_a_broken_file_of_the_operator_is_told(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "config" / "persona-reviewer").mkdir(parents=True)
    (home / "config" / "persona-reviewer" / "config.toml").write_text("[model]\nnam = 'x'\n")
    assert run(["doctor"]) == 2
    assert "! " in capsys.readouterr().out


def test_a_folder_that_is_none_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "state").write_text("")
    assert run(["doctor", "--no-model"]) == 2
    assert "it cannot be written" in capsys.readouterr().out
