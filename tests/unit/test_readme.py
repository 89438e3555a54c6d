"""What the README tells people to write is what the program reads."""

from __future__ import annotations

import re

from reviewer.domain.persona import Origin
from reviewer.domain.persona_file import parse_persona
from reviewer.domain.policy import FailOn
from reviewer.domain.repository_configuration import parse_repository_configuration
from tests.guards import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
TOML = re.findall(r"^```toml\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)

_HEAD = """
schema = 1
name = "payments-guardian"
title = "Payments Guardian"
version = 1
summary = "Money."
charter = "Counts."

[match]
words = ["amount"]
"""


def test_the_rule_of_the_readme_is_a_rule() -> None:
    text = next(block for block in TOML if "[[rules]]" in block)
    persona = parse_persona(_HEAD + text, "payments-guardian.toml", origin=Origin.REPOSITORY)
    assert [rule.id for rule in persona.rules] == ["PAY001"]
    assert persona.rules[0].evidence[0].pattern is not None


def test_the_configuration_of_the_readme_is_a_configuration() -> None:
    text = next(block for block in TOML if "[policy]" in block)
    layer = parse_repository_configuration(text)
    assert layer.fail_on is FailOn.MAJOR
    assert layer.exclude == ("third_party/**",)


def test_every_link_into_the_repository_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_exit_codes_of_the_readme_are_those_of_the_command() -> None:
    from reviewer.entrypoints.cli.session import EXIT_CODES_HELP

    table = README.split("| exit code | meaning |")[1].split("\n\n")[0]
    told = set(re.findall(r"^\| (\d) \|", table, re.MULTILINE))
    assert told == {"0", "1", "2", "3"}
    assert told <= set(re.findall(r"\b(\d)\b", EXIT_CODES_HELP))
