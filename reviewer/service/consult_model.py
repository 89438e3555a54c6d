"""Ask models what tools could not decide: every persona about every batch, within one budget.

Each call can fail by itself; what it was asked is then not assessed, with the reason, and nobody
else is affected. Nothing that a model says leaves here unchecked (`prompting.claim`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reviewer.domain.arrangement import Ask
from reviewer.domain.change import Change
from reviewer.domain.checklist import Scorecard
from reviewer.domain.completion import Completion, CompletionRequest, FailureKind, Finish
from reviewer.domain.failure_cause import cause_of_call
from reviewer.domain.operator_configuration import Pace
from reviewer.domain.persona import Persona
from reviewer.domain.run_event import FailureCause
from reviewer.domain.sanitiser import cut, one_line
from reviewer.ports.model import CompletionError
from reviewer.prompting.answer import CheckedAnswers, Reading, ReadingState
from reviewer.prompting.claim import NO_ANSWER, check_answers
from reviewer.prompting.claim import Question as ClaimQuestion
from reviewer.prompting.question_values import Asked, checklist_text
from reviewer.prompting.reading import read_answers
from reviewer.prompting.request_text import repaired
from reviewer.service.model_setup import ModelSetup
from reviewer.service.plan_consultation import Consultation, PlannedBatch
from reviewer.service.render_prompt import settled

_REASON_LIMIT = 200


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What one persona's model said about one batch, after every check.

    Args:
        persona: The persona's name.
        batch: What it was shown.
        checked: Verdicts, findings that may stay, and what was not believed.
        gap: Why the answer is missing or not whole; empty where it is whole.
        cause: What kind of thing kept it from being whole; None where it is.
        requests: The requests that were sent for it.
    """

    persona: str
    batch: PlannedBatch
    checked: CheckedAnswers
    gap: str = ""
    cause: FailureCause | None = None
    requests: tuple[CompletionRequest, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True)
class _Answered:
    """The best reading of a call and its one repair, and what is missing."""

    reading: Reading
    gap: str
    requests: tuple[CompletionRequest, ...]
    failure: FailureKind | None = None

    @property
    def cause(self) -> FailureCause | None:
        """What kind of thing kept the answer from being whole."""
        if not self.gap:
            return None
        return FailureCause.MODEL if self.failure is None else cause_of_call(self.failure)


async def consult_model(
    setup: ModelSetup,
    consultation: Consultation,
    change: Change,
    personas: Sequence[Persona],
    cards: Sequence[Scorecard],
) -> tuple[Opinion, ...]:
    """Ask everybody everything that is planned.

    Args:
        setup: The models and how to go about it.
        consultation: The plan.
        change: What is reviewed.
        personas: Who reviews.
        cards: What tools answered, in the same order.

    Returns:
        One opinion a persona and batch, in the order of the plan.
    """
    people = {persona.name: persona for persona in personas}
    answered = {card.persona: card for card in cards}

    async def ask(
        planned: PlannedBatch, question: Ask, on_first_byte: Callable[[], None] | None = None
    ) -> Opinion:
        persona = people[question.persona]
        composition = setup.composition(question.purpose.value, consultation.nonce)
        asked = Asked(
            persona=persona,
            rules=[rule for rule in persona.rules if rule.id in question.rules],
            settled=settled(persona, answered[persona.name]),
            suggest=setup.suggestions,
        )
        text = checklist_text(composition, asked, planned.shared)
        request = setup.fitted(text.request(setup.model_of(persona), run_id=setup.run_id))
        result = await _answer(setup, request, consultation.nonce, on_first_byte)
        checked = check_answers(
            result.reading.answers,
            ClaimQuestion(
                persona=persona,
                asked=question.rules,
                sent=planned.text.sent,
                change=change,
                secrets=setup.secrets,
            ),
            missing=result.gap or NO_ANSWER,
        )
        return Opinion(
            persona=persona.name,
            batch=planned,
            checked=checked,
            gap=result.gap,
            cause=result.cause,
            requests=result.requests,
        )

    async def ask_all(planned: PlannedBatch) -> list[Opinion]:
        first, *others = planned.batch.asks
        begun = asyncio.Event()
        leading = asyncio.create_task(ask(planned, first, begun.set))
        # A cache entry exists once the first answer has begun: the others read it instead of
        # paying for the change again. A call that fails never begins.
        leading.add_done_callback(lambda _: begun.set())
        if planned.batch.cached and others and setup.pace is Pace.COST:
            await begun.wait()
        return await asyncio.gather(leading, *(ask(planned, other) for other in others))

    batches = await asyncio.gather(*(ask_all(planned) for planned in consultation.batches))
    return tuple(opinion for batch in batches for opinion in batch)


async def _answer(
    setup: ModelSetup,
    request: CompletionRequest,
    nonce: str,
    on_first_byte: Callable[[], None] | None,
) -> _Answered:
    """Ask once, and once more where the answer cannot be read; never the same input twice."""
    try:
        completion = await setup.client.complete(request, on_first_byte=on_first_byte)
    except CompletionError as error:
        return _Answered(
            reading=_NOTHING,
            gap=failure_words(error),
            requests=(request,),
            failure=error.failure.kind,
        )
    reading = read_answers(completion.text)
    gap = _stopped(completion)
    if gap or reading.state is ReadingState.COMPLETE:
        gap = gap if reading.state is not ReadingState.COMPLETE else ""
        return _Answered(reading=reading, gap=gap, requests=(request,))
    again = repaired(
        setup.composition("repair", nonce).prompt,
        request,
        answer=completion.text,
        problem=reading.problem,
        nonce=nonce,
    )
    try:
        second = await setup.client.complete(again)
    except CompletionError as error:
        gap = f"the answer could not be read: {_short(reading.problem)}; {failure_words(error)}"
        return _Answered(
            reading=reading, gap=gap, requests=(request, again), failure=error.failure.kind
        )
    mended = read_answers(second.text)
    if mended.state is ReadingState.COMPLETE:
        return _Answered(reading=mended, gap="", requests=(request, again))
    best = max((reading, mended), key=lambda candidate: len(candidate.answers))
    gap = f"the answer could not be read: {_short(best.problem)}"
    return _Answered(reading=best, gap=gap, requests=(request, again))


_NOTHING = Reading(state=ReadingState.UNUSABLE)


def _stopped(completion: Completion) -> str:
    """Say why a model stopped before it was done; empty where it was."""
    match completion.finish:
        case Finish.LENGTH:
            return "the answer was cut off at its longest"
        case Finish.REFUSAL:
            return "the model refused to answer"
        case Finish.FILTER:
            return "the provider's filter stopped the answer"
        case Finish.OTHER | Finish.STOP:
            return ""


def failure_words(error: CompletionError) -> str:
    """Say in a phrase why there is no answer."""
    failure = error.failure
    if failure.kind is FailureKind.BUDGET:
        return failure.message
    status = "" if failure.status is None else f" ({failure.status})"
    kind = failure.kind.value.replace("_", " ")
    return f"the model did not answer: {kind}{status}: {_short(failure.message)}"


def _short(text: str) -> str:
    return cut(one_line(text), _REASON_LIMIT)
