"""From a change to a plan in one step, with the prompts and personas that ship."""

from __future__ import annotations

import json
from datetime import date

import pytest

from reviewer.domain.change import Change, Side
from reviewer.domain.checklist import Scorecard, answer_mechanically
from reviewer.domain.evidence import EvidenceKind, Examination, Unexamined
from reviewer.domain.persona import Persona
from reviewer.domain.persona_file import parse_persona
from reviewer.domain.plan import Limits
from reviewer.prompting.draft import draft_plan
from reviewer.prompting.estimate import Estimator
from reviewer.prompting.prompt_catalogue import PromptCatalogue, read_prompts
from reviewer.prompting.question_values import Asked, checklist_text
from reviewer.prompting.request_text import Composition, Framing, SharedText, prompt_name
from reviewer.resources import persona_files, prompt_files, prompt_lock
from reviewer.testing.builders import build_change, build_file

NONCE = "k3x9q7zm"
COUNT = Estimator().tokens
PERSONAS = {
    persona.name: persona
    for persona in (parse_persona(text, name) for name, text in persona_files())
}
BLIND = Examination(
    unexamined=tuple(Unexamined(kind=kind, reason="not examined") for kind in EvidenceKind)
)


@pytest.fixture(scope="module")
def catalogue() -> PromptCatalogue:
    read, _ = read_prompts(prompt_files(), prompt_lock())
    assert read is not None
    return read


def entries(
    change: Change, names: list[str], catalogue: PromptCatalogue
) -> list[tuple[Persona, Scorecard, Composition]]:
    framing = Framing(today=date(2026, 11, 21), nonce=NONCE)
    made = []
    for name in names:
        persona = PERSONAS[name]
        prompt = catalogue.get(prompt_name(persona))
        composition = Composition(
            prompt=prompt, contract=catalogue.contract_of(prompt), framing=framing
        )
        made.append((persona, answer_mechanically(persona, change, BLIND), composition))
    return made


CHANGE = build_change(
    build_file(
        "app/orders.py",
        after="".join(
            f"async def order_{n}(q):\n    return await find(q, {n})\n" for n in range(60)
        ),
    ),
    build_file("Dockerfile", after="FROM python:3.13\nCOPY . .\n", language="dockerfile"),
)


def test_the_estimate_is_what_is_sent_within_a_tenth(catalogue: PromptCatalogue) -> None:
    asked = entries(CHANGE, ["async-maestro", "security-sentinel", "bug-hunter"], catalogue)
    limits = Limits(output_tokens=8_000, context_tokens=200_000)
    draft = draft_plan(CHANGE, asked, limits, COUNT)
    sent = 0
    for batch in draft.plan.batches:
        text = draft.laid_out.text(draft.plan, batch)
        shared = SharedText(text=text.render(NONCE), content_key=text.key, paths=text.paths)
        for ask in batch.asks:
            persona, _, composition = next(e for e in asked if e[0].name == ask.persona)
            assert composition.prompt.identity.name == ask.purpose.value
            rules = [rule for rule in persona.rules if rule.id in ask.rules]
            call = checklist_text(composition, Asked(persona=persona, rules=rules), shared)
            sent += COUNT(call.system) + COUNT(json.dumps(call.schema))
            sent += COUNT(call.prefix) + COUNT(call.question)
    assert draft.plan.estimate.review.input == pytest.approx(sent, rel=0.1)


def test_all_that_get_a_batch_get_the_same_bytes(catalogue: PromptCatalogue) -> None:
    limits = Limits(output_tokens=8_000, context_tokens=200_000)
    orders = (["async-maestro", "bug-hunter"], ["bug-hunter", "async-maestro"])
    texts = []
    for names in orders:
        draft = draft_plan(CHANGE, entries(CHANGE, names, catalogue), limits, COUNT)
        texts.append([draft.laid_out.text(draft.plan, batch) for batch in draft.plan.batches])
    assert [text.key for text in texts[0]] == [text.key for text in texts[1]]
    assert texts[0][0].render(NONCE) == texts[1][0].render(NONCE)


def test_a_file_larger_than_a_small_model_is_shown_in_parts(catalogue: PromptCatalogue) -> None:
    file = build_file("app/large.py", after="".join(f"value_{n} = {n}\n" for n in range(6_000)))
    change = build_change(file)
    asked = entries(change, ["bug-hunter"], catalogue)
    limits = Limits(output_tokens=4_000, context_tokens=16_000)
    draft = draft_plan(change, asked, limits, COUNT)
    assert draft.plan.left_out == ()
    assert len(draft.plan.batches) > 1
    shown: list[int] = []
    for batch in draft.plan.batches:
        text = draft.laid_out.text(draft.plan, batch)
        shown += text.sent.by_path["app/large.py"].lines(Side.HEAD)
        whole = batch.tokens + max(ask.tokens for ask in batch.asks) + limits.output_tokens
        assert whole <= 16_000
    assert sorted(shown) == list(file.added)


def test_a_planner_without_rules_is_not_asked_about_batches(catalogue: PromptCatalogue) -> None:
    asked = entries(CHANGE, ["systems-architect"], catalogue)
    limits = Limits(output_tokens=8_000, context_tokens=200_000)
    assert draft_plan(CHANGE, asked, limits, COUNT).plan.batches == ()
