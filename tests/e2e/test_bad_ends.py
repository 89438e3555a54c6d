"""How a run may end badly: every exit code, never a traceback that nobody asked for."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from reviewer.entrypoints.cli.program import run
from reviewer.entrypoints.cli.session import debug_option
from reviewer.errors import ConfigurationError, ProviderError, ResourceError, UserError
from tests.guards import ROOT


def ends_with(error: BaseException) -> click.Command:
    @click.command()
    @debug_option
    def command() -> None:
        raise error

    return command


@pytest.mark.holds("P03")
@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            UserError("no such range", hint="Write A..B."),
            2,
            "Error: no such range\n  Write A..B.\n",
        ),
        (ConfigurationError("bad", path="a.toml", line=3), 2, "a.toml:3: bad\n"),
        (ResourceError("out of time"), 3, "Error: out of time\n"),
        (ProviderError("no answer"), 3, "Error: no answer\n"),
        (KeyboardInterrupt(), 130, ""),
        (click.Abort(), 130, ""),
        (BrokenPipeError(32, "Broken pipe"), 141, ""),
        (click.UsageError("that is wrong"), 2, "Error: that is wrong\n"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_end_has_its_code_and_its_words(
    error: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([], ends_with(error)) == code

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.strip() == words.strip() or (words and words in shown.err)


@pytest.mark.holds("S17")
def test_a_defect_is_told_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([], ends_with(KeyError("the text of somebody's file"))) == 3

    shown = capsys.readouterr().err
    assert "Internal error: KeyError at test_bad_ends.py:" in shown
    assert "--debug" in shown
    assert "somebody" not in shown
    assert "Traceback" not in shown


def test_a_defect_in_one_of_several_tasks_is_told_by_its_own_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def fails() -> None:
        raise KeyError("the text of somebody's file")

    async def tasks() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())

    @click.command
    def command() -> None:
        asyncio.run(tasks())

    assert run([], command) == 3
    assert "Internal error: KeyError at test_bad_ends.py:" in capsys.readouterr().err


def test_a_defect_is_shown_with_its_traceback_when_it_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["--debug"], ends_with(KeyError("x\x1b[2Jy"))) == 3

    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "report it" in shown
    assert "\x1b" not in shown


def test_the_environment_can_ask_for_the_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REVIEWER_DEBUG", "1")

    run([], ends_with(KeyError("x")))

    assert "Traceback" in capsys.readouterr().err


@pytest.mark.holds("S22")
def test_what_an_error_quotes_cannot_command_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run([], ends_with(UserError("no \x1b[2J\u202e\n::set-output name=x::y")))

    shown = capsys.readouterr().err
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\n::set-output" not in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["reveiw"], "Did you mean 'review'?"),
        (["zzz"], "There is no command 'zzz'. Known are: review, select, ask, plan, "),
        (["personas", "chek"], "Did you mean 'check'?"),
        (["config", "explan"], "Did you mean 'explain'?"),
        (["review", "--stagged"], "--staged"),
        (["review", "--fail-on", "majr"], "Did you mean 'major'?"),
        (["review", "--min-score", "101"], "0<=x<=100"),
        (["review", "--min-score", "high"], "not a valid float"),
        (["review", "--output", "jsn"], "Did you mean 'json'?"),
        (["review", "--output", "json="], "a file name is missing"),
        (["review", "--output", "json=nowhere/r.json"], "make it first"),
        (["review", "--output", "json=."], "is a folder"),
        (["review", "--output", "json", "--output", "sarif"], "cannot both go to standard"),
        (["review", "--output", "json=a", "--output", "sarif=./a"], "cannot both go to a"),
        (["review", "HEAD", "--staged"], "RANGE and --staged exclude each other"),
        (["review", "--staged", "--working-tree"], "exclude each other"),
        (["review", ""], "RANGE is empty"),
        (["review", "HEAD", "--persona", "a,"], "empty name"),
        (["review", "--patch", "missing.diff"], "does not exist"),
        (["review", "--evidence", "missing.sarif"], "does not exist"),
        (["review", "--repository", "missing"], "does not exist"),
        (["review", "A", "B"], "unexpected extra argument"),
        (["schema", "personna"], "Did you mean 'persona'?"),
        (["schema"], "Missing argument"),
        (["cost", "--by", "persna"], "Did you mean 'persona'?"),
        (["cost", "--since", "0"], "1<=x<="),
    ],
    ids=" ".join,
)
def test_a_wrong_command_is_answered_with_the_way_out(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run(arguments) == 2

    shown = capsys.readouterr()
    assert words in " ".join(shown.err.split())
    assert shown.out == ""


def start(arguments: list[str], cwd: Path) -> subprocess.Popen[bytes]:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import reviewer.entrypoints.cli as c"
    return subprocess.Popen(
        [sys.executable, "-I", "-c", f"{code}; c.main()", *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_reader_that_leaves_early_ends_the_run_quietly(
    tmp_path: Path, allowed_program: Callable[[Path | str], None]
) -> None:
    allowed_program(sys.executable)
    with start(["schema", "persona"], tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()

        assert process.stderr.read() == b""
        assert process.wait(30) == 141


def test_an_interrupted_run_ends_quietly(
    tmp_path: Path, allowed_program: Callable[[Path | str], None]
) -> None:
    allowed_program(sys.executable)
    # Whoever runs the tests in the background has Ctrl-C ignored, and a program inherits that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    # It waits for a patch on standard input, which never comes.
    with start(["review", "--patch", "-", "--no-progress", "--debug"], tmp_path) as process:
        assert process.stderr is not None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)

        process.send_signal(signal.SIGINT)

        assert process.wait(30) == 130
        assert process.stderr.read().strip() == b""
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    "words",
    [
        ["serve"],
        ["migrate"],
        ["config", "explain", "--server"],
        ["replay-delivery", "a.json", "--event", "ping"],
    ],
    ids=lambda words: words[0],
)
def test_a_small_installation_is_told_what_the_service_needs(
    words: list[str], tmp_path: Path, allowed_program: Callable[[Path | str], None]
) -> None:
    allowed_program(sys.executable)
    (tmp_path / "a.json").write_text("{}")
    small = (
        "import sys\n"
        "for name in ('fastapi', 'pydantic_settings', 'dbos', 'uvicorn', 'structlog'):\n"
        "    sys.modules[name] = None\n"
        "from reviewer.entrypoints.cli import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", small, *words],
        cwd=tmp_path, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "the service needs fastapi, which is not installed" in done.stderr
    assert "pip install 'persona-reviewer[server" in done.stderr
