"""The exact shape of a model's answers: nothing more, nothing of another type, nothing endless."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

#: More items than these are not read: nobody asks so many rules in one call.
MOST_ANSWERS = 200
MOST_FINDINGS = 50

_Identifier = Annotated[str, Field(min_length=1, max_length=80)]
# Linux ends paths at 4,096 bytes.
_Path = Annotated[str, Field(min_length=1, max_length=4_096)]
_Code = Annotated[str, Field(max_length=8_000)]
_Sentence = Annotated[str, Field(max_length=1_000)]
_Paragraph = Annotated[str, Field(max_length=4_000)]
_Severity = Literal["critical", "major", "minor", "note"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class WireFinding(_Strict):
    """One place, as a model writes it.

    The schema asks for every field; a reader can do without a suggestion, which is null anyway
    in nearly every answer and is not used unless the operator asks for it.
    """

    path: _Path
    side: Literal["head", "base"]
    quote: _Code
    headline: _Sentence
    explanation: _Paragraph
    remedy: _Paragraph
    severity: _Severity
    suggestion: _Code | None = None


class WireAnswer(_Strict):
    """One rule's answer, as a model writes it."""

    rule_id: _Identifier
    verdict: Literal["pass", "fail", "not_applicable", "not_assessed"]
    reason: _Paragraph
    findings: Annotated[list[WireFinding], Field(max_length=MOST_FINDINGS)]


class WireVerdict(_Strict):
    """What a model says of one finding at the second look."""

    finding: _Identifier
    holds: bool
    severity: _Severity
    reason: _Paragraph
