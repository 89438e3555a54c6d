"""The slash commands: what people can say to the reviewer in a comment.

::

    comment   = any text in which at most three lines are commands
    command   = "/review" ["full"] ["as" PERSONA {"," PERSONA} | "panel" NAME]
              | "/plan" [TEXT]              | "/ask" TEXT
              | "/explain" FINDING          | "/dismiss" FINDING [REASON]
              | "/undismiss" FINDING
              | "/pause" | "/resume" | "/personas" | "/config" | "/cost" | "/help"
    PERSONA   = lower-case words joined by "-"        (at most 20, each at most 40 characters)
    NAME      = the same
    FINDING   = 7 to 40 hexadecimal digits, the short name that stands under the finding
    REASON    = the rest of the line, at most 300 characters
    TEXT      = the rest of the comment, up to the next command: at most 1,000 characters for a
                question, 8,000 for what is to be planned

A command is the first word of its own line, exactly as written here, behind at most three
spaces. It is none inside a code block, a quotation, HTML or an HTML comment: what a reader of the
page does not see as a line of its own commands nothing (`comment_text`). Other words behind a
slash are somebody else's business.

A line that begins with a command and is not one is a refusal that says how it is written, and
then nothing of the whole comment is done: no command is ever carried out half. Of several
commands at most one may ask a model. Arguments are words of this grammar; there are no options
and no settings among them, and free text is data for whoever answers (security.md R17).

`domain/command_usage.py` says of each command what it does and who may use it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from reviewer.domain.comment_text import CommentLine, comment_lines

#: GitHub takes no longer comment.
LONGEST_COMMENT = 65_536
MOST_COMMANDS = 3
MOST_PERSONAS = 20
LONGEST_NAME = 40
LONGEST_REASON = 300
LONGEST_QUESTION = 1_000
LONGEST_TASK = 8_000


class CommandName(StrEnum):
    """The commands, by their word without the slash."""

    REVIEW = "review"
    PLAN = "plan"
    ASK = "ask"
    EXPLAIN = "explain"
    DISMISS = "dismiss"
    UNDISMISS = "undismiss"
    PAUSE = "pause"
    RESUME = "resume"
    PERSONAS = "personas"
    CONFIG = "config"
    COST = "cost"
    HELP = "help"


#: Commands that spend money where a model is configured.
ASKING = frozenset({CommandName.REVIEW, CommandName.PLAN, CommandName.ASK})

#: Commands whose text runs over the following lines.
_LONG = frozenset({CommandName.PLAN, CommandName.ASK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command as it was written.

    Args:
        name: Which.
        full: For `/review`: look at everything again.
        personas: For `/review`: exactly these, by name; whether they exist is not known here.
        panel: For `/review`: a panel's name; likewise.
        finding: The beginning of a fingerprint.
        text: A question, a task or a reason; untrusted.
    """

    name: CommandName
    full: bool = False
    personas: tuple[str, ...] = ()
    panel: str | None = None
    finding: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """A line that begins with a command and is none.

    Args:
        name: The command that it begins with.
        problem: What is wrong, in one sentence; quotes nothing of the line.
    """

    name: CommandName
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a comment says to us.

    Args:
        commands: What is to be done, in order; empty where anything was refused.
        refused: What was meant as a command and is none.
    """

    commands: tuple[Command, ...] = ()
    refused: tuple[Malformed, ...] = ()

    @property
    def speaks_to_us(self) -> bool:
        """Whether the comment holds a command, right or wrong."""
        return bool(self.commands or self.refused)

    @property
    def asks_model(self) -> bool:
        """Whether one of the commands may ask a model."""
        return any(command.name in ASKING for command in self.commands)


def read_commands(body: str) -> Reading:
    """Read the commands of a comment.

    Args:
        body: The comment's text, whatever it is.
    """
    if len(body) > LONGEST_COMMENT:
        return Reading()
    read = [_read(name, rest) for name, rest in _sections(comment_lines(body))]
    refused = tuple(part for part in read if isinstance(part, Malformed))
    commands = tuple(part for part in read if isinstance(part, Command))
    if not refused:
        refused = tuple(_together(commands))
    return Reading(refused=refused[:MOST_COMMANDS]) if refused else Reading(commands=commands)


def holds_command(text: str) -> bool:
    """Tell whether a text, posted as a comment, would say anything to us."""
    return read_commands(text).speaks_to_us


_WORDS = "|".join(CommandName)
#: The word ends with the line or with white space, so that ``/review.`` and ``/plans`` are none.
_COMMAND = re.compile(rf" {{0,3}}/(?P<name>{_WORDS})(?:[ \t]+(?P<rest>.*))?[ \t]*", re.DOTALL)


def _sections(lines: Sequence[CommentLine]) -> Iterator[tuple[CommandName, str]]:
    """Return every command with the text that belongs to it."""
    name: CommandName | None = None
    text: list[str] = []
    for line in lines:
        match = _COMMAND.fullmatch(line.text) if line.plain else None
        if match is not None:
            if name is not None:
                yield name, "\n".join(text)
            name, text = CommandName(match["name"]), [match["rest"] or ""]
        elif name in _LONG:
            text.append(line.text)
    if name is not None:
        yield name, "\n".join(text)


def _together(commands: Sequence[Command]) -> Iterator[Malformed]:
    """Refuse commands that one comment may not hold together."""
    if len(commands) > MOST_COMMANDS:
        problem = f"A comment may hold at most {MOST_COMMANDS} commands."
        yield Malformed(name=commands[MOST_COMMANDS].name, problem=problem)
    asking = [command for command in commands if command.name in ASKING]
    if len(asking) > 1:
        problem = "Only one command of a comment may ask a model."
        yield Malformed(name=asking[1].name, problem=problem)


def _read(name: CommandName, rest: str) -> Command | Malformed:
    problem = _ARGUMENTS[name](rest.strip())
    if isinstance(problem, str):
        return Malformed(name=name, problem=problem)
    return replace(problem, name=name)


_Arguments = Callable[[str], Command | str]

#: As `file_schema.PERSONA_NAME`, which is not imported: it loads pydantic (a test compares them).
_PERSONA = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_FINDING = re.compile(r"[0-9a-f]{7,40}")
_COMMA = re.compile(r"[ \t]*,[ \t]*")
_OPTION = "There are no options here."


def _nothing(rest: str) -> Command | str:
    return "It takes no words." if rest else Command(name=CommandName.HELP)


def _review(rest: str) -> Command | str:
    # Commas bind first, so that "as a, b" and "as a,b" are the same.
    words = _COMMA.sub(",", rest).split()
    if any(word.startswith("-") or "=" in word for word in words):
        return _OPTION
    full = words[:1] == ["full"]
    words = words[1:] if full else words
    if not words:
        return Command(name=CommandName.REVIEW, full=full)
    keyword, *names = words
    if keyword not in {"as", "panel"}:
        return "Only “full”, “as” and “panel” may follow."
    if len(names) != 1:
        return (
            f"“{keyword}” needs names with commas between them."
            if keyword == "as"
            else ("“panel” needs one name.")
        )
    if keyword == "panel":
        return (
            Command(name=CommandName.REVIEW, full=full, panel=names[0])
            if _is_name(names[0])
            else "That is no name of a panel."
        )
    personas = tuple(dict.fromkeys(names[0].split(",")))
    if len(personas) > MOST_PERSONAS:
        return f"At most {MOST_PERSONAS} personas can be named."
    if not all(map(_is_name, personas)):
        return "Names of personas are lower-case words joined by “-”."
    return Command(name=CommandName.REVIEW, full=full, personas=personas)


def _is_name(word: str) -> bool:
    return len(word) <= LONGEST_NAME and _PERSONA.fullmatch(word) is not None


def _finding(rest: str) -> Command | str:
    if _FINDING.fullmatch(rest) is None:
        return "It needs the short name of one finding, 7 to 40 of the digits 0-9 and a-f."
    return Command(name=CommandName.EXPLAIN, finding=rest)


def _finding_and_reason(rest: str) -> Command | str:
    finding, *reason = rest.split(maxsplit=1)[:2] or [""]
    found = _finding(finding)
    text = reason[0].strip() if reason else ""
    if isinstance(found, str):
        return found
    if text.startswith("--"):
        return _OPTION
    if len(text) > LONGEST_REASON:
        return f"A reason has at most {LONGEST_REASON} characters."
    return replace(found, text=text)


def _question(rest: str) -> Command | str:
    return _bounded(rest, LONGEST_QUESTION) if rest else "It needs a question."


def _task(rest: str) -> Command | str:
    return _bounded(rest, LONGEST_TASK)


def _bounded(text: str, limit: int) -> Command | str:
    if text.startswith("--"):
        return _OPTION
    if len(text) > limit:
        return f"The text has at most {limit:,} characters."
    return Command(name=CommandName.ASK, text=text)


_ARGUMENTS: Mapping[CommandName, _Arguments] = {
    CommandName.REVIEW: _review,
    CommandName.PLAN: _task,
    CommandName.ASK: _question,
    CommandName.EXPLAIN: _finding,
    CommandName.DISMISS: _finding_and_reason,
    CommandName.UNDISMISS: _finding,
    **dict.fromkeys(
        (
            CommandName.PAUSE,
            CommandName.RESUME,
            CommandName.PERSONAS,
            CommandName.CONFIG,
            CommandName.COST,
            CommandName.HELP,
        ),
        _nothing,
    ),
}
