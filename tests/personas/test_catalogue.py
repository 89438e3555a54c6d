"""The personas that ship hold every rule of the requirement, at the severity that it gives."""

from __future__ import annotations

import pytest

from reviewer.domain.checklist import Verdict
from reviewer.domain.evidence import EvidenceKind
from reviewer.domain.own_linter import SAME_AS
from reviewer.domain.persona import Persona, Rule, Severity, Wakes
from tests.personas.snippet_harness import Snippet, judge, personas, rules

#: Rules by severity; every other rule that ships is a note.
CRITICAL = "SEC001 SEC005 SEC007"
MAJOR = (
    "PY001 DK002 DK004 API001 API006 API005 SEC003 SEC004 SEC008 ML008 TST008 OBS006 ARCH002 OPS006"
)
MINOR = (
    "PY002 PY003 PY004 PY008 DK001 DK005 API002 API003 API004 API007 API008 SEC002 SEC006 "
    "ML001 ML002 ML003 ML006 ML007 TST001 TST002 TST004 OBS001 OBS002 OBS004 OBS007 "
    "ARCH001 ARCH003 ARCH004 ARCH008 OPS001 OPS004 OPS007 OPS008"
)
SEVERITIES = {
    **dict.fromkeys(CRITICAL.split(), Severity.CRITICAL),
    **dict.fromkeys(MAJOR.split(), Severity.MAJOR),
    **dict.fromkeys(MINOR.split(), Severity.MINOR),
}

#: The prefix of each persona's rule ids.
PREFIXES = {
    "type-guardian": "PY",
    "model-whisperer": "ML",
    "container-architect": "DK",
    "async-maestro": "API",
    "pipeline-engineer": "OPS",
    "security-sentinel": "SEC",
    "test-automator": "TST",
    "observer": "OBS",
    "architect": "ARCH",
}

#: Rules that the requirement lets a linter, a pattern or a fact decide, wholly or in part.
MECHANICAL = frozenset(
    [
        "PY001",
        "PY002",
        "PY003",
        "PY004",
        "PY005",
        "PY006",
        "PY008",
        "ML001",
        "ML002",
        "ML003",
        "ML004",
        "ML006",
        "ML007",
        "ML008",
        "DK001",
        "DK002",
        "DK003",
        "DK004",
        "DK005",
        "DK006",
        "DK007",
        "API001",
        "API002",
        "API003",
        "API004",
        "API005",
        "API006",
        "API007",
        "OPS006",
        "SEC001",
        "SEC002",
        "SEC003",
        "SEC004",
        "SEC005",
        "SEC007",
        "SEC008",
        "TST001",
        "TST004",
        "TST005",
        "TST008",
        "OBS001",
        "OBS006",
        "OBS007",
        "ARCH002",
        "ARCH008",
    ]
)

LONGEST_FINDING_WORDS = 60
ALL = list(rules())


def test_the_eleven_personas_ship() -> None:
    assert {persona.name for persona in personas()} == {
        *PREFIXES,
        "bug-hunter",
        "systems-architect",
    }


@pytest.mark.parametrize("persona", personas(), ids=lambda persona: persona.name)
def test_a_persona_has_eight_numbered_rules_and_the_planner_none(persona: Persona) -> None:
    ids = [rule.id for rule in persona.rules]
    if persona.name == "systems-architect":
        assert ids == []
        assert persona.match.wakes is Wakes.WHEN_ASKED
    else:
        prefix = PREFIXES.get(persona.name, "BUG")
        assert ids == [f"{prefix}00{number}" for number in range(1, 9)]


def test_every_rule_has_the_severity_that_the_requirement_gives() -> None:
    shipped = {rule.id: rule.severity for _, rule in ALL if not rule.id.startswith("BUG")}

    assert shipped == {rule: SEVERITIES.get(rule, Severity.NOTE) for rule in shipped}
    assert SEVERITIES.keys() <= shipped.keys()


def test_one_family_of_bugs_is_critical_and_every_other_major() -> None:
    bugs = [rule.severity for _, rule in ALL if rule.id.startswith("BUG")]

    assert sorted(bugs) == [Severity.CRITICAL] + [Severity.MAJOR] * 7


@pytest.mark.holds("P01")
def test_every_rule_that_can_be_decided_mechanically_has_evidence() -> None:
    without = {rule.id for _, rule in ALL if not rule.evidence}

    assert without.isdisjoint(MECHANICAL)


@pytest.mark.parametrize("rule", [rule for _, rule in ALL], ids=lambda rule: rule.id)
def test_a_finding_of_a_rule_is_short_and_says_what_why_and_what_to_do(rule: Rule) -> None:
    told = [(rule.problem, rule.why, rule.remedy)]
    told += [
        (piece.problem or rule.problem, piece.why or rule.why, piece.remedy or rule.remedy)
        for piece in rule.evidence
    ]
    for problem, why, remedy in told:
        assert len(f"{problem} {why} {remedy}".split()) <= LONGEST_FINDING_WORDS
        assert not problem.endswith((".", "!"))
        assert why.endswith(".")
        assert remedy.endswith(".")


#: Their examples are whole modules in Python.
_IN_PYTHON = ("type-guardian", "async-maestro", "model-whisperer", "observer", "test-automator")
_SHOWN = [
    (persona, rule)
    for persona, rule in ALL
    if persona.name in _IN_PYTHON
    and any(
        piece.kind is EvidenceKind.RUFF
        or (piece.pattern is not None and piece.pattern.language == "python")
        for piece in rule.evidence
    )
]


@pytest.mark.parametrize(("persona", "rule"), _SHOWN, ids=[rule.id for _, rule in _SHOWN])
async def test_the_examples_that_a_rule_shows_are_what_they_say(
    persona: Persona, rule: Rule
) -> None:
    path = "tests/test_shop.py" if rule.applies.paths else "shop/module.py"
    bad, good = (
        Snippet(rule_id=rule.id, is_bad=bad, number=0, path=path, text=f"{text}\n")
        for bad, text in ((True, rule.bad), (False, rule.good))
    )

    shown_bad, shown_good = await judge((bad, good), persona, rule)

    assert shown_bad.verdict is Verdict.FAIL
    assert shown_good.verdict is not Verdict.FAIL


def test_no_pattern_uses_a_unicode_class_which_ast_grep_compiles_anew_for_every_file() -> None:
    costly = [
        piece.codes[0]
        for persona, rule in ALL
        if persona.name in _IN_PYTHON
        for piece in rule.evidence
        if piece.pattern is not None
        and any(c in str(piece.pattern.rule) for c in ("\\\\w", "\\\\d"))
    ]

    # 0.2 ms for each \w and 0.05 ms for each \d: 35 ms a file for all patterns together.
    assert costly == []


def test_every_pattern_that_stands_for_codes_of_a_linter_exists() -> None:
    patterns = {
        piece.codes[0] for _, rule in ALL for piece in rule.evidence if piece.pattern is not None
    }
    assert SAME_AS.keys() <= patterns
