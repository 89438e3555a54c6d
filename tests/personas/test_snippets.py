"""Every rule with mechanical evidence fails on its bad snippets and on none of its good ones."""

from __future__ import annotations

import pytest

from reviewer.domain.persona import Persona, Rule
from tests.personas.snippet_harness import (
    SNIPPETS,
    complaint,
    judge,
    rules,
    snippets_of,
)

MECHANICAL = [(persona, rule) for persona, rule in rules() if rule.evidence]
FEWEST = 3


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
