"""``reviewer ask`` and ``reviewer plan`` with a model on loopback."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.model_server import model_server, question_of

pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")

from reviewer.entrypoints.cli.program import run

pytestmark = pytest.mark.loopback


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REVIEWER_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "shop"
    folder.mkdir()
    for arguments in (
        ("init", "--quiet", "--initial-branch=main"),
        ("commit", "--quiet", "--allow-empty", "--message", "Begin"),
    ):
        subprocess.run(["git", "-C", folder, *arguments], check=True)
    (folder / "pages.py").write_text("def pages(total, size):\n    return total // size\n")
    (folder / "data.lock").write_text("x\n")
    subprocess.run(["git", "-C", folder, "add", "--all"], check=True)
    return folder


def brain(body: Mapping[str, Any]) -> str:
    text = question_of(body)
    if "# What is asked" in text:
        return "1. Which database?\n::set-output name=a::b\n"
    assert "return total // size" in text
    quote = {"path": "pages.py", "side": "head", "quote": "    return total // size"}
    return json.dumps({"answerable": True, "answer": "It rounds down.\x1b[2J", "quotes": [quote]})


def test_a_question_is_answered_with_the_lines_that_show_it(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with model_server(brain) as server:
        code = run(
            ["ask", "Why?", "--staged", "--repository", str(repository), "--model", server.model]
        )
    shown = capsys.readouterr()
    assert code == 0
    assert shown.out.startswith("It rounds down.[U+001B]")
    assert "`pages.py:2`" in shown.out
    assert "tokens in" in shown.err


def test_a_plan_reads_nothing_of_a_repository(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    with model_server(brain) as server:
        assert run(["plan", "Move sessions.", "--model", server.model]) == 0
        sent = json.dumps(server.bodies)
    assert "total // size" not in sent
    shown = capsys.readouterr().out
    assert shown.startswith("1. Which database?\n")
    assert "\n::" not in shown


def test_without_a_model_the_way_out_is_told(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ask", "Why?", "--staged", "--repository", str(repository)]) == 2
    assert "REVIEWER_MODEL" in capsys.readouterr().err


def test_an_answer_that_cannot_be_read_is_no_answer(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with model_server(lambda _: "I do not know.") as server:
        code = run(
            ["ask", "Why?", "--staged", "--repository", str(repository), "--model", server.model]
        )
    assert code == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "could not be read" in shown.err
