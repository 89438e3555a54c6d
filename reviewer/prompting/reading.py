"""A model's text becomes answers, strictly: what is not exactly as it must be is not there.

Decisions:

- Unknown keys beside ``answers`` (``event``, ``score``, ``commands``) reach nobody: they are named
  in the problem and the answers count. Unknown keys inside an answer make that answer invalid.
- An invalid answer is left out as a whole, the others count (`ReadingState.SALVAGED`).
- An answer or a finding that is there twice, word for word, is there once.
- A text that repeats itself without end is no answer.
- No answer at all is no clean result: `ReadingState.UNUSABLE`.

Nothing here raises, whatever the text; the time is linear in its length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from reviewer.domain.change import Side
from reviewer.domain.checklist import Verdict
from reviewer.domain.persona import Severity
from reviewer.domain.sanitiser import cut, one_line
from reviewer.prompting.answer import ClaimedAnswer, ClaimedFinding, Reading, ReadingState
from reviewer.prompting.item_scanner import FaultyItemError, Scan, scan
from reviewer.prompting.verification import ClaimedVerdict, VerdictReading
from reviewer.prompting.wire import MOST_ANSWERS, WireAnswer, WireFinding, WireVerdict

#: A repair prompt names so many problems; the rest is of the same kind.
_MOST_TOLD = 8
_PROBLEM_LIMIT = 200

#: A text of at least so many words, of which fewer than one in eight is new, goes in circles.
_CIRCLE_WORDS = 48
_CIRCLE_SHARE = 8

_Shape = TypeVar("_Shape", bound=BaseModel)
_Value = TypeVar("_Value")


def read_answers(text: str) -> Reading:
    """Read a text of ``review`` or ``hunt``.

    Args:
        text: The model's text.

    Returns:
        The answers that are fully there, and what is wrong with the rest.
    """
    found = scan(text, "answers", most=MOST_ANSWERS)
    values, problems = _validated(found, "answers", WireAnswer, _answer)
    values = tuple(dict.fromkeys(values))
    return Reading(
        state=_state(found, values, problems), answers=values, problem=_told(found, problems)
    )


def read_verdicts(text: str) -> VerdictReading:
    """Read a text of ``verify``; as `read_answers`."""
    found = scan(text, "verdicts", most=MOST_ANSWERS)
    values, problems = _validated(found, "verdicts", WireVerdict, _verdict)
    values = tuple(dict.fromkeys(values))
    return VerdictReading(
        state=_state(found, values, problems), verdicts=values, problem=_told(found, problems)
    )


def _state(found: Scan, values: Sequence[object], problems: Sequence[str]) -> ReadingState:
    if not values:
        return ReadingState.UNUSABLE
    if problems or found.problem or not found.complete:
        return ReadingState.SALVAGED
    return ReadingState.COMPLETE


def _told(found: Scan, problems: Sequence[str]) -> str:
    told = [found.problem] if found.problem else []
    if not found.items and not told:
        told = ["there is no answer in it"]
    told += problems[:_MOST_TOLD]
    if len(problems) > _MOST_TOLD:
        told.append(f"and {len(problems) - _MOST_TOLD} more")
    if found.ignored:
        names = ", ".join(cut(one_line(name), 40) for name in found.ignored[:_MOST_TOLD])
        told.append(f"{len(found.ignored)} unknown fields were ignored ({names})")
    return "; ".join(told)


def _validated(
    found: Scan, key: str, shape: type[_Shape], build: Callable[[_Shape], _Value]
) -> tuple[tuple[_Value, ...], tuple[str, ...]]:
    values: list[_Value] = []
    problems: list[str] = []
    for index, item in enumerate(found.items):
        if isinstance(item, FaultyItemError):
            problems.append(f"{key}[{index}]: {item}")
            continue
        try:
            values.append(build(shape.model_validate(item)))
        except ValidationError as error:
            problems.append(f"{key}[{index}]{_first(error)}")
        except FaultyItemError as error:
            problems.append(f"{key}[{index}]: {error}")
    return tuple(values), tuple(problems)


def _first(error: ValidationError) -> str:
    """Say where the first fault is and what; never what stood there, which is not our text."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    first = details[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    message = "it must be an object" if first["type"] == "model_type" else first["msg"]
    return cut(one_line(f"{place}: {message}{more}"), _PROBLEM_LIMIT)


def _answer(wire: WireAnswer) -> ClaimedAnswer:
    _refuse_circles(wire.reason)
    return ClaimedAnswer(
        rule_id=wire.rule_id,
        verdict=Verdict(wire.verdict),
        reason=wire.reason,
        findings=tuple(dict.fromkeys(_finding(finding) for finding in wire.findings)),
    )


def _finding(wire: WireFinding) -> ClaimedFinding:
    for text in (wire.headline, wire.explanation, wire.remedy):
        _refuse_circles(text)
    return ClaimedFinding(
        path=wire.path,
        quote=wire.quote,
        side=Side(wire.side),
        headline=wire.headline,
        explanation=wire.explanation,
        remedy=wire.remedy,
        severity=Severity(wire.severity),
        suggestion=wire.suggestion,
    )


def _verdict(wire: WireVerdict) -> ClaimedVerdict:
    _refuse_circles(wire.reason)
    return ClaimedVerdict(
        handle=wire.finding,
        holds=wire.holds,
        severity=Severity(wire.severity),
        reason=wire.reason,
    )


def _refuse_circles(text: str) -> None:
    words = text.split()
    if len(words) >= _CIRCLE_WORDS and len(set(words)) * _CIRCLE_SHARE < len(words):
        raise FaultyItemError("a text repeats itself")
