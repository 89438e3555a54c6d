"""The functions and classes around lines of a text, told from indentation and brackets alone.

No parser: a change may be in any language, and half of one while it is written. A line that looks
like the head of a function or class opens a block; the block goes on for as long as lines are
indented deeper, closing brackets included. Where a file keeps to no indentation, nothing is found,
which costs context and nothing else. One pass, linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_TAB = 4
#: How much of a long line is looked at for an opening brace.
_TAIL = 200
_HEAD = re.compile(
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub"
    r"|override|open|sealed|data|partial|virtual|inline|unsafe|const|extern|suspend|local"
    r"|pub\([a-z]+\))\s+)*"
    r"(?:def|class|function|func|fn|fun|sub|module|interface|trait|impl|struct|enum|object|record"
    r"|namespace|protocol|extension|defp|defmodule|defn)\b"
    r"|(?:create|alter)\s+(?:or\s+replace\s+)?(?:function|procedure|trigger|table|view)\b",
    re.IGNORECASE,
)
# A method of C and its many kin: words, an argument list, an opening brace. Or an arrow function.
_BRACED = re.compile(r"[^=;]*\)\s*(?:[\w:<>,.\s\[\]&*|?]+)?\{\s*(?://.*)?\Z|.*=>\s*[{(]\s*\Z")
_CONTROL = re.compile(
    r"[})\]\s]*(?:if|else|elif|for|foreach|while|until|switch|case|when|match|try|catch|except"
    r"|finally|do|with|using|lock|synchronized|return|throw|await|unless|begin|select|loop)\b"
)
_CLOSER = re.compile(r"[)\]}]|end\b|</")
_ASIDE = re.compile(r"#|//|/\*|\*|--|\w+:\s*\Z|<<<|>>>")
_DECORATOR = re.compile(r"@\w|#\[|\[\w")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A function or class: its first line, where its body begins, and its last line, from 1.

    Args:
        start: First line, decorators included.
        head: The line that names it.
        body: First line after its signature.
        end: Last line.
    """

    start: int
    head: int
    body: int
    end: int


@dataclass(slots=True)
class _Open:
    """A block that has not ended yet."""

    indent: int
    start: int
    head: int
    body: int
    last: int


class Blocks:
    """The functions and classes of one text.

    Args:
        lines: The lines of the text, the first of them line 1.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self.all = _find(lines)
        owners: list[int | None] = [None] * (len(lines) + 1)
        outer: list[int | None] = []
        for index, block in enumerate(self.all):
            # Outer blocks come first, so that the last one to claim a line is the innermost.
            outer.append(owners[block.start])
            for number in range(block.start, block.end + 1):
                owners[number] = index
        self._owners = owners
        self._outer = outer

    def around(self, number: int) -> tuple[Block, ...]:
        """Return the blocks that hold a line, the innermost first."""
        chain: list[Block] = []
        index = self._owners[number] if 0 < number < len(self._owners) else None
        while index is not None:
            chain.append(self.all[index])
            index = self._outer[index]
        return tuple(chain)


def _find(lines: Sequence[str]) -> tuple[Block, ...]:
    """Find every function and class, in the order in which they begin, outer ones first."""
    found: list[Block] = []
    stack: list[_Open] = []
    before: dict[int, tuple[int, str]] = {}  # the newest line of each indentation
    decorated: int | None = None
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or (_ASIDE.match(text) and not _DECORATOR.match(text)):
            continue
        indent = _indent(line)
        if _DECORATOR.match(text):
            decorated = decorated or number
            _close(stack, found, indent)
            continue
        belongs = text == "{" or _CLOSER.match(text) is not None
        _close(stack, found, indent + 1 if belongs else indent)
        for opened in stack:
            opened.last = number
            if belongs and opened.indent == indent and text[-1] in ":{":
                opened.body = number + 1  # the end of a signature of several lines
        head = _head(text, number, indent, before)
        if head is not None and (not stack or stack[-1].head != head):
            start = min(head, decorated or head)
            stack.append(_Open(indent=indent, start=start, head=head, body=number + 1, last=number))
        decorated = None
        before[indent] = (number, text)
    _close(stack, found, 0)
    return tuple(sorted(found, key=lambda block: (block.start, -block.end)))


def _indent(line: str) -> int:
    width = 0
    for character in line:
        if character == " ":
            width += 1
        elif character == "\t":
            width += _TAB
        else:
            break
    return width


def _head(text: str, number: int, indent: int, before: Mapping[int, tuple[int, str]]) -> int | None:
    """Return the line that heads the block which a line opens; None where it opens none."""
    if text == "{":  # on a line of its own, below its head
        above, words = before.get(indent, (None, ""))
        return above if words.endswith(")") and not _CONTROL.match(words) else None
    if _HEAD.match(text):
        return number
    if text[-1] in "{(" and _BRACED.match(text[-_TAIL:]) and not _CONTROL.match(text):
        return number
    return None


def _close(stack: list[_Open], found: list[Block], indent: int) -> None:
    """End the blocks that a line of this indentation does not belong to."""
    while stack and stack[-1].indent >= indent:
        ended = stack.pop()
        found.append(
            Block(
                start=ended.start,
                head=ended.head,
                body=min(ended.body, ended.last + 1),
                end=ended.last,
            )
        )
