"""The policy: layers merged key by key, switches by path, every value with its origin."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.finding import Confidence, Finding
from reviewer.domain.persona import Severity
from reviewer.domain.policy import (
    FailOn,
    LayerOwner,
    PathOverride,
    Policy,
    PolicyLayer,
    Switch,
    effective,
)
from reviewer.domain.pull_request_policy import (
    BotPolicy,
    PullRequestLayer,
    PullRequestPolicy,
)

OPERATOR = PolicyLayer(owner=LayerOwner.OPERATOR, origin="operator.toml")
REPOSITORY = PolicyLayer(owner=LayerOwner.REPOSITORY, origin=".reviewer.toml")
COMMAND_LINE = PolicyLayer(owner=LayerOwner.COMMAND_LINE, origin="command line")


def off(name: str, reason: str = "", origin: str = ".reviewer.toml:3") -> Switch:
    return Switch(name=name, on=False, origin=origin, reason=reason)


def on(name: str) -> Switch:
    return Switch(name=name, on=True, origin=".reviewer.toml:9")


def finding(rule_id: str = "PY006", persona: str = "type-guardian", path: str = "a.py") -> Finding:
    return Finding(
        rule_id=rule_id,
        persona=persona,
        severity=Severity.MINOR,
        confidence=Confidence.HIGH,
        path=path,
        location=None,
        headline="h",
        explanation="e",
        remedy="r",
        quote="",
        sources=(),
        family=rule_id,
        fingerprint="0" * 40,
    )


def in_tests(**values: object) -> PathOverride:
    return PathOverride(globs=("tests/**",), origin=".reviewer.toml:7", **values)  # type: ignore[arg-type]


def test_without_a_layer_the_defaults_hold() -> None:
    policy = effective()

    assert policy == Policy()
    assert {setting.origin for setting in policy.settings()} == {"default"}


@pytest.mark.holds("P15")
def test_a_later_layer_wins_key_by_key_and_each_value_keeps_its_origin() -> None:
    policy = effective(
        replace(OPERATOR, limit=2, inline_cap=9, fail_on=FailOn.MAJOR),
        replace(REPOSITORY, limit=3, lines={"personas.limit": 6}, min_score=70.0),
        replace(COMMAND_LINE, fail_on=FailOn.NOTE),
    )

    assert (policy.limit, policy.thresholds.inline_cap) == (3, 9)
    assert (policy.fail_on, policy.min_score) == (FailOn.NOTE, 70)
    origins = {setting.key: setting.origin for setting in policy.settings()}
    assert origins["personas.limit"] == ".reviewer.toml:6"
    assert origins["thresholds.inline_cap"] == "operator.toml"
    assert origins["policy.fail_on"] == "command line"
    assert origins["policy.min_score"] == ".reviewer.toml"
    assert origins["thresholds.inline_severity"] == "default"


def test_what_holds_for_pull_requests_is_merged_key_by_key() -> None:
    policy = effective(
        replace(OPERATOR, pull_request=PullRequestLayer(drafts=True, bots=BotPolicy.SKIP)),
        replace(
            REPOSITORY,
            pull_request=PullRequestLayer(bots=BotPolicy.REVIEW, skip_label=""),
            lines={"pull_request.bots": 4},
        ),
    )

    assert policy.pull_request == PullRequestPolicy(
        drafts=True, bots=BotPolicy.REVIEW, skip_label=""
    )
    told = {setting.key: (setting.value, setting.origin) for setting in policy.settings()}
    assert told["pull_request.drafts"] == ("reviewed", "operator.toml")
    assert told["pull_request.bots"] == ("review", ".reviewer.toml:4")
    assert told["pull_request.skip_label"] == ("none", ".reviewer.toml")
    assert told["pull_request.on_clean"] == ("summary", "default")


def test_the_command_line_can_lift_a_criterion() -> None:
    policy = effective(
        replace(REPOSITORY, fail_on=FailOn.MINOR), replace(COMMAND_LINE, fail_on=FailOn.NEVER)
    )

    assert policy.fail_on.severity is None


@pytest.mark.holds("P20")
def test_exclusions_of_all_layers_are_put_together() -> None:
    policy = effective(
        replace(OPERATOR, exclude=("a/**",)), replace(REPOSITORY, exclude=("b/**", "a/**"))
    )

    assert policy.exclude == ("a/**", "b/**")
    assert "operator.toml, .reviewer.toml" in {s.origin for s in policy.settings()}


def test_a_rule_that_is_off_says_why_and_by_whose_word() -> None:
    policy = effective(replace(REPOSITORY, rules=(off("PY006", "Python 3.9"),)))

    assert policy.switched_off("PY006") == "switched off: Python 3.9 (.reviewer.toml:3)"
    assert policy.switched_off("PY001") is None


def test_a_persona_that_is_off_says_so() -> None:
    policy = effective(replace(REPOSITORY, personas=(off("observer"),)))

    assert not policy.enabled("observer")
    assert policy.persona_off("observer") == "switched off (.reviewer.toml:3)"
    assert policy.enabled("type-guardian")


def test_a_later_layer_can_switch_on_again() -> None:
    policy = effective(
        replace(OPERATOR, personas=(off("observer"),)),
        replace(REPOSITORY, personas=(on("observer"),)),
    )

    assert policy.enabled("observer")


def test_what_is_off_but_on_for_some_paths_is_asked_and_dropped_elsewhere() -> None:
    layer = replace(
        REPOSITORY, rules=(off("PY006", "why"),), paths=(in_tests(rules=(on("PY006"),)),)
    )
    policy = effective(layer)

    assert policy.switched_off("PY006") is None
    assert policy.dropped(finding(path="tests/a.py")) is None
    assert policy.dropped(finding(path="a.py")) == ("PY006 is switched off: why (.reviewer.toml:3)")


def test_what_is_off_for_some_paths_is_dropped_there_alone() -> None:
    policy = effective(replace(REPOSITORY, paths=(in_tests(personas=(off("type-guardian"),)),)))

    assert policy.enabled("type-guardian")
    assert policy.dropped(finding(path="a.py")) is None
    assert policy.dropped(finding(path="tests/a.py")) == (
        "type-guardian is switched off (.reviewer.toml:3)"
    )


def test_of_several_overrides_the_last_one_wins() -> None:
    unit = PathOverride(globs=("tests/unit/**",), origin="x", rules=(on("PY006"),))
    policy = effective(replace(REPOSITORY, paths=(in_tests(rules=(off("PY006"),)), unit)))

    assert policy.dropped(finding(path="tests/a.py")) is not None
    assert policy.dropped(finding(path="tests/unit/a.py")) is None


def test_thresholds_change_with_the_path_and_the_cap_does_not() -> None:
    policy = effective(
        replace(
            REPOSITORY,
            inline_cap=2,
            inline_severity=Severity.NOTE,
            paths=(in_tests(inline_severity=Severity.MAJOR),),
        )
    )

    assert policy.thresholds_of("a.py") == policy.thresholds
    there = policy.thresholds_of("tests/a.py")
    assert (there.inline_severity, there.inline_cap) == (Severity.MAJOR, 2)
    assert there.inline_confidence is Confidence.MEDIUM


@pytest.mark.holds("S10")
@pytest.mark.parametrize("name", ["SEC001", "security-sentinel"])
def test_a_repository_layer_cannot_switch_off_what_guards_it_whoever_made_it(name: str) -> None:
    policy = effective(replace(REPOSITORY, rules=(off(name),), personas=(off(name),)))

    assert policy.switched_off(name) is None
    assert policy.enabled(name)


def test_an_operator_may_switch_off_anything() -> None:
    policy = effective(replace(OPERATOR, rules=(off("SEC001", "no", "operator.toml"),)))

    assert policy.switched_off("SEC001") == "switched off: no (operator.toml)"


@pytest.mark.holds("S10")
def test_a_guarded_rule_that_is_scoped_to_paths_shows_in_the_review() -> None:
    policy = effective(replace(REPOSITORY, paths=(in_tests(rules=(off("SEC001", "Examples."),)),)))

    assert policy.notices == ("SEC001 is not asked in tests/**: Examples. (.reviewer.toml:3)",)


def test_every_switch_and_override_is_explained() -> None:
    policy = effective(
        replace(
            REPOSITORY,
            rules=(off("PY006", "Python 3.9"),),
            paths=(in_tests(personas=(off("observer"),), inline_confidence=Confidence.HIGH),),
        )
    )

    told = {setting.key: (setting.value, setting.origin) for setting in policy.settings()}
    assert told["rules.PY006"] == ("off (Python 3.9)", ".reviewer.toml:3")
    assert told["paths tests/**: personas.observer"] == ("off", ".reviewer.toml:3")
    assert told["paths tests/**: thresholds.inline_confidence"] == ("high", ".reviewer.toml:7")
