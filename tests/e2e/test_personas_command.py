"""``reviewer personas``: list, show, check, new, as people use them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reviewer.domain.persona import Origin
from reviewer.domain.persona_file import parse_persona
from reviewer.entrypoints.cli.program import run
from reviewer.resources import persona_files
from tests.conftest import ReviewerCommand
from tests.unit.persona_text import PERSONA, line_of

OWN = (
    (PERSONA[: PERSONA.index("[[match.added]]")] + PERSONA[PERSONA.index("[[match.files]]") :])
    .replace("type-guardian", "our-guardian")
    .replace("PY0", "OUR0")
    .replace('fact = ["no-settings-class"]', 'hadolint = ["DL3006"]')
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".reviewer" / "personas").mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def commit(folder: Path) -> None:
    for arguments in (["add", "--all"], ["commit", "--quiet", "--message", "x"]):
        subprocess.run(["git", "-C", folder, *arguments], check=True)


def own_file(repository: Path, text: str) -> str:
    file = repository / ".reviewer" / "personas" / "our-guardian.toml"
    file.write_text(text, encoding="utf-8")
    return file.as_posix()


def test_all_that_ships_is_listed_and_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["personas", "list", "--repository", str(tmp_path)]) == 0
    assert run(["personas", "check", "--repository", str(tmp_path)]) == 0

    shown = capsys.readouterr()
    names = [Path(path).stem for path, _ in persona_files()]
    assert all(f"\n{name} " in f"\n{shown.out}" for name in names)
    assert f"{len(names)} files, 80 rules: all right." in shown.out
    assert shown.err == ""


@pytest.mark.parametrize("name", [Path(path).stem for path, _ in persona_files()])
def test_every_persona_that_ships_can_be_shown(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["personas", "show", name, "-v", "--repository", str(tmp_path)]) == 0

    shown = capsys.readouterr().out
    persona = parse_persona(dict(persona_files())[f"personas/{name}.toml"], "x")
    assert persona.title in shown
    assert all(rule.id in shown and rule.title in shown for rule in persona.rules)


def test_a_persona_that_does_not_exist_is_answered_with_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["personas", "show", "type-gardian", "--repository", str(tmp_path)]) == 2

    assert "Did you mean 'type-guardian'?" in capsys.readouterr().err


def test_committed_personas_of_a_repository_are_listed_and_broken_ones_are_told(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own_file(repository, OWN)
    (repository / ".reviewer" / "personas" / "broken.toml").write_text("schema = \n")
    commit(repository)

    assert run(["personas", "list", "--repository", str(repository)]) == 0

    assert run(["personas", "show", "broken", "--repository", str(repository)]) == 2

    shown = capsys.readouterr()
    assert shown.err.count(".reviewer/personas/broken.toml:1") == 2
    assert "our-guardian" in shown.out
    assert "(.reviewer/personas/our-guardian.toml)" in shown.out
    assert ".reviewer/personas/broken.toml:1" in shown.err


def test_a_broken_file_is_answered_with_file_line_and_the_nearest_word(
    repository: Path, reviewer_command: ReviewerCommand
) -> None:
    text = OWN.replace('severity = "major"', 'severity = "majr"').replace("why =", "wy =", 1)
    own_file(repository, text)

    done = reviewer_command("personas", "check", cwd=repository)

    severity, why = line_of(text, '"majr"'), line_of(text, "wy =")
    file = ".reviewer/personas/our-guardian.toml"
    words = '"majr" is none of critical, major, minor, note'
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"{file}:{severity}: rules 1, severity: {words}",
        "  Did you mean 'major'?",
        f'{file}:{why}: unknown key "wy"',
        "  Did you mean 'why'?",
        "2 errors in 12 files.",
    ]


def test_a_named_file_is_checked_alone_but_against_what_ships(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = own_file(repository, OWN.replace("OUR001", "PY001"))

    assert run(["personas", "check", path]) == 2

    shown = capsys.readouterr().err
    assert "rule PY001 exists already, in personas/type-guardian.toml" in shown
    assert "1 error in 1 file." in shown


def test_a_folder_is_checked_file_by_file(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(own_file(repository, OWN)).parent
    (folder / "helper.md").write_text("---\nname: helper\ndescription: Helps.\n---\nBe kind.\n")

    assert run(["personas", "check", str(folder)]) == 0

    assert "2 files, 2 rules: all right." in capsys.readouterr().out


def test_agent_definitions_of_the_repository_are_checked_too(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / ".claude" / "agents").mkdir(parents=True)
    (repository / ".claude" / "agents" / "x.md").write_text("no front matter")

    assert run(["personas", "check", "--repository", str(repository)]) == 2

    assert ".claude/agents/x.md:1: there is no front matter" in capsys.readouterr().err


def test_a_file_that_ships_is_held_to_the_law_of_what_ships(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["personas", "check", "personas/security-sentinel.toml"]) == 0

    assert "1 file, 8 rules: all right." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.yaml", b"x", "is no persona file"),
        ("a.md", b"x", "a.md:1: there is no front matter"),
        ("a.toml", b"a = '\xff'", "a.toml:1: the file is not valid UTF-8"),
        ("a.toml", b"# " + b"x" * 300_000, "larger than 256 kB"),
        ("a.toml", b"", "schema is missing"),
    ],
)
def test_odd_files_are_refused_in_words(
    name: str, content: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)

    assert run(["personas", "check", str(tmp_path / name)]) == 2

    assert words in capsys.readouterr().err


def test_an_empty_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["personas", "check", str(tmp_path)]) == 2

    assert "holds no .toml and no .md file" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["payments-guardian", "x", "a1-b2"])
def test_a_begun_persona_is_right_as_it_stands(
    name: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["personas", "new", name, "--repository", str(repository)]) == 0
    assert run(["personas", "check", "--repository", str(repository)]) == 0

    file = repository / ".reviewer" / "personas" / f"{name}.toml"
    persona = parse_persona(file.read_text(), file.name, origin=Origin.REPOSITORY)
    assert persona.name == name
    assert f"reviewer personas check .reviewer/personas/{name}.toml" in capsys.readouterr().out


def test_the_evidence_that_a_begun_persona_proposes_is_right_too(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["personas", "new", "payments-guardian", "--repository", str(repository)])
    file = repository / ".reviewer" / "personas" / "payments-guardian.toml"
    text, marker, evidence = file.read_text().partition("# [[rules.evidence]]")
    lines = [line.removeprefix("# ") for line in (marker + evidence).splitlines()]

    persona = parse_persona(text + "\n".join(lines), "x", origin=Origin.REPOSITORY)

    assert len(persona.rules[0].evidence) == 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Payments", "cannot be the name"),
        ("a b", "cannot be the name"),
        ("../x", "cannot be the name"),
        ("-", "cannot be the name"),
        ("x" * 41, "cannot be the name"),
        ("type-guardian", "ships already"),
    ],
)
def test_a_name_that_cannot_be_is_refused(
    name: str, words: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["personas", "new", "--repository", str(repository), "--", name]) == 2

    assert words in capsys.readouterr().err


def test_nobodys_work_is_overwritten(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = own_file(repository, "mine")

    assert run(["personas", "new", "our-guardian", "--repository", str(repository)]) == 2

    assert "exists already" in capsys.readouterr().err
    assert Path(path).read_text() == "mine"
