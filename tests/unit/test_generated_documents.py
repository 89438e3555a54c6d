"""What is generated is what is committed, and the page says of every rule what the file says."""

from __future__ import annotations

import pytest

from docs.generate import documents, personas
from reviewer.domain.evidence import Decides, Evidence, EvidenceKind, Pattern
from reviewer.domain.persona import Persona, Rule, Severity
from reviewer.rendering.persona_page import persona_page, persona_table
from tests.guards import ROOT


@pytest.mark.parametrize("path", sorted(documents()))
def test_a_generated_document_is_current(path: str) -> None:
    committed = (ROOT / path).read_text(encoding="utf-8")
    assert committed == documents()[path], "run `make docs` and commit the result"


def test_the_page_names_every_persona_and_rule() -> None:
    page = persona_page(personas())
    for persona in personas():
        assert f"## {persona.title}" in page
        for rule in persona.rules:
            assert f"| {rule.id} | " in page
            assert rule.why in page


def _persona(*evidence: Evidence, bad: str = "") -> Persona:
    rule = Rule(
        id="EX001",
        title="Say it",
        severity=Severity.MINOR,
        check="Say a | b.",
        why="Why.",
        problem="Problem",
        remedy="Remedy.",
        bad=bad,
        evidence=evidence,
    )
    return Persona(
        name="example", title="Example", version=1, summary="S.", charter="C.", rules=(rule,)
    )


def test_a_rule_without_evidence_needs_judgement() -> None:
    assert "| EX001 | Say a \\| b. | minor | judgement |" in persona_page([_persona()])


def test_evidence_that_only_finds_fault_leaves_the_rest_to_judgement() -> None:
    pattern = Pattern(code="EX001/x", language="python", rule={"pattern": "x"})
    finds = Evidence(kind=EvidenceKind.PATTERN, codes=("EX001/x",), pattern=pattern)
    both = Evidence(kind=EvidenceKind.RUFF, codes=tuple("ABCDEF"), decides=Decides.BOTH)
    sarif = Evidence(kind=EvidenceKind.SARIF, codes=("B1",), tool="Bandit")
    secret = Evidence(kind=EvidenceKind.SECRET, codes=("*",))
    assert "| python pattern; else judgement |" in persona_page([_persona(finds)])
    assert "| ruff `A`, `B`, `C`, `D` and 2 more |" in persona_page([_persona(both)])
    assert "| Bandit results; secret patterns; else judgement |" in persona_page(
        [_persona(sarif, secret)]
    )


def test_a_snippet_cannot_close_its_own_fence() -> None:
    page = persona_page([_persona(bad="```\n# out of the fence\n````")])
    assert "`````\n```\n# out of the fence\n````\n`````" in page


def test_a_planner_has_no_checklist() -> None:
    planner = Persona(name="planner", title="Planner", version=1, summary="S.", charter="C.")
    assert "it has no checklist" in persona_page([planner])
    assert "| 0 | 0 |" in persona_table([planner])
