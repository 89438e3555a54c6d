r"""Replacements that a reader may apply with one click; anything doubtful stays prose.

Off unless the operator asks for it. A proposal becomes a suggestion only when all of this holds
(pains.md P18, security.md R31):

- the exact head text is held, the lines are of the head, inside one hunk, and hold a changed line;
- it replaces these lines and no others: it does not repeat the line before or after them;
- it changes something, and it is not a mere removal;
- it adds nothing that runs, loads, fetches or switches off a check, takes away no guard, and holds
  no secret and no hidden character;
- indentation and line endings are the file's;
- the file was readable before, and still is with it.

The place of a suggestion is the range that it replaces; a comment that carries it stands there and
nowhere else. The fence around it is sized when it is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reviewer.domain.change import FileChange, Location, Side
from reviewer.domain.sanitiser import visible
from reviewer.prompting.answer import Proposal

#: Tells whether a text is a program of this language without a syntax error; None where it
#: cannot tell.
Parses = Callable[[str, str], bool | None]

#: More lines than these are a change of their own, to be written by a person.
MOST_LINES = 30

_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})[\w+-]*\s*")
_TAB_WIDTH = 4

# What a suggestion must not bring in; the words are few and broad, because the price of a false
# alarm is that a reader types the line.
_DANGER = re.compile(
    r"\b(?:os\s*\.\s*(?:system|popen|exec\w*|spawn\w*)|subprocess|popen|eval|exec|execfile|compile"
    r"|__import__|importlib|pickle|marshal|shelve|yaml\.load|child_process|Runtime\s*\.\s*getRuntime"
    r"|ProcessBuilder|shell_exec|passthru|proc_open|innerHTML|dangerouslySetInnerHTML"
    r"|document\.write|setuid|chmod|chown|sudo|curl|wget|nc|bash|powershell|base64|fromCharCode"
    r"|pull_request_target|write-all|privileged|continue-on-error|nosec|nosemgrep|noqa|eslint-disable"
    r"|NOSONAR|unsafe|InsecureSkipVerify|CERT_NONE|verify\s*=\s*False|shell\s*=\s*True"
    r"|rejectUnauthorized|ssl\._create_unverified_context|AllowAny|csrf_exempt|permit_all|anyone"
    r"|socket|requests\.|urllib|httpx|fetch|XMLHttpRequest|environ|getenv|secrets?)\b"
    r"|\$\{\{|://|\brm\s+-\w*[rf]|\|\s*(?:ba|z|da)?sh\b|`[^`]*\$\(",
    re.IGNORECASE,
)

# What guards a door: where it stands before and not after, a person decides.
_GUARD = re.compile(
    r"auth\w*|permission\w*|permit\w*|login\w*|is_(?:admin|staff|owner|superuser|active)|csrf\w*"
    r"|token\w*|verif\w+|validat\w+|saniti[sz]\w+|escap\w+|quot\w+|signature\w*|hmac\w*|compare_digest"
    r"|require[sd]?_\w+|check_\w+|assert\w*|raise\w*|abort\w*|forbid\w*|deny\w*|denied|lock\w*"
    r"|limit\w*|timeout\w*|encrypt\w*|hash\w*|rollback|transaction\w*|atomic\w*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A replacement that was applied and read again.

    Args:
        fingerprint: The finding that it mends.
        location: The lines that it replaces, on the head side, inside one hunk.
        text: What stands there then, with the file's indentation and line endings, without the
            last line ending.
    """

    fingerprint: str
    location: Location
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A proposal that stays prose, and why."""

    reason: str


def check_proposal(proposal: Proposal, file: FileChange, parses: Parses) -> Suggestion | Refused:
    """Apply a proposal in memory and accept it when everything holds.

    Args:
        proposal: What the model offers.
        file: The file that it is for.
        parses: Reads a whole text in a language.

    Returns:
        The suggestion, or why there is none.
    """
    held = _held_lines(proposal, file)
    if isinstance(held, Refused):
        return held
    place = proposal.location
    old = [line.rstrip("\r\n") for line in held[place.start_line - 1 : place.end_line]]
    new = _indented_as(old, _replacement(proposal.text), held)
    reason = _why_not(old, new, held, place)
    if reason is not None:
        return Refused(reason=reason)
    ending = _line_ending(held, place)
    text = ending.join(new)
    return _read_again(proposal, file, parses, (held, text))


def _held_lines(proposal: Proposal, file: FileChange) -> Sequence[str] | Refused:
    """Return the head's lines with their endings, where the place is one for a suggestion."""
    place = proposal.location
    if place.side is not Side.HEAD or place.path != file.path:
        return Refused(reason="it is not for the new version of this file")
    if file.head_text is None:
        return Refused(reason="the exact text of the file is not known")
    if not file.is_commentable(place):
        return Refused(reason="the lines are not inside one hunk")
    if file.locate(Side.HEAD, place.start_line, place.end_line) is None:
        return Refused(reason="the lines hold no change")
    # Only these two end a line for git; a form feed does not.
    held = re.findall(r"[^\n]*\n|[^\n]+\Z", file.head_text)
    shown = file.text_at(place).split("\n")
    if [line.removesuffix("\n") for line in held[place.start_line - 1 : place.end_line]] != shown:
        return Refused(reason="the exact text of the lines is not known")
    return held


def _replacement(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    while lines and not lines[0].strip():
        lines.pop(0)
    if len(lines) > 1 and _FENCE.fullmatch(lines[0]) and _FENCE.fullmatch(lines[-1]):
        lines = lines[1:-1]
    return [line.rstrip() for line in lines]


def _why_not(
    old: Sequence[str], new: Sequence[str], held: Sequence[str], place: Location
) -> str | None:
    before, after = "\n".join(old), "\n".join(new)
    reason: str | None = None
    if not any(line.strip() for line in new):
        reason = "it only removes lines"
    elif len(new) > MOST_LINES:
        reason = f"it is longer than {MOST_LINES} lines"
    elif [line.rstrip() for line in old] == list(new):
        reason = "it changes nothing"
    elif visible(after) != after:
        reason = "it holds a secret or a hidden character"
    elif _repeats_neighbours(old, new, held, place):
        reason = "it repeats lines beside the ones that it replaces"
    elif _found(_DANGER, after) - _found(_DANGER, before):
        reason = "it brings in what a person must decide about"
    elif _found(_GUARD, before) - _found(_GUARD, after):
        reason = "it takes a guard away"
    return reason


def _found(expression: re.Pattern[str], text: str) -> set[str]:
    return {match.group().lower() for match in expression.finditer(text)}


def _repeats_neighbours(
    old: Sequence[str], new: Sequence[str], held: Sequence[str], place: Location
) -> bool:
    above = held[place.start_line - 2].strip() if place.start_line > 1 else ""
    below = held[place.end_line].strip() if place.end_line < len(held) else ""
    first, last = new[0].strip(), new[-1].strip()
    return (bool(above) and first == above != old[0].strip()) or (
        bool(below) and last == below != old[-1].strip()
    )


def _indented_as(old: Sequence[str], new: list[str], held: Sequence[str]) -> list[str]:
    """Give the new lines the indentation of the old: same depth, same characters."""
    tabs = any(line.startswith("\t") for line in held)
    spaces = any(line.startswith("  ") for line in held)
    if tabs and not spaces:
        new = [_with_tabs(line) for line in new]
    elif spaces and not tabs:
        new = [_with_spaces(line) for line in new]
    depth_old, depth_new = _depth(old), _depth(new)
    return [line and f"{depth_old}{line[len(depth_new) :]}" for line in new]


def _depth(lines: Sequence[str]) -> str:
    """Return the indentation that all lines share that hold something."""
    depths = [line[: len(line) - len(line.lstrip())] for line in lines if line.strip()]
    shortest = min(depths, key=len, default="")
    while not all(depth.startswith(shortest) for depth in depths):
        shortest = shortest[:-1]
    return shortest


def _with_tabs(line: str) -> str:
    code = line.lstrip()
    blanks = line[: len(line) - len(code)].expandtabs(_TAB_WIDTH)
    return "\t" * (len(blanks) // _TAB_WIDTH) + " " * (len(blanks) % _TAB_WIDTH) + code


def _with_spaces(line: str) -> str:
    code = line.lstrip()
    return line[: len(line) - len(code)].expandtabs(_TAB_WIDTH) + code


def _line_ending(held: Sequence[str], place: Location) -> str:
    """Return the ending of the first replaced line; of the file where that is its last."""
    for line in (held[place.start_line - 1], held[0]):
        if line.endswith("\r\n"):
            return "\r\n"
        if line.endswith("\n"):
            return "\n"
    return "\n"


def _read_again(
    proposal: Proposal, file: FileChange, parses: Parses, applied: tuple[Sequence[str], str]
) -> Suggestion | Refused:
    held, text = applied
    place = proposal.location
    if file.language is None or parses(file.language, "".join(held)) is not True:
        return Refused(reason="the file cannot be read as a program")
    last = held[place.end_line - 1]
    ending = last[len(last.rstrip("\r\n")) :]
    result = "".join((*held[: place.start_line - 1], text, ending, *held[place.end_line :]))
    if parses(file.language, result) is not True:
        return Refused(reason="the file cannot be read as a program with it")
    return Suggestion(fingerprint=proposal.fingerprint, location=place, text=text)
