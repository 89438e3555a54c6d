"""Our own workflows, the documented ones and the Action: what an attacker would look for first."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guards import ROOT
from tests.unit.workflow_law import workflow_faults

pytestmark = pytest.mark.holds("S18")

_NOTHING: frozenset[str] = frozenset()
#: Which job of a release may do what, and why: tests/unit/test_release_workflow.py.
_RELEASE = frozenset({"attestations", "contents", "id-token", "packages"})
_REVIEW = frozenset({"checks", "pull-requests"})

#: Every file that GitHub runs, with what its jobs may write.
LAWFUL = {
    ".github/workflows/ci.yml": _NOTHING,
    ".github/workflows/release.yml": _RELEASE,
    "action.yml": _NOTHING,
    "docs/workflows/commands.yml": _REVIEW,
    "docs/workflows/review.yml": _REVIEW,
}


@pytest.mark.parametrize("name", LAWFUL)
def test_a_workflow_of_ours_has_no_fault(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert workflow_faults(text, may_write=LAWFUL[name]) == []


def test_no_workflow_is_forgotten() -> None:
    folders = (ROOT / ".github" / "workflows", ROOT / "docs" / "workflows")
    there: set[Path] = {path for folder in folders for path in folder.glob("*.y*ml")}
    there.add(ROOT / "action.yml")
    assert {path.relative_to(ROOT).as_posix() for path in there} == set(LAWFUL)


_GOOD = """
on: { pull_request: { types: [opened] } }
permissions: {}
jobs:
  check:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: { contents: read }
    steps:
      - uses: actions/checkout@1111111111111111111111111111111111111111
        with: { persist-credentials: "false" }
      - env: { TITLE: "${{ github.event.pull_request.title }}" }
        run: echo "$TITLE"
"""

#: What is put in the place of what, and what the law says then.
_MUTATIONS = {
    "an event that brings secrets": (
        "on: { pull_request: { types: [opened] } }",
        "on: { pull_request_target: { types: [opened] } }",
        "runs on pull_request_target",
    ),
    "the same as a word": (
        "on: { pull_request: { types: [opened] } }",
        "on: pull_request_target",
        "runs on pull_request_target",
    ),
    "the same in a list": (
        "on: { pull_request: { types: [opened] } }",
        "on: [push, workflow_run]",
        "runs on workflow_run",
    ),
    "the default permissions": ("permissions: {}\n", "", "permissions on top are not empty"),
    "all permissions": (
        "permissions: {}\n",
        "permissions: write-all\n",
        "permissions on top are not empty",
    ),
    "a job that names none": (
        "    permissions: { contents: read }\n",
        "",
        "check: names no permissions",
    ),
    "a job that may all": (
        "permissions: { contents: read }",
        "permissions: write-all",
        "check: names no permissions",
    ),
    "a job that may push": (
        "{ contents: read }",
        "{ contents: write }",
        "check: may write contents",
    ),
    "no end": ("    timeout-minutes: 5\n", "", "check: has no timeout-minutes"),
    "an end that somebody else sets": (
        "timeout-minutes: 5",
        'timeout-minutes: "${{ github.event.number }}"',
        "check: has no timeout-minutes",
    ),
    "a machine of our own": (
        "runs-on: ubuntu-24.04",
        "runs-on: [self-hosted, linux]",
        "check: runs on a machine of our own",
    ),
    "a title in a script": (
        'echo "$TITLE"',
        'echo "${{ github.event.pull_request.title }}"',
        "check: an expression stands in a script",
    ),
    "a branch in a script": (
        'echo "$TITLE"',
        "git switch ${{ github.head_ref }}",
        "check: an expression stands in a script",
    ),
    "a title in a script that an action runs": (
        '{ persist-credentials: "false" }',
        '{ persist-credentials: "false", script: "log(${{ github.event.comment.body }})" }',
        "check: an expression stands in a script",
    ),
    "a shell of somebody else": (
        'run: echo "$TITLE"',
        'run: echo\n        shell: "${{ github.event.comment.body }}"',
        "check: an expression stands in a script",
    ),
    "a tag": (
        "@1111111111111111111111111111111111111111",
        "@v5",
        "check: actions/checkout@v5 is pinned to no commit",
    ),
    "a short commit": (
        "@1111111111111111111111111111111111111111",
        "@1111111",
        "check: actions/checkout@1111111 is pinned to no commit",
    ),
    "an action of the change itself": (
        "actions/checkout@1111111111111111111111111111111111111111",
        "./.github/actions/own",
        "check: ./.github/actions/own is pinned to no commit",
    ),
    "an image by its tag": (
        "actions/checkout@1111111111111111111111111111111111111111",
        "docker://alpine:3",
        "check: docker://alpine:3 is pinned to no commit",
    ),
    "a token that stays": (
        '\n        with: { persist-credentials: "false" }',
        "",
        "check: a checkout leaves its token behind",
    ),
    "secrets for another workflow": (
        "    steps:",
        "    secrets: inherit\n    steps:",
        "check: hands every secret on",
    ),
}


def test_the_example_that_is_broken_next_has_no_fault() -> None:
    assert workflow_faults(_GOOD, may_write=_NOTHING) == []


@pytest.mark.parametrize("name", _MUTATIONS)
def test_the_law_sees_what_is_wrong(name: str) -> None:
    old, new, fault = _MUTATIONS[name]
    assert _GOOD.count(old) == 1
    assert workflow_faults(_GOOD.replace(old, new), may_write=_NOTHING) == [fault]


def test_the_law_sees_what_is_wrong_in_a_workflow_of_ours() -> None:
    release = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    for old, new in (
        ("$GITHUB_REF_NAME", "${{ github.ref_name }}"),
        ("    timeout-minutes: 60\n", ""),
        ("permissions: {}", "permissions: read-all"),
        ("packages: write", "pages: write"),
        ("@1e69f48acb82d1966a394da916b4c1698aa569d6", "@v4"),
    ):
        assert old in release
        assert workflow_faults(release.replace(old, new), may_write=_RELEASE) != []


def test_a_called_workflow_is_pinned_as_an_action_is() -> None:
    calls = "on: push\npermissions: {}\njobs:\n  a:\n    permissions: { contents: read }\n"
    used = f"{calls}    timeout-minutes: 1\n    uses: someone/all/.github/workflows/x.yml@main\n"
    faults = workflow_faults(used, may_write=_NOTHING)
    assert faults == ["a: someone/all/.github/workflows/x.yml@main is pinned to no commit"]


def test_what_is_no_workflow_is_no_lawful_one() -> None:
    assert workflow_faults("- a\n", may_write=_NOTHING) == ["no workflow"]
