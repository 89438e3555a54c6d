"""Reads a Dockerfile into stages and instructions with their line numbers.

Written here because dockerfile-parse, the package for this, knows no here-documents, so that the
lines of a script in ``RUN <<EOF`` become instructions of the image.
Source: https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

#: A Dockerfile larger than this is generated or hostile.
LIMIT_CHARACTERS = 512_000

_DIRECTIVE = re.compile(r"#\s*(\w+)\s*=\s*(\S+)\s*$")
_HERE_DOCUMENT = re.compile(r"(?:^|\s)\d?<<(-?)([\"']?)([A-Za-z_][A-Za-z0-9_]*)\2(?=$|[\s>|&;)])")
_MAY_HAVE_HERE_DOCUMENT = frozenset({"RUN", "COPY", "ADD"})
_FLAG = re.compile(r"--[a-z][a-z-]*(?:=\S*)?\s+")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?([-+])([^}]*))?\})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction.

    Args:
        keyword: In upper case (``RUN``); of ``ONBUILD RUN x`` it is ``ONBUILD``.
        arguments: What follows, continuation lines joined by a space, here-documents appended.
        lines: Head line number and text of every line that belongs to it, comments left out.
    """

    keyword: str
    arguments: str
    lines: tuple[tuple[int, str], ...]

    @property
    def first(self) -> int:
        """The number of its first line."""
        return self.lines[0][0]

    @property
    def last(self) -> int:
        """The number of its last line."""
        return self.lines[-1][0]

    @property
    def flags(self) -> str:
        """The options before the arguments proper (``--mount=type=cache --network=none``)."""
        end = 0
        while (match := _FLAG.match(self.arguments, end)) is not None:
            end = match.end()
        return self.arguments[:end]

    @property
    def operands(self) -> str:
        """The arguments without the options before them."""
        return self.arguments[len(self.flags) :].strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One build stage.

    Args:
        image: The image that it starts from, variables replaced by their defaults; None where
            one has no default.
        name: Its own name in lower case, empty for none.
        start: Its ``FROM``.
        instructions: What follows up to the next ``FROM``.
        parent: The stage that it starts from, where that is one of this file.
    """

    image: str | None
    name: str
    start: Instruction
    instructions: tuple[Instruction, ...]
    parent: Stage | None

    @property
    def lineage(self) -> tuple[Instruction, ...]:
        """The instructions of its ancestors in this file, then its own."""
        chain = [self]
        while (parent := chain[-1].parent) is not None:
            chain.append(parent)
        return tuple(entry for stage in reversed(chain) for entry in stage.instructions)

    @property
    def origin(self) -> str | None:
        """The image that it stands on in the end."""
        stage = self
        while stage.parent is not None:
            stage = stage.parent
        return stage.image


def stages(text: str) -> tuple[Stage, ...]:
    """Read the stages of a Dockerfile, in order; none where it has no ``FROM``."""
    defaults: dict[str, str] = {}
    found: list[Stage] = []
    by_name: dict[str, Stage] = {}
    current: list[Instruction] = []
    start: Instruction | None = None
    for instruction in instructions(text):
        if instruction.keyword == "FROM":
            if start is not None:
                found.append(_stage(start, current, defaults, by_name))
            start, current = instruction, []
        elif start is not None:
            current.append(instruction)
        elif instruction.keyword == "ARG":
            defaults.update(_assignments(instruction.arguments))
    if start is not None:
        found.append(_stage(start, current, defaults, by_name))
    return tuple(found)


def _stage(
    start: Instruction,
    following: list[Instruction],
    defaults: Mapping[str, str],
    by_name: dict[str, Stage],
) -> Stage:
    words = start.operands.split()
    named = len(words) > 2 and words[1].lower() == "as"  # noqa: PLR2004 - FROM image AS name
    image = expand(words[0], defaults) if words else None
    stage = Stage(
        image=image,
        name=words[2].lower() if named else "",
        start=start,
        instructions=tuple(following),
        parent=by_name.get((image or "").lower()),
    )
    if stage.name:
        by_name[stage.name] = stage
    return stage


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    for word in text.split():
        name, equals, value = word.partition("=")
        if equals:
            yield name, value.strip("\"'")


def expand(text: str, values: Mapping[str, str]) -> str | None:
    """Replace variables by their values or defaults.

    Args:
        text: A word with ``$NAME``, ``${NAME}`` or ``${NAME:-default}`` in it.
        values: What is known.

    Returns:
        The text; None where a variable has neither a value nor a default.
    """
    unknown = False

    def value(match: re.Match[str]) -> str:
        nonlocal unknown
        known = values.get(match[1] or match[2])
        if match[3] == "+":
            return (match[4] or "") if known else ""
        if known:
            return known
        if match[3] == "-":
            return match[4] or ""
        unknown = True
        return ""

    replaced = _VARIABLE.sub(value, text)
    return None if unknown else replaced.strip("\"'")


def instructions(text: str) -> Iterator[Instruction]:
    """Read the instructions of a Dockerfile, in order."""
    lines = text.split("\n")
    escape = _escape(lines)
    number = 0
    while number < len(lines):
        line = lines[number].strip()
        number += 1
        if not line or line.startswith("#"):
            continue
        own: list[tuple[int, str]] = [(number, line)]
        parts = [line.removesuffix(escape).rstrip()]
        while line.endswith(escape) and number < len(lines):
            following = lines[number].strip()
            number += 1
            # A comment or an empty line inside an instruction does not end it.
            if following and not following.startswith("#"):
                line = following
                own.append((number, line))
                parts.append(line.removesuffix(escape).rstrip())
        keyword, _, arguments = " ".join(parts).partition(" ")
        keyword = keyword.upper()
        if keyword in _MAY_HAVE_HERE_DOCUMENT:
            number, body = _here_documents(arguments, lines, number)
            own += body
            arguments = "\n".join([arguments, *(text for _, text in body)])
        yield Instruction(keyword=keyword, arguments=arguments.strip(), lines=tuple(own))


def _escape(lines: list[str]) -> str:
    """Return the escape character that the parser directives at the top choose."""
    for line in lines:
        directive = _DIRECTIVE.match(line.strip())
        if directive is None:
            break
        if directive[1].lower() == "escape" and directive[2] in {"`", "\\"}:
            return directive[2]
    return "\\"


def _here_documents(
    arguments: str, lines: list[str], number: int
) -> tuple[int, list[tuple[int, str]]]:
    """Read the here-documents that an instruction opens; the last may be cut off by the end."""
    body: list[tuple[int, str]] = []
    for match in _HERE_DOCUMENT.finditer(arguments):
        while number < len(lines):
            line = lines[number].rstrip("\r")
            number += 1
            if (line.lstrip("\t") if match[1] else line) == match[3]:
                break
            body.append((number, line))
    return number, body
