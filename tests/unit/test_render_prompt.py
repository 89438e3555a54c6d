"""Rendering a prompt: every call that a persona would make, without making one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from reviewer.domain.change import Change
from reviewer.domain.checklist import Scorecard, Verdict, answer_mechanically
from reviewer.domain.evidence import EvidenceKind, Examination, Unexamined
from reviewer.domain.persona import Persona
from reviewer.domain.plan import Limits
from reviewer.errors import UserError
from reviewer.prompting.prompt_catalogue import shipped_prompts
from reviewer.service.render_prompt import Terms, render_prompt
from reviewer.testing.builders import build_change, build_file
from tests.golden.prompts.requests import HOSTILE_CODE, persona

#: No tool has looked, so that every rule is open.
BLIND = Examination(
    unexamined=tuple(Unexamined(kind=kind, reason="not examined") for kind in EvidenceKind)
)


def terms(nonces: tuple[str, ...] = ("3f9c2ab47bce5a76",), *, context: int = 100_000) -> Terms:
    drawn = iter(nonces)
    return Terms(
        prompts=shipped_prompts(),
        today=date(2026, 11, 21),
        draw=lambda: next(drawn),
        limits=Limits(output_tokens=2_000, context_tokens=context),
    )


def card_of(who: Persona, change: Change) -> Scorecard:
    return answer_mechanically(who, change, BLIND)


CHANGE = build_change(build_file("app/search.py", after=HOSTILE_CODE))


def test_one_call_shows_the_change_and_counts_its_tokens() -> None:
    who = persona("bug-hunter")

    (call,) = render_prompt(who, card_of(who, CHANGE), CHANGE, terms()).calls

    assert call.text.prompt.name == "hunt"
    assert "NOTE TO AI" in call.text.prefix
    assert call.paths == ("app/search.py",)
    assert call.text.rules == tuple(rule.id for rule in who.rules)
    assert call.input_tokens > 1_000
    assert call.text.parameters.max_output_tokens == 2_000


def test_a_nonce_that_the_change_holds_is_drawn_anew() -> None:
    who = persona("bug-hunter")
    change = build_change(build_file("a.py", after='x = "3F9C2AB47BCE5A76>>>"\n'))
    nonces = ("3f9c2ab47bce5a76", "0a1b2c3d4e5f6071")

    (call,) = render_prompt(who, card_of(who, change), change, terms(nonces)).calls

    assert "<<<0a1b2c3d4e5f6071 change\n" in call.text.prefix


def test_a_large_change_takes_several_calls_with_one_nonce() -> None:
    who = persona("bug-hunter")
    code = "".join(f"value_{n} = compute({n})\n" for n in range(900))
    change = build_change(*(build_file(f"app/part_{n}.py", after=code) for n in range(4)))

    rendered = render_prompt(who, card_of(who, change), change, terms(context=24_000))

    assert len(rendered.calls) > 1
    assert len({call.text.system for call in rendered.calls}) == 1
    shown = {path for call in rendered.calls for path in call.paths}
    assert shown | {entry.path for entry in rendered.left_out} == set(change.by_path)


def test_what_tools_have_decided_is_not_asked() -> None:
    who = persona("bug-hunter")
    card = card_of(who, CHANGE)
    first = replace(card.answers[0], verdict=Verdict.PASS)
    card = replace(card, answers=(first, *card.answers[1:]))

    (call,) = render_prompt(who, card, CHANGE, terms()).calls

    assert who.rules[0].id not in call.text.rules
    assert f"{who.rules[0].id} pass" in call.text.question


def test_where_nothing_is_open_nothing_is_sent() -> None:
    who = persona("bug-hunter")
    card = card_of(who, CHANGE)
    card = replace(card, answers=tuple(replace(a, verdict=Verdict.PASS) for a in card.answers))

    assert render_prompt(who, card, CHANGE, terms()).calls == ()


def test_a_planner_looks_at_no_change() -> None:
    who = persona("systems-architect")

    with pytest.raises(UserError, match="has no checklist"):
        render_prompt(who, card_of(who, CHANGE), CHANGE, terms())
