"""Facts about CI workflows, beyond what the snippets show."""

from __future__ import annotations

import pytest

from tests.unit.facts.fact_example import ask, lines

PATH = ".github/workflows/ci.yml"


def test_a_job_may_be_the_one_that_writes_everything() -> None:
    assert lines(ask("workflow-write-all", PATH, "jobs:\n  a:\n    permissions: write-all\n")) == [
        3
    ]
    assert ask("workflow-write-all", PATH, "permissions: read-all\n").hits == ()


def test_a_reusable_workflow_of_others_counts_as_an_action() -> None:
    text = "jobs:\n  a:\n    uses: acme/shared/.github/workflows/a.yml@main\n"

    assert lines(ask("workflow-uses-branch", PATH, text)) == [3]


@pytest.mark.parametrize("used", ["./local", "docker://alpine:3", "acme/a@v1", "acme/a@0123abc"])
def test_ours_and_versions_are_fine(used: str) -> None:
    assert (
        ask("workflow-uses-branch", PATH, f"jobs:\n  a:\n    steps:\n      - uses: {used}\n").hits
        == ()
    )


def test_a_push_in_a_comment_is_none() -> None:
    assert ask("image-pushed-unscanned", PATH, "jobs:\n  # - run: docker push x\n").inapplicable


def test_a_workflow_that_pushed_unscanned_before_is_not_told_again() -> None:
    base = "jobs:\n  a:\n    steps:\n      - run: docker push x\n"

    assert ask("image-pushed-unscanned", PATH, f"{base}      - run: x\n", base=base).inapplicable
    assert lines(ask("image-pushed-unscanned", PATH, base, base="jobs: {}\n")) == [4]


def test_a_scan_that_goes_is_told_for_the_file() -> None:
    head = "jobs:\n  a:\n    steps:\n      - run: docker push x\n"
    base = f"{head}      - run: trivy image x\n"

    assert lines(ask("image-pushed-unscanned", PATH, head, base=base)) == [None]


def test_a_workflow_that_is_no_yaml_is_not_judged() -> None:
    assert ask("workflow-write-all", PATH, "permissions: [\n").unexamined
    assert ask("workflow-uses-branch", PATH, "jobs: [\n").unexamined
