"""Render what a persona would be asked about a change, without asking: every call, with its tokens.

It is what a review with this persona alone would send, but for the nonce, which is new in every
run. Where several personas review, they share batches, and these may be cut differently.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from reviewer.domain.arrangement import CacheTerms
from reviewer.domain.change import Change
from reviewer.domain.checklist import Answer, Scorecard, Verdict
from reviewer.domain.persona import Persona
from reviewer.domain.plan import LeftOut, Limits, Plan, is_open
from reviewer.errors import UserError
from reviewer.prompting.draft import draft_plan
from reviewer.prompting.estimate import Estimator
from reviewer.prompting.fence import PLACE_OF_NONCE, choose_nonce
from reviewer.prompting.laid_out import LaidOut
from reviewer.prompting.prompt_catalogue import PromptCatalogue, PromptWishes
from reviewer.prompting.question_values import Asked, checklist_text
from reviewer.prompting.request_text import (
    DEFAULT_LANGUAGE,
    Composition,
    Framing,
    RequestText,
    SharedText,
    is_trusted,
    prompt_name,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the rendering hangs on, besides the change and the persona.

    Args:
        prompts: The prompts.
        today: The date that the model is told.
        draw: Draws a new random nonce.
        limits: What bounds the plan.
        estimator: Counts tokens.
        cache: When the provider's cache helps.
        language: Tag of the language of the prose.
        repository: The repository's full name, for the choice of versions.
        wishes: What people settle about versions.
        suggest: Whether replacements of lines are wanted.
        effort: How hard the model thinks, by the operator's word.
        introduction: Kind and text of blocks before the change: title and description, cleaned.
    """

    prompts: PromptCatalogue
    today: date
    draw: Callable[[], str]
    limits: Limits
    estimator: Estimator = field(default_factory=Estimator)
    cache: CacheTerms = field(default_factory=CacheTerms)
    language: str = DEFAULT_LANGUAGE
    repository: str = ""
    wishes: PromptWishes = field(default_factory=PromptWishes)
    suggest: bool = False
    effort: str | None = None
    introduction: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedCall:
    """One call, as it would be sent, and about how many tokens each part of it has."""

    text: RequestText
    paths: tuple[str, ...]
    system_tokens: int
    prefix_tokens: int
    question_tokens: int
    schema_tokens: int

    @property
    def input_tokens(self) -> int:
        """About how many tokens go in."""
        return self.system_tokens + self.prefix_tokens + self.question_tokens + self.schema_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedPrompt:
    """Everything that a persona would be asked.

    Args:
        calls: One a batch; none where tools have decided every rule.
        left_out: What would not be shown although rules speak about it, with the reason.
    """

    calls: tuple[RenderedCall, ...]
    left_out: tuple[LeftOut, ...] = ()


def render_prompt(
    persona: Persona, card: Scorecard, change: Change, terms: Terms
) -> RenderedPrompt:
    """Render what a persona would be asked about a change.

    Args:
        persona: Who would look.
        card: Its answers from mechanical evidence.
        change: The change.
        terms: What else it hangs on.

    Raises:
        UserError: The persona asks nothing about a change.
    """
    if not persona.rules:
        raise UserError(
            f"{persona.name} has no checklist and looks at no change",
            hint="It plans on request; see: reviewer prompts show plan",
        )
    compositions = _Compositions(terms=terms, persona=persona)
    draft = draft_plan(
        change,
        [(persona, card, compositions.filled(PLACE_OF_NONCE))],
        terms.limits,
        terms.estimator.tokens,
        introduction_tokens=sum(terms.estimator.tokens(text) for _, text in terms.introduction),
        cache=terms.cache,
    )
    plan, laid_out = draft.plan, draft.laid_out
    calls = tuple(_calls(compositions, plan, laid_out, card))
    return RenderedPrompt(calls=calls, left_out=(*plan.left_out, *laid_out.cut_lines(plan)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compositions:
    """The persona's prompt, before the nonce is known."""

    terms: Terms
    persona: Persona

    def filled(self, nonce: str) -> Composition:
        terms = self.terms
        prompt = terms.prompts.choose(
            prompt_name(self.persona), repository=terms.repository, wishes=terms.wishes
        )
        return Composition(
            prompt=prompt,
            contract=terms.prompts.contract_of(prompt),
            framing=Framing(today=terms.today, nonce=nonce, language=terms.language),
        )


def settled(persona: Persona, card: Scorecard) -> tuple[Answer, ...]:
    """Return the rules that tools have decided, which the persona is not asked."""
    answers = {answer.rule_id: answer for answer in card.answers}
    decided = {Verdict.PASS, Verdict.FAIL}
    return tuple(
        answer
        for rule in persona.rules
        if (answer := answers.get(rule.id)) is not None
        and answer.verdict in decided
        and not is_open(rule, answer)
    )


def _calls(
    compositions: _Compositions, plan: Plan, laid_out: LaidOut, card: Scorecard
) -> Iterator[RenderedCall]:
    """Yield every call of the plan; one nonce for all of them."""
    terms, persona = compositions.terms, compositions.persona
    texts = [laid_out.text(plan, batch, terms.introduction) for batch in plan.batches]
    held = [text for batch in texts for _, text in batch.blocks]
    nonce = choose_nonce(terms.draw, [*held, *_texts_of(persona)])
    composition = compositions.filled(nonce)
    for batch, text in zip(plan.batches, texts, strict=True):
        for ask in batch.asks:
            asked = Asked(
                persona=persona,
                rules=[rule for rule in persona.rules if rule.id in ask.rules],
                settled=settled(persona, card),
                suggest=terms.suggest,
            )
            call = checklist_text(composition, asked, SharedText.of_batch(text, nonce))
            yield _measured(_fitted(call, terms), text.paths, terms.estimator)


def _fitted(call: RequestText, terms: Terms) -> RequestText:
    """Bound the answer by what the model gives, and think as hard as the operator says."""
    most = min(call.parameters.max_output_tokens, terms.limits.output_tokens)
    effort = terms.effort or call.parameters.effort
    return replace(call, parameters=replace(call.parameters, max_output_tokens=most, effort=effort))


def _texts_of(persona: Persona) -> Sequence[str]:
    """Return what a persona brings into a fence."""
    if is_trusted(persona):
        return ()
    rules = (t for r in persona.rules for t in (r.id, r.check, r.why, r.bad, r.good))
    return (persona.title, persona.charter, *rules)


def _measured(call: RequestText, paths: tuple[str, ...], estimator: Estimator) -> RenderedCall:
    return RenderedCall(
        text=call,
        paths=paths,
        system_tokens=estimator.tokens(call.system),
        prefix_tokens=estimator.tokens(call.prefix),
        question_tokens=estimator.tokens(call.question),
        schema_tokens=estimator.tokens(json.dumps(call.schema)),
    )
