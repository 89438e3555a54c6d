"""``reviewer config``: check what is written now, explain what holds."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reviewer.entrypoints.cli.program import run


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def commit(folder: Path) -> None:
    for arguments in (["add", "--all"], ["commit", "--quiet", "--message", "x"]):
        subprocess.run(["git", "-C", folder, *arguments], check=True)


def test_the_file_that_the_help_shows_is_right(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["config", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "\x08" not in shown
    example = shown.split("An example of the file:\n", 1)[1]
    (repository / ".reviewer.toml").write_text(example)

    assert run(["config", "check", "--repository", str(repository)]) == 0

    assert "all right" in capsys.readouterr().out


def test_without_a_file_the_defaults_hold(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["config", "check", "--repository", str(repository)]) == 0

    assert "the defaults hold" in capsys.readouterr().out


def test_a_file_that_is_right_is_told_so_from_any_folder(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / ".reviewer.toml").write_text('schema = 1\n[personas]\noff = ["observer"]\n')
    (repository / "src").mkdir()

    assert run(["config", "check", "--repository", str(repository / "src")]) == 0

    assert capsys.readouterr().out == ".reviewer.toml: all right.\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("schema = 1\nlimt = 3\n", '.reviewer.toml:2: unknown key "limt"'),
        ("schema = 1\n[personas]\nlimt = 3\n", "Did you mean 'limit'?"),
        ('schema = 1\n[personas]\noff = ["obsrever"]\n', "Did you mean 'observer'?"),
        ('schema = 1\n[rules.off]\nPY999 = "why"\n', '.reviewer.toml:3: there is no rule "PY999"'),
        ('schema = 1\n[llm]\nbase_url = "x"\n', "a repository cannot set this"),
        ("schema = \n", ".reviewer.toml:1:"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    text: str, words: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / ".reviewer.toml").write_text(text)

    assert run(["config", "check", "--repository", str(repository)]) == 2

    shown = capsys.readouterr()
    assert words in shown.err
    assert shown.out == ""


def test_personas_of_the_repository_may_be_named_and_broken_ones_do_not_matter(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["personas", "new", "our-guardian", "--repository", str(repository)]) == 0
    (repository / ".reviewer" / "personas" / "broken.toml").write_bytes(b"\xff")
    (repository / ".reviewer.toml").write_text('schema = 1\n[personas]\noff = ["our-guardian"]\n')

    assert run(["config", "check", "--repository", str(repository)]) == 0

    assert capsys.readouterr().err == ""


def test_a_named_file_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "other.toml"
    file.write_text("schema = 1\n")

    assert run(["config", "check", str(file)]) == 0
    assert run(["config", "check", str(tmp_path / "missing.toml")]) == 2

    assert "does not exist" in capsys.readouterr().err


@pytest.mark.holds("P15")
def test_every_effective_value_is_explained_with_its_origin(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / ".reviewer.toml").write_text(
        'schema = 1\n[personas]\nlimit = 2\n[[paths]]\nglobs = ["tests/**"]\n'
        '[paths.rules.off]\nSEC001 = "Examples."\n'
    )
    commit(repository)

    assert run(["config", "explain", "--repository", str(repository)]) == 0

    shown = capsys.readouterr()
    rows = [row.split() for row in shown.out.splitlines()]
    assert ["personas.limit", "2", ".reviewer.toml:3"] in rows
    assert ["thresholds.inline_cap", "5", "default"] in rows
    assert "SEC001 is not asked in tests/**: Examples. (.reviewer.toml:7)" in shown.err


def test_what_is_not_committed_does_not_hold(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "README").write_text("x")
    commit(repository)
    (repository / ".reviewer.toml").write_text("schema = 1\n[personas]\nlimit = 2\n")

    assert run(["config", "explain", "--repository", str(repository)]) == 0

    rows = [row.split() for row in capsys.readouterr().out.splitlines()]
    assert ["personas.limit", "4", "default"] in rows


@pytest.mark.holds("P15")
def test_a_committed_file_that_is_broken_is_told_and_the_defaults_hold(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / ".reviewer.toml").write_text("schema = 1\nlimt = 2\n")
    commit(repository)

    assert run(["config", "explain", "--repository", str(repository)]) == 0

    shown = capsys.readouterr()
    assert ".reviewer.toml:2" in shown.err
    assert "default" in shown.out


def test_outside_a_repository_the_defaults_are_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["config", "explain", "--repository", str(tmp_path)]) == 0

    assert "policy.fail_on" in capsys.readouterr().out
