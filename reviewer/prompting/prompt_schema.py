"""The schema of a prompt file's front matter, and the words that it may use."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from reviewer.domain.file_schema import Line, PersonaName, Prose, Table, word

#: Every input that the program can give, and what it is.
INPUTS = {
    "today": "the date, 2026-11-21",
    "language": "tag of the language of the prose, en",
    "nonce": "the word that marks data in this run",
    "persona": "the viewpoint: trusted, title, charter",
    "rules": "the rules that are asked: id, severity, check, why, only, never, tests, bad, good",
    "settled": "rules that tools have answered: rule_id, verdict",
    "suggest": "whether replacements of lines are wanted",
    "findings": "what is to be refuted: handle, rule_id, severity, check, place, quote, headline, "
    "explanation",
    "request": "what a person asks; untrusted",
    "original": "the question of the call that failed",
    "answer": "the text that could not be read; untrusted",
    "problem": "what the parser said about it",
}

#: The ``contract`` and ``output`` of a prompt that goes on where another one failed.
SAME = "same"
_KEY = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*/v[1-9][0-9]{0,3}"
PromptKey = Annotated[str, *word(_KEY, like="contract/v1")]


class Output(StrEnum):
    """The form of the answer that a prompt asks for."""

    ANSWERS = "answers"
    VERDICTS = "verdicts"
    REPLY = "reply"
    MARKDOWN = "markdown"
    SAME = "same"
    NONE = "none"


class SectionName(StrEnum):
    """The parts of a prompt: before the data, after it, and the contract again at the end."""

    SYSTEM = "system"
    QUESTION = "question"
    CLOSING = "closing"


class ParametersTable(Table):
    """``[parameters]``: what a call sets; bounded again before the network."""

    max_output_tokens: int = Field(ge=1, le=64_000)
    temperature: float | None = Field(default=None, ge=0, le=1)
    top_p: float | None = Field(default=None, gt=0, le=1)
    effort: Literal["minimal", "low", "medium", "high"] | None = None


class FieldsTable(Table):
    """``[fields]`` of a contract: what the fields of an answer mean, by the form of the answer."""

    answers: dict[str, Line] = Field(default={})
    verdicts: dict[str, Line] = Field(default={})
    reply: dict[str, Line] = Field(default={})


class FrontMatter(Table):
    """The front matter of a prompt file."""

    schema_: Literal[1] = Field(alias="schema")
    name: PersonaName
    version: int = Field(ge=1, le=9999)
    summary: Line
    contract: PromptKey | Literal["same"] | None = Field(
        default=None, description="The prompt whose system text goes before the data."
    )
    output: Output = Field(strict=False)
    inputs: Annotated[list[str], Field(max_length=20)]
    parameters: ParametersTable | None = None
    fields: FieldsTable = Field(
        default=FieldsTable(), description="Goes with the answer's schema; for a contract only."
    )
    notes: Prose
