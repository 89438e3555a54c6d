"""``reviewer review`` with a model: asked, priced, recorded, replayed with no server behind it."""

from __future__ import annotations

import json
import re
import stat
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.model_server import ModelServer, model_server, passing

pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")

from reviewer.entrypoints.cli.program import run

pytestmark = pytest.mark.loopback

CODE = '''"""Pages."""


def pages(total: int, size: int) -> int:
    """Return how many pages there are."""
    return total // size


def last(items: list[int]) -> int:
    """Return the last item."""
    return items[len(items)]
'''
BUG: dict[str, object] = {
    "path": "pages.py",
    "side": "head",
    "quote": "    return items[len(items)]",
    "headline": "The last item is read one place too far",
    "explanation": "last([1]) → IndexError, because indices end at len(items) - 1.",
    "remedy": "Return items[-1].",
    "severity": "major",
    "suggestion": "    return items[-1]",
}


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "pages.py").write_text('"""Pages."""\n')
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Begin")
    (folder / "pages.py").write_text(CODE)
    git(folder, "commit", "--quiet", "--all", "--message", "Count pages")
    return folder


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state"
    monkeypatch.setenv("REVIEWER_STATE", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("ANTHROPIC", "OPENAI", "GEMINI"):
        monkeypatch.delenv(f"{name}_API_KEY", raising=False)
    monkeypatch.delenv("REVIEWER_COMPATIBLE_API_KEY", raising=False)
    return folder


def brain(body: Mapping[str, Any]) -> str:
    return passing(body, BUG002=[BUG])


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server(brain) as serving:
        yield serving


def reviewed(repository: Path, *arguments: str) -> int:
    return run(["review", "HEAD", "--repository", str(repository), *arguments])


def without_seconds(text: str) -> str:
    """Take out the only part of an output that differs between runs."""
    return re.sub(r'"seconds": \{[^}]*\}|\d+\.\d s\b', "", text)


def test_a_model_answers_and_its_bug_stands_inline(
    repository: Path, server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reviewed(repository, "--model", server.model) == 0

    shown = capsys.readouterr()
    assert "one place too far" in shown.out
    assert "hunt/v2@" in shown.out
    assert "price" in shown.out
    assert shown.err == ""
    assert server.bodies


def test_without_a_model_nobody_is_asked(
    repository: Path,
    server: ModelServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REVIEWER_MODEL", server.model)
    assert reviewed(repository, "--no-model") == 0
    assert server.bodies == []
    assert "Bug Hunter" not in capsys.readouterr().out


def test_a_replay_needs_no_server_and_says_the_same_byte_for_byte(
    repository: Path, tmp_path: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cassette = tmp_path / "run.cassette"
    outputs = ("--output", "json", "--output", f"markdown={tmp_path / 'out.md'}")
    with model_server(brain) as server:
        assert (
            reviewed(repository, "--model", server.model, "--record", str(cassette), *outputs) == 0
        )
        sent = len(server.bodies)
    recorded = capsys.readouterr().out
    page = (tmp_path / "out.md").read_text()
    assert sent
    assert stat.S_IMODE(cassette.stat().st_mode) == 0o600
    before = (state / "ledger.sqlite3").read_bytes()

    assert reviewed(repository, "--replay", str(cassette), *outputs) == 0

    shown = capsys.readouterr()
    assert without_seconds(shown.out) == without_seconds(recorded)
    assert without_seconds((tmp_path / "out.md").read_text()) == without_seconds(page)
    assert shown.err == ""
    assert (state / "ledger.sqlite3").read_bytes() == before


@pytest.mark.holds("P31")
def test_a_cassette_holds_no_prompt_and_none_of_the_code_that_nobody_quoted(
    repository: Path, tmp_path: Path, server: ModelServer
) -> None:
    cassette = tmp_path / "run.cassette"
    assert reviewed(repository, "--model", server.model, "--record", str(cassette)) == 0

    text = cassette.read_text()
    assert "def pages" not in text
    assert "You " not in text.replace("You see", "")
    assert text.isascii()
    assert not list(tmp_path.glob("*.partial"))


def test_a_replay_of_another_change_says_so_and_nothing_else(
    repository: Path, tmp_path: Path, server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    cassette = tmp_path / "run.cassette"
    assert reviewed(repository, "--model", server.model, "--record", str(cassette)) == 0
    (repository / "pages.py").write_text(CODE + "\n\nSIZE = 3\n")
    git(repository, "commit", "--quiet", "--all", "--message", "More")
    capsys.readouterr()

    code = reviewed(repository, "--replay", str(cassette))

    told = capsys.readouterr().err
    assert code == 2
    assert "recorded for another change, prompt version or configuration" in told
    assert "Traceback" not in told
    assert len(told.splitlines()) == 2


def test_a_cassette_that_cannot_be_written_costs_nothing(
    repository: Path, tmp_path: Path, server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    code = reviewed(
        repository, "--model", server.model, "--record", str(tmp_path / "missing" / "run")
    )
    assert code == 2
    assert "cannot be written" in capsys.readouterr().err
    assert server.bodies == []


@pytest.mark.holds("P13")
def test_an_estimate_tells_calls_tokens_and_price_and_asks_nothing(
    repository: Path, server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reviewed(repository, "--estimate", "--model", server.model) == 0
    shown = capsys.readouterr().out
    assert "price unknown" in shown
    assert "At most $0.50 and 1,000,000 tokens per run." in shown

    model = "anthropic:claude-sonnet-5-5"
    assert reviewed(repository, "--estimate", "--model", model, "--max-cost", "0.1") == 0
    shown = capsys.readouterr().out
    assert f"{model} would be asked " in shown
    assert "about $0.0" in shown
    assert "At most $0.10" in shown
    assert server.bodies == []


def test_an_estimate_names_what_a_ceiling_leaves_out(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = "anthropic:claude-sonnet-5-5"
    assert reviewed(repository, "--estimate", "--model", model, "--max-cost", "0.0001") == 0
    shown = capsys.readouterr().out
    assert "pages.py: the ceiling" in shown


def test_an_estimate_without_a_model_says_how_to_name_one(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reviewed(repository, "--estimate") == 2
    assert "--model" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--no-model", "--model", "openai:gpt-6-sol"],
        ["--no-model", "--estimate"],
        ["--record", "a", "--estimate"],
        ["--max-cost", "0"],
        ["--max-cost", "nan"],
        ["--max-cost", "0.00001"],
        ["--max-cost", "much"],
        ["--replay", "/there/is/none"],
    ],
    ids=" ".join,
)
def test_options_that_cannot_be_are_refused(
    arguments: list[str], repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reviewed(repository, *arguments) == 2
    assert "Error: " in capsys.readouterr().err


def test_a_missing_key_is_told_with_its_variable(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reviewed(repository, "--model", "anthropic:claude-sonnet-5-5") == 2
    assert "ANTHROPIC_API_KEY" in capsys.readouterr().err


def test_bug_hunter_is_selected_with_a_model_alone(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def chosen(*arguments: str) -> list[str]:
        command = ["select", "HEAD", "--repository", str(repository), "--json", *arguments]
        assert run(command) == 0
        choices = json.loads(capsys.readouterr().out)["choices"]
        return [choice["persona"] for choice in choices if choice["kind"] == "chosen"]

    assert "bug-hunter" in chosen("--model", "openai:gpt-6-sol")
    assert "bug-hunter" not in chosen("--no-model")
    assert "bug-hunter" not in chosen()


def suggested(
    repository: Path, server: ModelServer, capsys: pytest.CaptureFixture[str], *arguments: str
) -> list[dict[str, Any]]:
    code = reviewed(repository, "--model", server.model, "--output", "json", *arguments)
    assert code == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    return [entry for entry in found if entry["rule"] == "BUG002"]


@pytest.mark.holds("P18")
def test_new_lines_are_proposed_only_when_they_are_asked_for(
    repository: Path, server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    (silent,) = suggested(repository, server, capsys)
    assert silent["suggestion"] is None

    (finding,) = suggested(repository, server, capsys, "--suggest")
    assert finding["suggestion"] == "    return items[-1]"
    assert finding["location"] == {"side": "head", "start_line": 11, "end_line": 11}
    assert finding["outcome"]["kind"] == "inline"


@pytest.mark.holds("P18")
@pytest.mark.parametrize(
    "text", ["    return items[-1", "    return items[len(items)]", "", "    return eval(items)"]
)
def test_what_cannot_be_applied_stays_prose(
    text: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bug = {**BUG, "suggestion": text}
    with model_server(lambda body: passing(body, BUG002=[bug])) as server:
        (finding,) = suggested(repository, server, capsys, "--suggest")
    assert finding["suggestion"] is None
    assert finding["outcome"]["kind"] == "inline"


@pytest.fixture
def operator_file(tmp_path: Path) -> Path:
    folder = tmp_path / "config" / "persona-reviewer"
    folder.mkdir(parents=True)
    return folder / "config.toml"


def test_what_is_rendered_is_what_is_sent_word_for_word(
    repository: Path,
    server: ModelServer,
    operator_file: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    operator_file.write_text(
        f'[model]\nname = "{server.model}"\nlanguage = "de"\nsuggestions = true\n'
        "output_tokens = 1500\n[prompts.pin]\nhunt = 1\n"
    )
    hunter = ["--repository", str(repository), "--persona", "bug-hunter"]
    assert run(["prompts", "render", "HEAD", *hunter, "--json"]) == 0
    rendered = json.loads(capsys.readouterr().out)["calls"]
    assert run(["review", "HEAD", *hunter]) == 0

    sent = server.bodies[0]
    (call,) = rendered
    nonce = re.compile(r"\b[0-9a-f]{16}\b")
    system, user = (nonce.sub("", message["content"]) for message in sent["messages"])
    assert nonce.sub("", call["system"]) == system
    assert nonce.sub("", call["batch"] + call["question"]).replace("\n", "") == user.replace(
        "\n", ""
    )
    assert call["parameters"]["max_output_tokens"] == sent["max_tokens"] == 1500
    assert "`de`" in user


def test_the_operators_file_names_the_model_and_the_ceiling(
    repository: Path,
    server: ModelServer,
    operator_file: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    operator_file.write_text(
        f'[model]\nname = "{server.model}"\n[budget.run]\ntokens = 2000\ndollars = 0.3\n'
    )
    assert reviewed(repository) == 0
    shown = capsys.readouterr()
    assert "the ceiling of 2,000 tokens per run is reached" in shown.out
    assert server.bodies == []

    assert reviewed(repository, "--estimate", "--max-cost", "5") == 0
    assert "At most $0.30 and 2,000 tokens per run." in capsys.readouterr().out


def test_a_replay_is_configured_as_its_recording_was(
    repository: Path,
    server: ModelServer,
    operator_file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    operator_file.write_text(f'[model]\nname = "{server.model}"\nlanguage = "de"\n')
    cassette = repository.with_name("run.cassette")
    arguments = ("--output", "json")
    assert reviewed(repository, "--suggest", "--record", str(cassette), *arguments) == 0
    recorded = capsys.readouterr().out
    operator_file.unlink()
    monkeypatch.setenv("REVIEWER_MODEL", "anthropic:claude-sonnet-5-5")
    elsewhere = repository.rename(repository.with_name("elsewhere"))
    sent = len(server.bodies)

    assert reviewed(elsewhere, "--replay", str(cassette), *arguments) == 0
    assert without_seconds(capsys.readouterr().out) == without_seconds(recorded)
    assert len(server.bodies) == sent

    assert reviewed(elsewhere, "--replay", str(cassette), "--language", "fr") == 2
    assert "recorded for another" in capsys.readouterr().err
