"""Answer what a person asks about a change (``/ask``), or plan something (``/plan``): one call.

A question is data, like everything else that people write. What is shown of the change is as much
as the model holds and the ceilings pay for, the riskiest files first; what is not shown is told to
the model and to the person. Quotes are looked for in what was sent, and those that are not there
are left out. The text is a model's: whoever shows it sanitises it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from reviewer.domain.arrangement import AROUND_BATCH
from reviewer.domain.change import Change
from reviewer.domain.completion import CompletionRequest, Finish
from reviewer.domain.material import Question, QuestionKind, Reply
from reviewer.domain.persona import Persona
from reviewer.domain.plan import ONLY_A_PART
from reviewer.domain.sanitiser import cut, fenced, inline_code, one_line
from reviewer.ports.model import CompletionError
from reviewer.prompting.batch import BatchText, build_batch
from reviewer.prompting.description import clean_title_and_body
from reviewer.prompting.estimate import CountTokens
from reviewer.prompting.fence import PLACE_OF_NONCE, choose_nonce
from reviewer.prompting.item_scanner import without_thoughts
from reviewer.prompting.laid_out import lay_out_change
from reviewer.prompting.layout import Section
from reviewer.prompting.question_values import plan_text, question_text
from reviewer.prompting.quote import Located, locate
from reviewer.prompting.reply import ReplyReading, read_reply
from reviewer.prompting.request_text import NOTHING_SHARED, RequestText, SharedText
from reviewer.service.consult_model import failure_words
from reviewer.service.model_setup import ModelSetup

#: A longer question is cut, in characters: what is asked of one change is said in less.
LONGEST_QUESTION = 1_000
#: A request for a plan may be a whole description.
LONGEST_REQUEST = 8_000

TOO_MUCH = "left out, because more does not fit into one question"

#: How often what is shown is halved until the ceilings pay for it.
_MOST_HALVINGS = 6
_SAMPLE = "x" * 3_000
#: As for a review: a part of a large file leaves room for others.
_SHARE_OF_ROOM = 0.75
_SMALLEST_PART = 1_200
_MOST_NAMED = 10
_PROBLEM_LIMIT = 200


async def answer_question(
    setup: ModelSetup,
    question: Question,
    *,
    change: Change,
    description: tuple[str, str],
    personas: Callable[[], Sequence[Persona]],
) -> Reply:
    """Answer a question with one call of a model.

    Args:
        setup: The model and how to go about it.
        question: What is asked; untrusted.
        change: What it is asked about.
        description: Title and body, as people wrote them.
        personas: The personas that ship; one of them plans.

    Returns:
        The model's words, or why there are none; never half an answer.
    """
    asked = clean_title_and_body("", question.text).body
    if question.kind is QuestionKind.PLAN:
        return await _plan(setup, asked, description, personas())
    if not asked:
        return Reply(problem="There is no question. Write it behind the command: /ask TEXT")
    if not change.reviewed:
        return Reply(problem="No file of this change can be shown to a model.")
    return await _ask(setup, cut(asked, LONGEST_QUESTION), change, description)


async def _ask(
    setup: ModelSetup, asked: str, change: Change, description: tuple[str, str]
) -> Reply:
    prepared = _Prepared.of(setup, asked, change, description)
    if not prepared.batch.paths:
        return Reply(
            problem="No file of this change fits into what the model holds and ceilings pay for."
        )
    reply = await _complete(setup, prepared.request)
    if reply.problem:
        return reply
    reading = read_reply(reply.text)
    if reading.problem:
        problem = cut(one_line(reading.problem), _PROBLEM_LIMIT)
        return Reply(problem=f"The model's answer could not be read: {problem}.", use=reply.use)
    return Reply(text="\n\n".join(_told(reading, prepared)), use=reply.use)


async def _plan(
    setup: ModelSetup, asked: str, description: tuple[str, str], personas: Sequence[Persona]
) -> Reply:
    planner = next((persona for persona in personas if not persona.rules), None)
    if planner is None:
        return Reply(problem="There is no persona that plans.")
    if not asked:
        told = clean_title_and_body(*description)
        asked = f"{told.title}\n\n{told.body}".strip()
    if not asked:
        return Reply(problem="There is nothing to plan. Write it behind the command: /plan TEXT")
    asked = cut(asked, LONGEST_REQUEST)
    nonce = choose_nonce(setup.draw_nonce, [asked])
    text = plan_text(setup.composition("plan", nonce), planner, asked)
    request = setup.fitted(text.request(setup.model_of(planner), run_id=setup.run_id))
    reply = await _complete(setup, request)
    plan = without_thoughts(reply.text).strip()
    if not reply.problem and not plan:
        return Reply(problem="The model gave no plan.", use=reply.use)
    return Reply(text=plan, problem=reply.problem, use=reply.use)


async def _complete(setup: ModelSetup, request: CompletionRequest) -> Reply:
    """Make the one call; an answer that is not whole is none."""
    try:
        completion = await setup.client.complete(request)
    except CompletionError as error:
        return Reply(
            problem=f"There is no answer: {failure_words(error)}.",
            use=setup.use_of([str(request.model)], [request.prompt]),
        )
    use = setup.use_of([str(request.model)], [request.prompt])
    match completion.finish:
        case Finish.LENGTH:
            return Reply(problem="The answer was cut off at its longest.", use=use)
        case Finish.REFUSAL:
            return Reply(problem="The model refused to answer.", use=use)
        case Finish.FILTER:
            return Reply(problem="The provider's filter stopped the answer.", use=use)
        case Finish.OTHER | Finish.STOP:
            return Reply(text=completion.text, use=use)


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """A question as it is sent.

    Args:
        request: The call.
        batch: What it shows.
        not_shown: Each path of the change that is not shown, or not all of it, with the reason.
    """

    request: CompletionRequest = field(repr=False)
    batch: BatchText
    not_shown: tuple[tuple[str, str], ...]

    @classmethod
    def of(
        cls, setup: ModelSetup, asked: str, change: Change, description: tuple[str, str]
    ) -> _Prepared:
        """Show as much of the change as fits."""
        told = clean_title_and_body(*description)
        introduction = [("title", told.title), ("description", told.body)]
        introduction = [(kind, text) for kind, text in introduction if text]
        count = setup.client.estimator(setup.model).tokens
        limits = setup.limits()
        bare = question_text(setup.composition("ask", PLACE_OF_NONCE), asked, NOTHING_SHARED)
        before = _system_tokens(bare, count) + sum(count(text) for _, text in introduction)
        room = limits.capacity(before, count(bare.question))
        if limits.run_tokens is not None:
            others = limits.output_tokens + before + count(bare.question) + AROUND_BATCH
            room = max(0, min(room, limits.run_tokens - others))

        def filled(room: int) -> _Prepared:
            sections, not_shown = _shown(change, room, count)
            batch = build_batch(sections, not_shown=not_shown, introduction=introduction)
            nonce = choose_nonce(setup.draw_nonce, [asked, *(text for _, text in batch.blocks)])
            shared = SharedText.of_batch(batch, nonce)
            text = question_text(setup.composition("ask", nonce), asked, shared)
            request = setup.fitted(text.request(setup.model, run_id=setup.run_id))
            return cls(request=request, batch=batch, not_shown=not_shown)

        prepared = filled(room)
        for _ in range(_MOST_HALVINGS):
            cost = setup.client.worst_cost(prepared.request)
            if cost is None or limits.run_dollars is None or cost <= limits.run_dollars:
                break
            room //= 2
            prepared = filled(room)
        return prepared


def _system_tokens(text: RequestText, count: CountTokens) -> int:
    return count(text.system) + (0 if text.schema is None else count(json.dumps(text.schema)))


def _shown(
    change: Change, room: int, count: CountTokens
) -> tuple[list[Section], tuple[tuple[str, str], ...]]:
    """Choose what is shown, in the order of risk: whatever still fits.

    Args:
        change: The change.
        room: How many tokens of files may be shown.
        count: Counts the tokens of a text.
    """
    characters = room * len(_SAMPLE) / max(1, count(_SAMPLE))
    part = max(_SMALLEST_PART, int(characters * _SHARE_OF_ROOM))
    laid_out = lay_out_change(change, (), part_characters=part)
    shown: list[Section] = []
    for section, piece in zip(laid_out.sections, laid_out.pieces(count), strict=True):
        if piece.tokens <= room:
            room -= piece.tokens
            shown.append(section)
    return shown, tuple(_not_shown(change, laid_out.sections, shown))


def _not_shown(
    change: Change, sections: Sequence[Section], shown: Sequence[Section]
) -> Iterator[tuple[str, str]]:
    here = {section.path for section in shown}
    kept = {(section.path, section.part) for section in shown}
    parts = {s.path for s in sections if (s.path, s.part) not in kept}
    for file in change.files:
        if file.not_reviewed is not None:
            yield file.path, str(file.not_reviewed)
        elif file.path not in here:
            yield file.path, TOO_MUCH
        elif file.path in parts:
            yield file.path, ONLY_A_PART


def _told(reading: ReplyReading, prepared: _Prepared) -> Iterator[str]:
    """Yield the paragraphs of a reply: the answer, what shows it, what nobody looked at."""
    yield reading.answer
    missing = 0
    for claimed in reading.quotes:
        sent = prepared.batch.sent.by_path.get(claimed.path)
        located = None if sent is None else locate(sent, claimed.side, claimed.quote)
        if isinstance(located, Located):
            yield f"{inline_code(str(located.quoted))}\n\n{fenced(located.text)}"
        else:
            missing += 1
    if missing:
        quotes = "1 quote of the answer is" if missing == 1 else f"{missing} quotes of it are"
        yield f"{quotes} not in the change and left out here."
    paths = list(dict.fromkeys(path for path, _ in prepared.not_shown))
    if paths:
        named = ", ".join(inline_code(path) for path in paths[:_MOST_NAMED])
        more = len(paths) - _MOST_NAMED
        yield f"Not shown to the model, or not whole: {named}" + (
            f" and {more} more." if more > 0 else "."
        )
