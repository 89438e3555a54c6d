"""From a change and what tools answered to a plan and the texts that it will send: one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reviewer.domain.arrangement import USUAL_CACHE, CacheTerms, Prices
from reviewer.domain.change import Change
from reviewer.domain.checklist import Scorecard
from reviewer.domain.persona import Persona
from reviewer.domain.plan import Covered, Limits, Plan, make_plan, nothing_covered
from reviewer.prompting.estimate import CountTokens
from reviewer.prompting.laid_out import LaidOut, lay_out_change
from reviewer.prompting.question_size import measured_question, system_tokens
from reviewer.prompting.request_text import Composition

#: A part of a large file fills so much of a batch at most; its header and evidence need room, too.
_SHARE_OF_BATCH = 0.75
_SAMPLE = "x" * 3_000
#: What a part holds at least, in characters: one long line.
_SMALLEST_PART = 1_200


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A plan, and the change as it will be shown.

    Args:
        plan: Who is asked what about which batch.
        laid_out: Builds the text of each batch.
    """

    plan: Plan
    laid_out: LaidOut


def draft_plan(  # noqa: PLR0913 - all that a plan hangs on, by name
    change: Change,
    asked: Sequence[tuple[Persona, Scorecard, Composition]],
    limits: Limits,
    count: CountTokens,
    *,
    introduction_tokens: int = 0,
    cache: CacheTerms = USUAL_CACHE,
    prices: Prices | None = None,
    reasoning_tokens: int = 0,
    covered: Covered = nothing_covered,
) -> Draft:
    """Plan a review with a model.

    Args:
        change: What is reviewed.
        asked: Each chosen persona with its answers from mechanical evidence and its prompt.
        limits: What bounds the run.
        count: Counts the tokens of a text, as the model does.
        introduction_tokens: What stands before the change in every batch (title, description).
        cache: When the provider's cache helps.
        prices: What tokens cost; None where nobody knows.
        reasoning_tokens: What the model thinks before an answer, where it does.
        covered: What an earlier round has answered.
    """
    with_rules = [entry for entry in asked if entry[0].rules]
    questions = [
        question
        for persona, card, composition in with_rules
        if (
            question := measured_question(
                composition, persona, card, change, count, covered=covered
            )
        )
        is not None
    ]
    before = introduction_tokens + max(
        (system_tokens(composition, persona, count) for persona, _, composition in with_rules),
        default=0,
    )
    largest = max((question.most_tokens for question in questions), default=0)
    capacity = limits.capacity(before, largest)
    characters = capacity * len(_SAMPLE) / max(1, count(_SAMPLE))
    laid_out = lay_out_change(
        change,
        [finding for _, card, _ in asked for answer in card.answers for finding in answer.findings],
        part_characters=max(_SMALLEST_PART, int(characters * _SHARE_OF_BATCH)),
    )
    plan = make_plan(
        laid_out.pieces(count),
        questions,
        limits,
        system_tokens=before,
        cache=cache,
        prices=prices,
        reasoning_tokens=reasoning_tokens,
    )
    return Draft(plan=plan, laid_out=laid_out)
