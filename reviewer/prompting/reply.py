"""The answer to a person's question, read strictly: prompt ``ask``.

Unknown keys beside the answer reach nobody. A quote that is not exactly as it must be is not
there; an answer that is not makes the whole text unusable. Nothing here raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reviewer.domain.change import Side
from reviewer.prompting.item_scanner import find_object

#: A person reads no more of them; the prompt asks for 200 words and the lines that show them.
MOST_QUOTES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedQuote:
    """Lines that a model says are in the change; nothing of it is believed yet."""

    path: str
    side: Side
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyReading:
    """A model's text as the answer to a question.

    Args:
        answer: Its words; empty where it gave none.
        answerable: Whether the change answers the question, in the model's eyes.
        quotes: What it quotes.
        problem: Why the text cannot be used; empty where it can.
    """

    answer: str = ""
    answerable: bool = True
    quotes: tuple[ClaimedQuote, ...] = ()
    problem: str = ""


class _WireQuote(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    path: Annotated[str, Field(min_length=1, max_length=4_096)]
    side: Literal["head", "base"]
    quote: Annotated[str, Field(min_length=1, max_length=8_000)]


class _WireReply(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    answerable: bool
    answer: Annotated[str, Field(max_length=20_000)]
    quotes: Annotated[list[object], Field(max_length=200)]


def read_reply(text: str) -> ReplyReading:
    """Read a text of ``ask``.

    Args:
        text: The model's text.
    """
    found = find_object(text, "quotes")
    if isinstance(found, str):
        return ReplyReading(problem=found)
    try:
        wire = _WireReply.model_validate(found)
    except ValidationError as error:
        field = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, field["loc"]))
        return ReplyReading(problem=f"{place}: {field['msg']}")
    answer = wire.answer.strip()
    if not answer:
        return ReplyReading(problem="the answer is empty")
    quotes = [quote for item in wire.quotes if (quote := _quote(item)) is not None]
    return ReplyReading(
        answer=answer,
        answerable=wire.answerable,
        quotes=tuple(dict.fromkeys(quotes))[:MOST_QUOTES],
    )


def _quote(item: object) -> ClaimedQuote | None:
    if not isinstance(item, Mapping):
        return None
    try:
        wire = _WireQuote.model_validate(item)
    except ValidationError:
        return None
    return ClaimedQuote(path=wire.path, side=Side(wire.side), quote=wire.quote)
