"""Plan what models are asked about a change: batches, questions, what is left out, the price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from reviewer.domain.arrangement import USUAL_CACHE, Batch, CacheTerms, Prices
from reviewer.domain.change import Change
from reviewer.domain.checklist import Scorecard
from reviewer.domain.completion import Usage
from reviewer.domain.operator_configuration import Pace
from reviewer.domain.persona import Persona
from reviewer.domain.plan import Covered, LeftOut, Plan, nothing_covered
from reviewer.prompting.batch import BatchText
from reviewer.prompting.draft import draft_plan
from reviewer.prompting.fence import PLACE_OF_NONCE, choose_nonce
from reviewer.prompting.request_text import SharedText, is_trusted, prompt_name
from reviewer.service.model_setup import ModelSetup

#: Prices are asked for this many tokens: long inputs cost more at some providers, ours are short.
_SAMPLE = 10_000
_SAMPLES_IN_A_MILLION = 100


@dataclass(frozen=True, kw_only=True)
class PlannedBatch:
    """A batch with its text.

    Args:
        batch: What is shown and asked.
        text: What is sent of it, line by line.
        shared: The same between its fences.
    """

    batch: Batch
    text: BatchText = field(repr=False)
    shared: SharedText = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Consultation:
    """Everything that models are to be asked, settled before the first call.

    Args:
        plan: Who is asked what, what is left out, what it costs.
        batches: The batches, in the order in which they are sent.
        nonce: The word that marks data in this run.
        cut: Files whose long lines are not shown to their end.
    """

    plan: Plan
    batches: tuple[PlannedBatch, ...]
    nonce: str
    cut: tuple[LeftOut, ...] = ()


def plan_consultation(
    setup: ModelSetup,
    change: Change,
    personas: Sequence[Persona],
    cards: Sequence[Scorecard],
    *,
    covered: Covered = nothing_covered,
    introduction: Sequence[tuple[str, str]] = (),
) -> Consultation:
    """Plan what models are asked, after tools have answered what they can.

    Args:
        setup: The models and how to go about it.
        change: What is reviewed.
        personas: Who reviews.
        cards: What tools answered, in the same order.
        covered: What an earlier round has answered.
        introduction: Kind and text of blocks before every batch: title and description, cleaned.
    """
    count = setup.client.estimator(setup.model).tokens
    asked = [
        (persona, card, setup.composition(prompt_name(persona), PLACE_OF_NONCE))
        for persona, card in zip(personas, cards, strict=True)
    ]
    draft = draft_plan(
        change,
        asked,
        setup.limits(),
        count,
        introduction_tokens=sum(count(text) for _, text in introduction),
        covered=covered,
        cache=CacheTerms(
            least_tokens=_cached_from(setup),
            waits=setup.pace is Pace.COST,
        ),
        prices=_prices(setup),
    )
    texts = [draft.laid_out.text(draft.plan, batch, introduction) for batch in draft.plan.batches]
    # The nonce is drawn anew if the change holds it, which nobody can bring about.
    blocks = [block for text in texts for _, block in text.blocks]
    foreign = [repr(persona) for persona in personas if not is_trusted(persona)]
    nonce = choose_nonce(setup.draw_nonce, [*blocks, *foreign])
    return Consultation(
        plan=draft.plan,
        batches=tuple(
            _planned(batch, text, nonce)
            for batch, text in zip(draft.plan.batches, texts, strict=True)
        ),
        nonce=nonce,
        cut=draft.laid_out.cut_lines(draft.plan),
    )


def _cached_from(setup: ModelSetup) -> int | None:
    """Return the shortest prefix, in tokens, that is kept; None where none is.

    Servers of one's own (llama-server, vLLM, Ollama) keep any prefix.
    """
    if setup.model.provider == "compatible":
        return 0
    profile = setup.profile()
    return profile.cache_min_tokens if profile.known else USUAL_CACHE.least_tokens


def _planned(batch: Batch, text: BatchText, nonce: str) -> PlannedBatch:
    return PlannedBatch(
        batch=batch,
        text=text,
        shared=SharedText(text=text.render(nonce), content_key=text.key, paths=text.paths),
    )


def _prices(setup: ModelSetup) -> Prices | None:
    """Return what a million tokens of each bucket cost; None where nobody knows."""
    priced = [
        _price_of_a_million(setup, usage)
        for usage in (
            Usage(fresh_input=_SAMPLE),
            Usage(cache_read=_SAMPLE),
            Usage(cache_write=_SAMPLE),
            Usage(output=_SAMPLE),
        )
    ]
    fresh, read, write, output = priced
    if fresh is None or read is None or write is None or output is None:
        return None
    return Prices(fresh=fresh, cache_read=read, cache_write=write, output=output)


def _price_of_a_million(setup: ModelSetup, usage: Usage) -> Decimal | None:
    price = setup.client.pricing.price(setup.model, usage, at=setup.client.clock.now())
    return None if price is None else price * _SAMPLES_IN_A_MILLION
