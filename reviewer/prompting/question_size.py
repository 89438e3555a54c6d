"""What the question to a persona takes, measured on its own prompt instead of guessed."""

from __future__ import annotations

import json

from reviewer.domain.arrangement import Question
from reviewer.domain.change import Change
from reviewer.domain.checklist import Scorecard
from reviewer.domain.persona import Persona, Rule
from reviewer.domain.plan import Covered, ask_about, nothing_covered
from reviewer.prompting.estimate import CountTokens
from reviewer.prompting.question_values import Asked, checklist_text
from reviewer.prompting.request_text import NOTHING_SHARED, Composition


def system_tokens(composition: Composition, persona: Persona, count: CountTokens) -> int:
    """Return what stands before every batch: the contract and the answer's schema.

    Args:
        composition: The prompt.
        persona: Anybody who is asked by it.
        count: Counts the tokens of a text.
    """
    text = checklist_text(composition, Asked(persona=persona, rules=()), NOTHING_SHARED)
    # As adapters write it: without blanks.
    schema = "" if text.schema is None else json.dumps(text.schema, separators=(",", ":"))
    return count(text.system) + count(schema)


def measured_question(
    composition: Composition,
    persona: Persona,
    card: Scorecard,
    change: Change,
    count: CountTokens,
    *,
    covered: Covered = nothing_covered,
) -> Question | None:
    """Return everything that a persona is to be asked, measured; None where nothing is open.

    Args:
        composition: The prompt that asks it.
        persona: The persona.
        card: Its answers from mechanical evidence.
        change: What is reviewed.
        count: Counts the tokens of a text.
        covered: What an earlier round has answered.
    """

    def question(*rules: Rule) -> int:
        asked = Asked(persona=persona, rules=rules)
        return count(checklist_text(composition, asked, NOTHING_SHARED).question)

    bare = question()
    return ask_about(
        persona,
        card,
        change,
        tokens=bare,
        rule_tokens=lambda rule: max(0, question(rule) - bare),
        covered=covered,
    )
