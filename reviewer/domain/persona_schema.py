"""The schema of a persona file: the tables, and the bounds of every value in them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from reviewer.domain.evidence import Decides, EvidenceKind
from reviewer.domain.file_schema import (
    Globs,
    Headline,
    Line,
    Literals,
    PersonaName,
    Prose,
    RuleId,
    ShortLine,
    Snippet,
    Table,
    Words,
    word,
)
from reviewer.domain.persona import Severity, Wakes

#: Temperature and top_p that any persona may ask for; providers take at most 2 and 1.
MAXIMUM_TEMPERATURE = 1.0


_PLAIN_MEANING = "matches a pattern"


class AddedLineTable(Table):
    """``[[match.added]]``: what to look for in added lines; only in the personas that ship."""

    regex: Annotated[str, Field(min_length=1, max_length=1000)]
    means: ShortLine = Field(description="What such a line does: builds a shell command.")
    languages: Words = Field(default=[])
    paths: Globs = Field(default=[])


class FileKindTable(Table):
    """``[[match.files]]``: a kind of file, under a name that people know."""

    means: ShortLine = Field(description="What such a file is: CI workflow.")
    paths: Annotated[Globs, Field(min_length=1)]
    languages: Words = Field(default=[])
    created: bool = Field(default=False, description="Only where the change adds the file.")


def _added_line(value: object) -> object:
    """Let a plain regular expression stand for a table."""
    return {"regex": value, "means": _PLAIN_MEANING} if isinstance(value, str) else value


_AddedLine = Annotated[
    AddedLineTable, BeforeValidator(_added_line, json_schema_input_type=str | AddedLineTable)
]


class SignalTable(Table):
    """``[match.weak]``: what to look for in a change."""

    paths: Globs = Field(default=[], description="Globs of file paths.")
    languages: Words = Field(default=[], description="Lower-case names of languages.")
    imports: Words = Field(default=[], description="Modules that a file imports.")
    added: Annotated[list[_AddedLine], Field(max_length=100)] = Field(
        default=[],
        description="Regular expressions for added lines; only in the personas that ship.",
    )
    words: Literals = Field(default=[], description="Literal words in added lines.")
    files: Annotated[list[FileKindTable], Field(max_length=100)] = Field(
        default=[], description="Kinds of files."
    )
    structure: Words = Field(
        default=[],
        description="What to look for in the change as a whole; only in the personas that ship.",
    )


class MatchTable(SignalTable):
    """``[match]``: which changes the persona fits; any strong signal wakes it."""

    wakes: Wakes = Field(default=Wakes.SIGNALS, strict=False)
    exclude: Globs = Field(default=[], description="Globs of files that give no signal.")
    absent: Annotated[str, Field(max_length=80)] = Field(
        default="", description="What to say where nothing speaks for it: no Python source."
    )
    weak: SignalTable = Field(
        default=SignalTable(), description="Signals that only list it under 'would also apply'."
    )


class ModelTable(Table):
    """``[model]``: parameters that the persona sets for itself."""

    temperature: float | None = Field(default=None, ge=0, le=MAXIMUM_TEMPERATURE)
    top_p: float | None = Field(default=None, gt=0, le=1)
    model: ShortLine | None = Field(
        default=None, description="Used only where the operator allows it."
    )


class AppliesTable(Table):
    """``applies``: the precondition of a rule, file by file."""

    languages: Words = Field(default=[])
    paths: Globs = Field(default=[])
    exclude: Globs = Field(default=[])
    imports: Words = Field(default=[])
    words: Literals = Field(default=[])


def _codes(pattern: str, like: str) -> Any:  # noqa: ANN401 - builds a type
    element = Annotated[str, *word(pattern, like=like)]
    return Annotated[list[element] | None, Field(min_length=1, max_length=200)]


class EvidenceTable(Table):
    """``[[rules.evidence]]``: one kind of mechanical evidence, and what it decides."""

    ruff: _codes(r"[A-Z]{1,6}[0-9]{0,4}", "S602") = Field(  # type: ignore[valid-type]
        default=None, description="Prefixes of ruff's codes."
    )
    hadolint: _codes(r"(?:DL|SC)[0-9]{4}", "DL3006") = None  # type: ignore[valid-type]
    zizmor: _codes(r"[a-z0-9]+(?:-[a-z0-9]+)*", "template-injection") = None  # type: ignore[valid-type]
    secret: _codes(r"\*|[a-z0-9]+(?:[-_][a-z0-9]+)*", "*") = None  # type: ignore[valid-type]
    fact: _codes(r"[a-z0-9]+(?:-[a-z0-9]+)*", "no-test-touched") = None  # type: ignore[valid-type]
    sarif: Annotated[list[ShortLine] | None, Field(min_length=1, max_length=200)] = Field(
        default=None, description="Rule ids of another analyser."
    )
    tool: ShortLine | None = Field(default=None, description="The analyser, for sarif.")
    pattern: (
        Annotated[str, *word(r"[A-Z]{2,8}[0-9]{3}/[a-z0-9]+(?:-[a-z0-9]+)*", like="PY002/env-read")]
        | None
    ) = Field(default=None, description="The unique name of a structural pattern.")
    language: ShortLine | None = Field(default=None, description="For pattern.")
    rule: dict[str, Any] | None = Field(
        default=None, description="For pattern: an ast-grep rule object."
    )
    decides: Decides = Field(
        default=Decides.FAIL,
        strict=False,
        description="both: no hit is a pass. fail: no hit decides nothing.",
    )
    problem: Headline | None = None
    why: Line | None = None
    remedy: Line | None = None
    paths: Globs = Field(default=[])
    exclude: Globs = Field(default=[])

    @property
    def kinds(self) -> tuple[EvidenceKind, ...]:
        """The kinds of evidence that are set; one, in a file that is right."""
        return tuple(kind for kind in EvidenceKind if getattr(self, kind.value) is not None)


class RuleTable(Table):
    """``[[rules]]``: one item of the checklist."""

    id: RuleId
    title: ShortLine = Field(description="The checklist item, short and imperative.")
    severity: Severity = Field(strict=False)
    check: Line = Field(description="What exactly is asked of the change.")
    why: Line = Field(description="How breaking it does harm, input to effect.")
    problem: Headline = Field(description="Headline of a finding, in the reader's words.")
    remedy: Line = Field(description="The way out.")
    bad: Snippet = ""
    good: Snippet = ""
    family: Annotated[str, Field(max_length=40)] = Field(
        default="", description="Findings of one family on one spot are one finding."
    )
    habit: Annotated[str, Field(max_length=500)] = Field(
        default="",
        description="A regular expression; where text at the base does not match it, people do "
        "not keep the rule yet, and findings do not stand inline. For the personas that ship.",
    )
    applies: AppliesTable = AppliesTable()
    evidence: Annotated[list[EvidenceTable], Field(max_length=100)] = Field(default=[])


class PersonaFile(Table):
    """A persona: who it is, which changes it fits, and its checklist."""

    schema_: Literal[1] = Field(alias="schema")
    name: PersonaName
    title: ShortLine
    version: int = Field(ge=1, le=9999)
    summary: Line
    charter: Prose = Field(description="Who it is and how it judges, in three to eight sentences.")
    match: MatchTable = MatchTable()
    model: ModelTable = ModelTable()
    rules: Annotated[list[RuleTable], Field(max_length=100)] = Field(default=[])
