"""What the schemas of our files are made of: strict tables, bounded text, words, globs."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Table(BaseModel):
    """A table of a file: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def word(pattern: str, *, like: str) -> tuple[object, ...]:
    """Return the metadata of a word of one form.

    Args:
        pattern: The whole word, as a regular expression that JSON Schema knows too.
        like: An example, which the message shows.
    """
    expression = re.compile(pattern)

    def check(value: str) -> str:
        if expression.fullmatch(value) is None:
            message = f'"{value[:60]}" is not of the form of "{like}"'
            raise ValueError(message)
        return value

    return (
        Field(json_schema_extra={"pattern": f"^(?:{pattern})$", "examples": [like]}),
        AfterValidator(check),
    )


def _one_line(value: str) -> str:
    if "\n" in value or "\t" in value:
        message = "must be one line without tabs"
        raise ValueError(message)
    if value != value.strip():
        message = "begins or ends with a space"
        raise ValueError(message)
    return value


def _within_a_line(value: str) -> str:
    """Let a literal word begin or end with a space: ``def `` is not the end of ``default``."""
    if "\n" in value or "\t" in value or not value.strip():
        message = "must be a word within one line, without tabs"
        raise ValueError(message)
    return value


def _prose(value: str) -> str:
    return value.strip("\n")


def _glob(value: str) -> str:
    message = None
    if "{" in value:
        message = f'"{value}": globs know no {{a,b}}; write one glob an entry'
    elif value.startswith("!"):
        message = f'"{value}": globs know no negation; use exclude'
    elif value.startswith(("./", "../")) or "/../" in value:
        message = f'"{value}": paths count from the root of the repository, without dots'
    elif "\\" in value:
        message = f'"{value}": paths have forward slashes'
    if message is not None:
        raise ValueError(message)
    return _one_line(value)


Line = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_one_line)]
ShortLine = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_one_line)]
#: GitHub takes no longer one; empty for none.
Label = Annotated[str, Field(max_length=50), AfterValidator(_one_line)]
Headline = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_one_line)]
Prose = Annotated[str, Field(min_length=1, max_length=6000), AfterValidator(_prose)]
Snippet = Annotated[str, Field(max_length=4000), AfterValidator(_prose)]
Glob = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_glob)]
Globs = Annotated[list[Glob], Field(max_length=200)]
Words = Annotated[list[ShortLine], Field(max_length=200)]
_Literal = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_within_a_line)]
Literals = Annotated[list[_Literal], Field(max_length=200)]

PERSONA_NAME = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
PersonaName = Annotated[str, Field(max_length=40), *word(PERSONA_NAME, like="type-guardian")]
RULE_ID = r"[A-Z]{2,8}[0-9]{3}"
RuleId = Annotated[str, *word(RULE_ID, like="SEC007")]
