"""Replies to commands: short, sanitised, and never a command themselves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.command import CommandName, Malformed, holds_command
from reviewer.domain.command_usage import USAGES, CommandRules
from reviewer.domain.history import KnownState
from reviewer.domain.material import Reply
from reviewer.domain.persona import Persona, Rule, Severity
from reviewer.domain.policy import Policy
from reviewer.domain.posting import Permission
from reviewer.domain.selection import Choice, ChoiceKind, Selection
from reviewer.rendering.command_page import command_page
from reviewer.rendering.command_reply import (
    REPLY_LIMIT,
    render_answer,
    render_cost,
    render_explanation,
    render_help,
    render_personas,
    render_problem,
    render_refusals,
    render_settings,
    reply_body,
)
from reviewer.rendering.template import Safe
from reviewer.testing.builders import HEAD, build_persona, build_rule
from tests.guards import ROOT
from tests.unit.command_example import PERSONAS, REMEMBERED, SHELL

MARKER = "<!-- persona-reviewer:reply head=a fingerprint= seal=plain.0 -->"

#: What text of a change, of people and of models may try.
HOSTILE = st.lists(
    st.sampled_from(
        [
            *(f"/{name.value}" for name in CommandName),
            *("\n", "\r\n", "\r", "\n\n", " ", "    ", "```", "~~~", "`", "> ", "- ", "1. ", "|"),
            *("<!--", "-->", "<!-- persona-reviewer:summary", "<pre>", "</pre>", "</details>"),
            *("@octo/team", "#1", "fixes #2", "https://evil.example/x", "![a](b)", "[a](b)"),
            *("f7c3a91", "full", "text", "\u2028", "\u200b", "\u202e", "*", "_", "\\", "$$"),
        ]
    )
    | st.text(max_size=6),
    max_size=25,
).map("".join)


def body(*sections: Safe) -> str:
    return reply_body(sections, MARKER)


def said(text: str) -> str:
    """Return what stands before our marker."""
    assert text.endswith(f"\n\n{MARKER}")
    return text.removesuffix(MARKER)


@pytest.mark.holds("P19")
@given(HOSTILE)
def test_no_reply_commands_anything_whatever_it_repeats(text: str) -> None:
    known = replace(
        SHELL, headline=text, path=text, by=text, reason=text, state=KnownState.DISMISSED
    )
    rule = replace(build_rule("SEC007", "Trust"), check=text, why=text, bad=text, good=text)
    persona = replace(build_persona("p", rule), title=text)
    choices = tuple(Choice(persona=text, kind=kind, reason=text) for kind in ChoiceKind)
    sections = (
        render_answer(Reply(text=text), HEAD),
        render_answer(Reply(problem=text), text),
        render_problem(text),
        render_explanation(known, persona, rule),
        render_personas(Selection(choices=choices), (persona,)),
        render_settings(Policy(exclude=(text,), panel=text), (text,)),
    )
    for section in sections:
        shown = said(body(section))
        assert not holds_command(shown)
        assert "<!--" not in shown
        assert "was held back" not in shown
    assert not holds_command(said(body(*sections)))


@pytest.mark.holds("S9", "P29")
def test_what_people_see_of_a_model_means_nothing_to_github() -> None:
    reply = Reply(text="@octo/team fixes #2 ![a](https://evil.example/x?d=1) <img src=x>\n/review")

    shown = body(render_answer(reply, HEAD))

    assert "`@octo/team`" in shown
    assert "`#2`" in shown
    assert "`![a](https://evil.example/x?d=1`" in shown
    assert "<img" not in shown
    assert "\n/review" not in shown
    assert "`/review`" in shown


def test_an_answer_ends_with_what_it_is_about() -> None:
    assert body(render_answer(Reply(text="Yes."), HEAD)).startswith(
        "Yes.\n\n<sub>about `3f9c2ab`</sub>"
    )


def test_a_model_that_says_nothing_is_said_to() -> None:
    assert "The model gave no answer." in render_answer(Reply(text=" \n"), HEAD)


@pytest.mark.parametrize("length", [10_000, 200_000])
def test_a_reply_is_never_too_long(length: int) -> None:
    long = Reply(text="&" * length)
    settings = Policy(exclude=tuple(f"{n}/" + "ä" * 195 for n in range(200)))

    shown = body(
        render_answer(long, HEAD),
        render_settings(settings, ("x" * length,) * 40),
        render_personas(
            Selection(
                choices=(Choice(persona="p", kind=ChoiceKind.CHOSEN, reason="&" * length),) * 20
            ),
            PERSONAS,
        ),
    )

    assert len(shown.encode()) <= REPLY_LIMIT
    assert shown.startswith("&amp;")


def test_what_is_left_out_is_said() -> None:
    section = Safe("a" * (REPLY_LIMIT - 50))

    assert "… the reply would be too long." in body(section)
    assert "… the reply would be too long." in body(Safe("b"), section)


@pytest.mark.holds("P19")
def test_a_line_that_would_command_holds_the_reply_back() -> None:
    assert said(body(Safe("/review"))).startswith("This reply was held back")


def test_a_refusal_says_how_the_command_is_written() -> None:
    refused = Malformed(name=CommandName.REVIEW, problem="There are no options here.")

    assert render_refusals((refused,)) == (
        "There are no options here. It is written `/review [full] [as PERSONA,… | panel NAME]`."
    )


def test_help_names_every_command_with_who_may_use_it() -> None:
    shown = render_help(CommandRules())

    for name, usage in USAGES.items():
        assert f"`/{name.value}" in shown
        assert usage.does in shown
    assert "triage permission, or the author" in shown
    assert "write permission" in shown


def test_help_says_what_the_operator_allows() -> None:
    rules = CommandRules(least=Permission.TRIAGE, author_review_minutes=30)

    shown = render_help(rules)

    assert "write permission" not in shown
    assert "triage permission; the author once in 30 minutes" in shown


def test_costs_are_told_with_what_was_reviewed_last() -> None:
    assert render_cost(REMEMBERED) == (
        "**\\$0.000** and 12.4 k tokens in 2 rounds, as far as prices are known. "
        "The last one reviewed `3f9c2ab`."
    )


def test_a_rule_names_what_decides_it_each_tool_once() -> None:
    from docs.generate import personas

    guard = next(persona for persona in personas() if persona.name == "security-sentinel")
    rule = guard.rule("SEC007")
    assert rule is not None

    shown = render_explanation(SHELL, guard, rule)

    assert shown.count("ruff") == 1
    assert "more" in shown


def test_a_rule_without_tools_is_judged() -> None:
    rule = Rule(
        id="BUG001",
        title="t",
        severity=Severity.MAJOR,
        check="c",
        why="w",
        problem="p",
        remedy="r",
    )
    persona = Persona(name="b", title="B", version=1, summary="s", charter="c", rules=(rule,))

    shown = render_explanation(replace(SHELL, headline=""), persona, rule)

    assert shown.startswith("**p** · BUG001 critical · B · `app/api.py`\n")
    assert shown.endswith("<sub>decided by: judgement</sub>")


def test_nobody_who_reviews_is_said_so() -> None:
    assert "Nobody: nothing in the change" in render_personas(Selection(choices=()), ())


def test_the_page_about_commands_shows_every_form_and_example_and_commands_nothing() -> None:
    page = command_page()

    for usage in USAGES.values():
        assert usage.form.replace("|", "\\|") in page
        assert f"- `{usage.example}`" in page
    assert not holds_command(page)


@pytest.mark.holds("P19")
@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "tests" / "golden").glob("*.md")),
    ids=lambda path: path.name,
)
def test_no_golden_text_that_is_posted_commands_anything(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not holds_command(text)
    assert not any(holds_command(line) for line in text.splitlines())
