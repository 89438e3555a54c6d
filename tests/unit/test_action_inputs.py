"""The Action's inputs and what the runner says."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from reviewer.config import ActionSettings
from reviewer.domain.command_usage import CommandRules
from reviewer.domain.persona import Severity
from reviewer.domain.policy import FailOn, LayerOwner
from reviewer.domain.posting import Permission
from reviewer.entrypoints.action.inputs import Inputs, read_inputs
from reviewer.errors import UserError


def test_nothing_set_asks_for_nothing() -> None:
    assert read_inputs({}) == Inputs()


def test_every_input_is_read() -> None:
    inputs = read_inputs(
        {
            "personas": "security-sentinel, bug-hunter,\nsecurity-sentinel",
            "panel": "ml",
            "fail-on": "Major",
            "min-score": "80%",
            "comment-on": "critical",
            "max-cost": "$0.25",
            "language": "de",
            "command-permission": "triage",
            "author-review-minutes": "30",
            "dry-run": "true",
            "fail-on-error": "TRUE",
            "allow-head-checkout": "false",
        }
    )
    assert inputs.personas == ("security-sentinel", "bug-hunter")
    assert inputs.layer is not None
    assert inputs.rules == CommandRules(least=Permission.TRIAGE, author_review_minutes=30)
    assert inputs.layer.owner is LayerOwner.COMMAND_LINE
    assert (inputs.layer.fail_on, inputs.layer.min_score) == (FailOn.MAJOR, 80.0)
    assert inputs.layer.inline_severity is Severity.CRITICAL
    assert (inputs.panel, inputs.most_dollars, inputs.language) == ("ml", Decimal("0.25"), "de")
    assert (inputs.dry_run, inputs.fail_on_error, inputs.allow_head_checkout) == (True, True, False)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("fail-on", "mjor", "Did you mean major?"),
        ("fail-on", "all", "Write one of: critical, major, minor, note, never."),
        ("comment-on", "never", "the input comment-on cannot be 'never'"),
        ("command-permission", "read", "Write one of: write, triage."),
        ("author-review-minutes", "0", "a whole number from 1 to 10080"),
        ("author-review-minutes", "soon", "a whole number from 1 to 10080"),
        ("min-score", "101", "from 0 to 100"),
        ("min-score", "nan", "from 0 to 100"),
        ("max-cost", "0", "more than 0"),
        ("max-cost", "1e9", "at most 100000"),
        ("max-cost", "NaN", "US dollars"),
        ("max-cost", "0.00001", "four decimals"),
        ("panel", "mll", "Did you mean ml?"),
        ("dry-run", "yes", "Write one of: true, false."),
        ("persona", "bug-hunter", "Did you mean personas?"),
    ],
)
def test_a_wrong_input_is_named_with_the_way_out(name: str, value: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        read_inputs({name: value})
    assert words in str(caught.value)
    assert f"the input {name} " in str(caught.value)


def test_the_runner_s_variables_are_read() -> None:
    settings = ActionSettings.from_environment(
        {
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": "/temporary/event.json",
            "GITHUB_WORKSPACE": "/checkout",
            "GITHUB_OUTPUT": "/temporary/output",
            "GITHUB_STEP_SUMMARY": "/temporary/summary",
            "REVIEWER_INPUT_FAIL_ON": " major ",
            "REVIEWER_INPUT_PANEL": "",
        }
    )
    assert settings.event_name == "pull_request"
    assert settings.event_file == Path("/temporary/event.json")
    assert settings.workspace == Path("/checkout")
    assert settings.output_file == Path("/temporary/output")
    assert settings.summary_file == Path("/temporary/summary")
    assert dict(settings.inputs) == {"fail-on": "major"}


def test_without_a_runner_there_is_nothing() -> None:
    assert ActionSettings.from_environment({}) == ActionSettings()
