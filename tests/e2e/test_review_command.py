"""``reviewer review`` and ``select``: what is reviewed, where it is written, how it ends."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from reviewer.entrypoints.cli.program import run
from tests.conftest import ReviewerCommand

FAULTY = "import os\n\n\ndef run(name: str) -> None:\n    os.system('echo ' + name)\n"


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", folder, *arguments], check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose last commit hands a name to a shell."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "app.py").write_text('"""The application."""\n')
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Begin")
    (folder / "app.py").write_text(FAULTY)
    git(folder, "commit", "--quiet", "--all", "--message", "Greet")
    return folder


def reviewed(folder: Path, *arguments: str) -> int:
    return run(["review", "--repository", str(folder), *arguments])


@pytest.mark.holds("P03")
def test_a_review_without_a_policy_is_advisory(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reviewed(repository, "HEAD") == 0

    shown = capsys.readouterr()
    assert "SEC007" in shown.out
    assert shown.err == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--fail-on", "critical"], 1, "critical or worse"),
        (["--fail-on", "note"], 1, "note or worse"),
        (["--fail-on", "never"], 0, ""),
        (["--min-score", "100"], 1, "is below 100 %"),
        (["--min-score", "0"], 0, ""),
    ],
)
def test_a_policy_of_the_command_line_decides_the_exit_code(
    arguments: list[str],
    code: int,
    words: str,
    repository: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert reviewed(repository, "HEAD", *arguments) == code

    told = capsys.readouterr().err
    assert words in told
    assert ("The policy fails" in told) is (code == 1)


@pytest.mark.holds("S10", "P15")
def test_a_policy_of_the_base_decides_and_one_of_the_change_does_not(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / ".reviewer.toml").write_text('schema = 1\n[policy]\nfail_on = "critical"\n')
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "Set a policy")
    (repository / "shell.py").write_text(FAULTY)
    (repository / ".reviewer.toml").write_text('schema = 1\n[policy]\nfail_on = "never"\n')
    git(repository, "add", "--all")

    assert reviewed(repository, "--staged") == 1
    assert reviewed(repository, "--staged", "--fail-on", "never") == 0

    assert ".reviewer.toml" in capsys.readouterr().out


@pytest.mark.holds("S10", "P15")
def test_a_broken_configuration_is_told_and_the_defaults_hold(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / ".reviewer.toml").write_text('schema = 1\n[policy]\nfail_onn = "critical"\n')
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "Break the policy")
    (repository / "shell.py").write_text(FAULTY)

    assert reviewed(repository, "--working-tree") == 0

    shown = " ".join(capsys.readouterr().out.split())
    assert ".reviewer.toml:3" in shown
    assert "defaults hold" in shown


def test_every_format_can_be_written_in_one_run(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    formats = ("terminal", "markdown", "json", "sarif", "html")
    files = [tmp_path / f"review.{name}" for name in formats]
    wishes = [f"--output={name}={file}" for name, file in zip(formats, files, strict=True)]

    assert reviewed(repository, "HEAD", *wishes, "--output", "json") == 0

    assert all("SEC007" in file.read_text(encoding="utf-8") for file in files)
    assert json.loads(capsys.readouterr().out).keys() == json.loads(files[2].read_text()).keys()
    assert not list(tmp_path.glob(".*partial"))


def test_a_report_replaces_the_one_before_and_a_device_stays_a_device(
    repository: Path, tmp_path: Path
) -> None:
    file, link = tmp_path / "review.json", tmp_path / "link.json"
    file.write_text("before")
    link.symlink_to(file)

    assert reviewed(repository, "HEAD", f"--output=json={link}") == 0
    assert reviewed(repository, "HEAD", "--output=json=/dev/null") == 0

    assert link.is_symlink()
    assert "SEC007" in file.read_text()
    assert Path("/dev/null").is_char_device()


def test_a_patch_is_read_from_a_file_and_from_standard_input(
    repository: Path, tmp_path: Path, reviewer_command: ReviewerCommand
) -> None:
    patch = tmp_path / "a.diff"
    patch.write_text(git(repository, "diff", "HEAD~1", "HEAD"))

    from_file = reviewer_command("review", "--patch", str(patch), cwd=tmp_path)
    from_pipe = reviewer_command("review", "--patch", "-", cwd=tmp_path, stdin=patch.read_text())

    assert (from_file.returncode, from_pipe.returncode) == (0, 0)
    assert "app.py" in from_file.stdout
    assert "app.py" in from_pipe.stdout


def test_a_patch_outside_a_repository_is_reviewed(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patch = tmp_path / "a.diff"
    patch.write_text(git(repository, "diff", "HEAD~1", "HEAD"))

    assert reviewed(tmp_path, "--patch", str(patch)) == 0

    assert "app.py" in capsys.readouterr().out


def test_without_a_range_it_is_said_what_was_chosen(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "new.py").write_text(FAULTY)

    assert reviewed(repository) == 0
    assert reviewed(repository, "--working-tree") == 0

    told = capsys.readouterr().err
    assert told.count("No range was given: looking at the working tree against ") == 1


def test_named_personas_review_whatever_the_change_is(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = "observer,architect"

    assert reviewed(repository, "HEAD", "--persona", names, "--output", "json") == 0

    review = json.loads(capsys.readouterr().out)
    assert "observer" in json.dumps(review)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["HEAD", "--persona", "observr"], "Did you mean 'observer'?"),
        (["HEAD", "--panel", "mll"], "Did you mean 'ml'?"),
        (["no-such-branch"], "no-such-branch"),
    ],
)
def test_a_wish_that_cannot_be_met_is_answered_with_the_way_out(
    arguments: list[str], words: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reviewed(repository, *arguments) == 2

    assert words in capsys.readouterr().err


def test_outside_a_repository_it_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reviewed(tmp_path, "HEAD") == 2

    assert "git" in capsys.readouterr().err


def test_the_selection_is_told_and_nothing_is_reviewed(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["select", "HEAD", "--repository", str(repository)]) == 0

    shown = capsys.readouterr().out
    assert "Security Sentinel" in shown
    assert "SEC007" not in shown


def test_the_selection_is_told_as_json(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["select", "HEAD", "--json", "--repository", str(repository)]) == 0

    selection = json.loads(capsys.readouterr().out)
    chosen = [c["persona"] for c in selection["choices"] if c["kind"] == "chosen"]
    assert "security-sentinel" in chosen
    assert all(choice["reason"] for choice in selection["choices"])


def test_the_same_review_is_the_same_bytes(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def without_times() -> str:
        reviewed(repository, "HEAD", "--output", "json")
        review = json.loads(capsys.readouterr().out)
        return json.dumps({key: value for key, value in review.items() if key != "seconds"})

    assert without_times() == without_times()


def test_what_is_piped_has_no_colour(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reviewed(repository, "HEAD", "-v")

    assert "\x1b" not in capsys.readouterr().out


def test_a_terminal_that_knows_ascii_alone_gets_nothing_else(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    with io.TextIOWrapper(written, encoding="ascii", write_through=True) as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert reviewed(repository, "HEAD", "-v") == 0
        assert written.getvalue().isascii()


@pytest.mark.parametrize("name", ["persona", "reviewer-toml", "review"])
def test_every_schema_is_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", name]) == 0

    assert "$schema" in json.loads(capsys.readouterr().out)
