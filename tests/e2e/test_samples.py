"""Three everyday changes, reviewed by the command: what a senior reviewer would say, no more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ReviewerCommand
from tests.sample_repository import build

#: A rule, a file and a line; no line for a finding about the file as a whole.
Place = tuple[str, str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a senior reviewer expects of the review of one sample.

    Args:
        sample: The folder below `tests/samples`.
        chosen: Personas that must review it.
        idle: Personas that must not.
        must: What must be found; nothing else may stand inline.
        fine: What may stand inline too.
        may: What may be told in the folded part.
        silent: Rules that a hasty tool would raise here and that would annoy.
    """

    sample: str
    chosen: frozenset[str]
    idle: frozenset[str]
    must: frozenset[Place]
    fine: frozenset[Place] = frozenset()
    may: frozenset[Place]
    silent: frozenset[str]


_INVOICES = "app/invoices.py"
_WORKFLOW = ".github/workflows/deploy.yml"
_TRAINING = "training/lora.py"

EXPECTATIONS = (
    Expectation(
        sample="orders_service",
        chosen=frozenset({"security-sentinel", "async-maestro", "container-architect"}),
        idle=frozenset({"model-whisperer", "pipeline-engineer", "systems-architect", "bug-hunter"}),
        must=frozenset(
            {
                ("SEC001", _INVOICES, 13),  # the signing key of production in the code
                ("SEC005", _INVOICES, 19),  # a shared secret signs tokens
                ("SEC007", _INVOICES, 27),  # the query string reaches a shell
                ("SEC007", _INVOICES, 42),  # a query put together from text
                ("API006", _INVOICES, 25),  # requests inside async def
                ("SEC008", _INVOICES, 25),  # … and without a time-out
                ("API001", _INVOICES, 27),  # a process is waited for on the loop
                ("API001", _INVOICES, 37),  # time.sleep on the loop
                ("API005", "app/main.py", 13),  # any origin, with credentials
                ("DK002", "Dockerfile", 1),  # latest
                ("DK004", "Dockerfile", 11),  # USER was removed
                ("DK001", "Dockerfile", 3),  # the compiler is shipped
            }
        ),
        may=frozenset(
            {
                ("DK003", "Dockerfile", 1),
                ("DK006", "Dockerfile", 3),
                ("DK006", "Dockerfile", 5),
                ("DK007", "Dockerfile", 1),
                ("DK008", "Dockerfile", 3),
                ("OBS006", _INVOICES, 35),
                ("API004", _INVOICES, 23),
            }
        ),
        fine=frozenset({("PY001", _INVOICES, 17), ("PY001", _INVOICES, 23)}),
        # /health and /ready are there, .dockerignore is there, no project keeps ADRs here.
        silent=frozenset({"API007", "DK005", "ARCH008", "API003"}),
    ),
    Expectation(
        sample="support_assistant",
        chosen=frozenset({"model-whisperer", "security-sentinel"}),
        idle=frozenset({"container-architect", "pipeline-engineer", "bug-hunter"}),
        must=frozenset(
            {
                ("SEC007", _TRAINING, 14),  # pickle
                ("ML008", "data/extra.csv", None),  # 1.4 MB of data in git
                ("ML001", "serving/app.py", 13),  # 7 B parameters served in full precision
                ("ML002", _TRAINING, 29),  # no gradient checkpointing
                ("ML003", _TRAINING, 28),  # rank 4
                ("ML006", _TRAINING, 26),  # eager attention
                ("ML007", _TRAINING, 33),  # nobody can compare runs
            }
        ),
        fine=frozenset({("PY001", _TRAINING, 12), ("PY004", _TRAINING, 13)}),
        may=frozenset(
            {
                ("ML004", "serving/app.py", 42),
                ("OBS001", _TRAINING, 37),
            }
        ),
        # The blocking call of the service runs in a thread, both probes are there, and a model
        # that is trained is not the place for quantisation.
        silent=frozenset({"API001", "API007", "API006", "PY002"}),
    ),
    Expectation(
        sample="platform_deploy",
        chosen=frozenset({"security-sentinel", "pipeline-engineer"}),
        idle=frozenset({"type-guardian", "async-maestro", "model-whisperer", "bug-hunter"}),
        must=frozenset(
            {
                ("SEC007", _WORKFLOW, 17),  # a title is pasted into a script
                ("SEC004", _WORKFLOW, 3),  # secrets on behalf of strangers
                ("SEC004", _WORKFLOW, 5),  # write-all
                ("SEC002", _WORKFLOW, 15),  # pushed, never scanned
                ("OPS006", "deploy/deployment.yaml", 9),  # Recreate
                ("SEC004", "deploy/rbac.yaml", 12),  # every verb
                ("SEC003", "deploy/secret.yaml", 8),  # a password in the clear
                ("SEC004", "infra/access.tf", 8),  # every action
            }
        ),
        may=frozenset(
            {
                ("SEC001", "deploy/secret.yaml", 8),
                ("SEC004", "deploy/rbac.yaml", 11),
                ("SEC008", _WORKFLOW, 11),
                ("OPS006", _WORKFLOW, 11),
            }
        ),
        # The image has a version, and a chart-less manifest needs no pipeline engine.
        silent=frozenset({"OPS001", "DK002", "ARCH008"}),
    ),
)


@pytest.fixture(params=EXPECTATIONS, ids=lambda expectation: expectation.sample)
def expectation(request: pytest.FixtureRequest) -> Expectation:
    chosen: Expectation = request.param
    return chosen


@pytest.fixture
def repository(expectation: Expectation, tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    return build(expectation.sample, folder)


#: One review a sample serves all questions about it; a process takes a second.
_REVIEWS: dict[str, dict[str, Any]] = {}


@pytest.fixture
def review(
    expectation: Expectation, repository: Path, reviewer_command: ReviewerCommand
) -> dict[str, Any]:
    if expectation.sample not in _REVIEWS:
        _REVIEWS[expectation.sample] = _review(repository, reviewer_command)
    return _REVIEWS[expectation.sample]


def _review(repository: Path, reviewer_command: ReviewerCommand) -> dict[str, Any]:
    done = reviewer_command("review", "HEAD", "--output", "json", cwd=repository)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _place(finding: Mapping[str, Any]) -> Place:
    location = finding["location"]
    line = None if location is None else location["start_line"]
    return finding["rule"], finding["path"], line


def test_the_review_says_what_a_senior_reviewer_would_say(
    expectation: Expectation, review: dict[str, Any]
) -> None:
    kinds = {"inline", "file-level", "summary"}
    shown = {_place(f) for f in review["findings"] if f["outcome"]["kind"] in kinds}
    every = {_place(f) for f in review["findings"]}
    assert expectation.must - every == set(), "missed"
    assert shown - expectation.must - expectation.fine - expectation.may == set(), (
        "nobody asked for this"
    )
    assert {rule for rule, _, _ in every} & expectation.silent == set(), "this would annoy"


def test_only_what_matters_stands_inline(expectation: Expectation, review: dict[str, Any]) -> None:
    inline = [f for f in review["findings"] if f["outcome"]["kind"] in {"inline", "file-level"}]
    assert {_place(f) for f in inline} - expectation.must - expectation.fine == set()
    assert 3 <= len([f for f in inline if f["outcome"]["kind"] == "inline"]) <= 5
    assert all(f["severity"] != "note" for f in inline)


def test_the_right_personas_look(expectation: Expectation, review: dict[str, Any]) -> None:
    chosen = {c["persona"] for c in review["selection"] if c["decision"] == "chosen"}
    assert expectation.chosen <= chosen
    assert not expectation.idle & chosen
    assert all(choice["reason"] for choice in review["selection"])


def test_the_run_is_complete_and_honest_about_what_needs_a_model(
    review: dict[str, Any],
) -> None:
    assert review["state"] == "completed", review["headline"]
    answers = [answer for card in review["scorecards"] for answer in card["answers"]]
    assert any(answer["verdict"] == "not_assessed" for answer in answers)
    assert all(answer["reason"] for answer in answers)


def test_every_finding_has_one_outcome_and_a_way_out(review: dict[str, Any]) -> None:
    for finding in review["findings"]:
        assert finding["outcome"]["kind"] in {
            "inline",
            "file-level",
            "summary",
            "duplicate",
            "dropped",
        }
        assert finding["headline"]
        assert finding["remedy"]
        assert finding["sources"]


def test_the_same_change_gives_the_same_bytes_and_leaves_nothing_behind(
    repository: Path, review: dict[str, Any], reviewer_command: ReviewerCommand, tmp_path: Path
) -> None:
    home = sorted(Path.home().rglob("*"))
    again = _review(repository, reviewer_command)
    assert json.dumps({**again, "seconds": None}) == json.dumps({**review, "seconds": None})
    assert [path.name for path in tmp_path.iterdir()] == ["repository"]
    assert sorted(Path.home().rglob("*")) == home


@pytest.mark.parametrize("expectation", EXPECTATIONS[:1], indirect=True)
def test_the_fail_on_of_the_command_line_decides_the_exit_code(
    repository: Path, reviewer_command: ReviewerCommand
) -> None:
    done = reviewer_command("review", "HEAD", "--fail-on", "critical", cwd=repository)
    assert done.returncode == 1
    done = reviewer_command("review", "HEAD", "--fail-on", "never", cwd=repository)
    assert done.returncode == 0
