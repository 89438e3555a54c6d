"""Every rule with mechanical evidence fails on its bad snippets and on none of its good ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ast_grep_py import SgRoot

from reviewer.adapters.patterns.examiner import LANGUAGES
from reviewer.domain.evidence import Pattern
from reviewer.domain.pattern_text import holds, required_by
from reviewer.domain.persona import Persona, Rule
from tests.personas.snippet_harness import (
    SNIPPETS,
    complaint,
    judge,
    rules,
    snippets_of,
    without,
)

MECHANICAL = [(persona, rule) for persona, rule in rules() if rule.evidence]
FEWEST = 3


@pytest.mark.holds("P01", "P04")
@pytest.mark.parametrize(("persona", "rule"), MECHANICAL, ids=[rule.id for _, rule in MECHANICAL])
async def test_a_rule_is_answered_as_its_snippets_say(persona: Persona, rule: Rule) -> None:
    snippets = snippets_of(rule.id)
    answers = await judge(snippets, persona, rule)

    wrong = [complaint(s, rule, a) for s, a in zip(snippets, answers, strict=True)]

    assert "\n".join(filter(None, wrong)) == ""


@pytest.mark.parametrize("rule", [rule for _, rule in MECHANICAL], ids=lambda rule: rule.id)
def test_a_rule_with_mechanical_evidence_has_three_bad_and_three_good_snippets(rule: Rule) -> None:
    snippets = snippets_of(rule.id)

    assert sum(snippet.is_bad for snippet in snippets) >= FEWEST
    assert sum(not snippet.is_bad for snippet in snippets) >= FEWEST


def test_every_snippet_file_belongs_to_a_rule_with_mechanical_evidence() -> None:
    known = {rule.id for _, rule in MECHANICAL}

    assert {path.stem for path in SNIPPETS.glob("*.toml")} <= known


_PATTERNS = [
    pytest.param(rule, piece.pattern, id=piece.pattern.code)
    for _, rule in MECHANICAL
    for piece in rule.evidence
    if piece.pattern is not None
]


@pytest.mark.parametrize(("rule", "pattern"), _PATTERNS)
def test_no_text_that_a_pattern_matches_is_passed_over_for_want_of_a_name(
    rule: Rule, pattern: Pattern
) -> None:
    texts = [text for s in snippets_of(rule.id) for text in (s.text, *s.files.values()) if text]
    config: Any = {"rule": dict(pattern.rule)}
    matched = [
        text for text in texts if SgRoot(text, LANGUAGES[pattern.language]).root().find(config)
    ]

    assert all(holds(required_by(pattern.rule), text.lower()) for text in matched)


#: A ladder of comparisons is made by its branches; its first line alone is none.
_MADE_BY_SEVERAL_LINES = {"PY006"}
_OF_PYTHON = [
    (persona, rule)
    for persona, rule in MECHANICAL
    if rule.applies.languages and rule.applies.languages[0] == "python"
    if rule.id not in _MADE_BY_SEVERAL_LINES
]


@pytest.mark.parametrize(("persona", "rule"), _OF_PYTHON, ids=[rule.id for _, rule in _OF_PYTHON])
async def test_a_rule_fails_too_where_the_wrong_line_is_all_that_the_change_adds(
    persona: Persona, rule: Rule
) -> None:
    whole = [s for s in snippets_of(rule.id) if s.is_bad and s.base is None]
    found = await judge(whole, persona, rule)
    single = [
        replace(snippet, base=without(snippet.text, finding.location), line=None)
        for snippet, answer in zip(whole, found, strict=True)
        for finding in answer.findings
        if finding.location is not None and finding.path == snippet.path
    ]

    answers = await judge(single, persona, rule)

    wrong = [complaint(s, rule, a) for s, a in zip(single, answers, strict=True)]
    assert "\n".join(filter(None, wrong)) == ""
