"""The help: complete, with an example, at once, and with no heavy import."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from reviewer import __version__
from reviewer.domain.persona import PANELS
from reviewer.domain.policy import FailOn
from reviewer.entrypoints.cli.program import program, run
from reviewer.entrypoints.cli.review import FAIL_ON
from tests.conftest import ReviewerCommand
from tests.guards import ROOT


def commands(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, (*words, name))


COMMANDS = list(commands(program))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_has_help_with_an_example(
    words: tuple[str, ...], option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, option]) == 0

    shown = capsys.readouterr().out
    assert "Usage: " + " ".join(["reviewer", *words]) in shown
    assert "Example" in shown
    assert f"  reviewer {' '.join(words)}".rstrip() in shown.split("Example", 1)[1]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_and_command_says_what_it_does(words: tuple[str, ...]) -> None:
    command: click.Command = program
    for word in words:
        assert isinstance(command, click.Group)
        command = command.commands[word]

    assert command.help
    assert all(option.help for option in command.params if isinstance(option, click.Option))


@pytest.mark.parametrize("words", [(), ("review",)], ids=["", "review"])
def test_the_exit_codes_are_documented(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    run([*words, "--help"])

    shown = capsys.readouterr().out
    assert "Exit codes:" in shown
    assert all(f"\n    {code}  " in shown for code in (0, 1, 2, 3))


def test_no_line_of_help_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    for words in COMMANDS:
        run([*words, "--help"])

    shown = capsys.readouterr().out.replace("main...HEAD", "").replace("[ARGS]...", "")
    assert "..." not in shown


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    assert "Usage: reviewer" in capsys.readouterr().err


def test_a_terminal_without_unicode_gets_the_help_too(
    tmp_path: Path, reviewer_command: ReviewerCommand
) -> None:
    done = reviewer_command(
        "review", "--help", cwd=tmp_path, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    )

    assert done.returncode == 0
    assert "--persona NAME," in done.stdout


def test_a_shell_can_complete_the_commands(
    tmp_path: Path, reviewer_command: ReviewerCommand
) -> None:
    done = reviewer_command(cwd=tmp_path, env={"_REVIEWER_COMPLETE": "zsh_source"})

    assert done.returncode == 0
    assert "#compdef reviewer" in done.stdout


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"reviewer {__version__}\n"


def test_the_words_of_the_help_are_those_of_the_domain(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert tuple(FailOn) == FAIL_ON
    run(["review", "--help"])
    shown = capsys.readouterr().out
    assert all(panel.name in shown for panel in PANELS)


HEAVY = ("rich", "pydantic", "jinja2", "unidiff", "asyncio", "yaml", "ast_grep_py")


def test_help_imports_nothing_heavy(
    tmp_path: Path, allowed_program: Callable[[Path | str], None]
) -> None:
    allowed_program(sys.executable)
    code = (
        "import sys\nfrom reviewer.entrypoints.cli.program import run\n"
        "for words in (['--help'], ['review', '--help'], ['personas', 'check', '--help']):\n"
        "    assert run(words) == 0\n"
        f"print('heavy:', *(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)\n"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stderr == "heavy:\n"
