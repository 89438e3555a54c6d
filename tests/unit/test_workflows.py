"""The documented workflows and the Action: what they are for, besides the law of all workflows."""

from __future__ import annotations

import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from reviewer.config import KEY_VARIABLES
from reviewer.entrypoints.action.inputs import Inputs, read_inputs
from tests.guards import ROOT

SCRIPTS = Path(sysconfig.get_path("scripts"))
ACTION = ROOT / "action.yml"
DOCUMENTED = sorted((ROOT / "docs" / "workflows").glob("*.yml"))
WORKFLOWS = [*sorted((ROOT / ".github" / "workflows").glob("*.yml")), *DOCUMENTED]

Document = dict[str, object]


def _read(path: Path) -> Document:
    # `on:` is the boolean True in YAML 1.1; the loader's own word for it is kept.
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - strings only
    assert isinstance(document, dict)
    return document


def _table(value: object, key: str) -> Document:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _steps(document: Document) -> Iterator[Document]:
    owners = [*_table(document, "jobs").values(), _table(document, "runs")]
    for owner in owners:
        steps = owner.get("steps", []) if isinstance(owner, dict) else []
        yield from steps


def test_there_is_something_to_look_at() -> None:
    assert [path.name for path in DOCUMENTED] == ["commands.yml", "review.yml"]
    assert len(WORKFLOWS) > len(DOCUMENTED)


@pytest.mark.holds("S18", "P11")
def test_the_documented_workflows_check_nothing_out_and_use_nothing_but_us() -> None:
    used = {str(step["uses"]).split("@")[0] for path in DOCUMENTED for step in _steps(_read(path))}
    assert used == {"persona-reviewer/persona-reviewer"}


def test_a_comment_cancels_nothing_and_a_push_cancels_the_review_before_it() -> None:
    commands, review = (_table(_read(path), "concurrency") for path in DOCUMENTED)
    assert commands["cancel-in-progress"] == "false"
    assert "comment.id" in str(commands["group"])
    assert review["cancel-in-progress"] == "true"
    assert "github.event.number" in str(review["group"])


@pytest.mark.holds("R18")
def test_commands_begin_only_on_pull_requests_by_people_with_a_slash() -> None:
    guard = str(_table(_table(_read(DOCUMENTED[0]), "jobs"), "answer")["if"])
    assert "github.event.issue.pull_request" in guard
    assert "startsWith(github.event.comment.body, '/')" in guard
    assert "github.event.comment.user.type == 'User'" in guard
    assert _table(_read(DOCUMENTED[0]), "on")["issue_comment"] == {"types": ["created"]}


def test_a_review_is_eleven_lines() -> None:
    lines = DOCUMENTED[1].read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line and not line.startswith("#")]) == 11


@pytest.mark.holds("S18")
def test_the_action_uses_no_action_of_others_and_installs_from_its_lock() -> None:
    steps = list(_steps(_read(ACTION)))
    assert all("uses" not in step for step in steps)
    install, review = steps
    script = str(install["run"])
    assert "--require-hashes --only-binary :all:" in script
    assert "requirements-action.lock" in script
    assert "env" not in install, "no secret is near what installs"
    assert '"$REVIEWER_PYTHON" -I -m reviewer.entrypoints.action' in str(review["run"])


def test_every_input_reaches_the_program_and_every_output_comes_from_it() -> None:
    document = _read(ACTION)
    inputs, outputs = _table(document, "inputs"), _table(document, "outputs")
    environment = _table(list(_steps(document))[1], "env")
    text = " ".join(map(str, environment.values()))
    assert {name for name in inputs if f"inputs.{name} " not in text} == set()
    assert set(KEY_VARIABLES.values()) <= set(environment)
    own = {
        name.removeprefix("REVIEWER_INPUT_").lower().replace("_", "-")
        for name in environment
        if name.startswith("REVIEWER_INPUT_")
    }
    assert own <= set(inputs)
    # The program knows each of them: an empty value says nothing, an unknown name is refused.
    assert read_inputs(dict.fromkeys(own, "")) == Inputs()
    assert {name: _table(outputs, name)["value"] for name in outputs} == {
        name: f"${{{{ steps.review.outputs.{name} }}}}" for name in outputs
    }


def test_every_input_and_output_is_described() -> None:
    document = _read(ACTION)
    for section in ("inputs", "outputs"):
        for name, value in _table(document, section).items():
            assert str(_table({name: value}, name).get("description", "")).endswith((".", "…")), (
                name
            )


@pytest.mark.parametrize(
    ("schema", "paths"),
    [("vendor.github-workflows", WORKFLOWS), ("vendor.github-actions", [ACTION])],
)
def test_they_are_valid_by_their_schema(
    allowed_program: Callable[[Path | str], None], schema: str, paths: list[Path]
) -> None:
    program = SCRIPTS / "check-jsonschema"
    allowed_program(program)
    done = subprocess.run(
        [program, "--builtin-schema", schema, *paths], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.holds("S18")
def test_zizmor_finds_nothing_but_the_one_that_is_explained() -> None:
    done = subprocess.run(
        [SCRIPTS / "zizmor", "--offline", "--no-config", "--no-progress", *WORKFLOWS, ACTION],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ignored = [
        line.strip()
        for path in [*WORKFLOWS, ACTION]
        for line in path.read_text(encoding="utf-8").splitlines()
        if "zizmor: ignore" in line
    ]
    assert ignored == ["issue_comment: { types: [created] } # zizmor: ignore[dangerous-triggers]"]
