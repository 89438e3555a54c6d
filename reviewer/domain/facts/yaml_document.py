"""YAML as nodes that know their lines; nothing is constructed and no alias is followed.

A template (Helm, Jinja) is read for what is written in it: its instructions are left out, and what
they would insert becomes one word, ``$(template)``. What only a value brings is judged where the
value is written.

The tree is built from the parser's events without recursion, so that neither deep nesting nor
"billion laughs" costs more than the file's own length. PyYAML is imported when the first document
is read: most changes have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from reviewer.domain.facts.observation import NotRead

#: An instruction has its line for itself, and so has what is inserted as lines of their own.
_INSTRUCTION = re.compile(r"(?m)^[ \t]*(?:\{\{[^{}]{0,1000}\}\}|\{%[^{}]{0,1000}%\})[ \t]*$")
_INSERTION = re.compile(r"\{\{[^{}]{0,1000}\}\}|\{%[^{}]{0,1000}%\}")

LIMIT_CHARACTERS = 512_000
LIMIT_NODES = 60_000
LIMIT_DEPTH = 80

TEMPLATE = "is a template"
NO_YAML = "is no valid YAML"
TOO_LARGE = "the YAML is too large"


@dataclass(slots=True, kw_only=True, eq=False)
class Node:
    """One value.

    Args:
        line: The line it starts on, from 1.
        last: The line it ends on.
        text: The text of a scalar, ``*name`` for an alias; None for a collection.
        entries: Keys and values of a mapping, in order; a key that is no scalar is left out.
        items: The elements of a sequence.
    """

    line: int
    last: int
    text: str | None = None
    entries: list[tuple[Node, Node]] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)

    def get(self, *keys: str) -> Node | None:
        """Follow keys through nested mappings; None where one is missing."""
        node: Node | None = self
        for key in keys:
            if node is None:
                return None
            node = next((value for name, value in node.entries if name.text == key), None)
        return node

    def word(self, *keys: str) -> str:
        """Return the text of the scalar under these keys, empty where there is none."""
        node = self.get(*keys)
        return "" if node is None or node.text is None else node.text

    def key(self, name: str) -> Node | None:
        """Return the key itself, which knows the line where the entry begins."""
        return next((key for key, _ in self.entries if key.text == name), None)

    def words(self) -> tuple[Node, ...]:
        """Return itself where it is a scalar, else its scalar elements."""
        if self.text is not None:
            return (self,)
        return tuple(item for item in self.items if item.text is not None)

    def walk(self) -> Iterator[Node]:
        """Yield itself and everything below it, without recursion."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed([*(value for _, value in node.entries), *node.items])


@lru_cache(maxsize=64)
def documents(text: str) -> tuple[Node, ...] | NotRead:
    """Read every document of a YAML text.

    Args:
        text: The text.

    Returns:
        The documents that are no scalars; the reason where the text cannot be read.
    """
    import yaml  # noqa: PLC0415 - most changes have no YAML to read

    if len(text) > LIMIT_CHARACTERS:
        return NotRead(reason=TOO_LARGE)
    # libyaml is several times as fast; PyYAML's wheels for some machines lack it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    templated = "{{" in text or "{%" in text
    for attempt in (text, _without_instructions(text)) if templated else (text,):
        try:
            return _tree(yaml.parse(attempt.encode("utf-8", "replace"), Loader=loader))
        except (yaml.YAMLError, ValueError, OverflowError):
            # Without libyaml a character beyond Unicode is no error of YAML's own.
            continue
    return NotRead(reason=TEMPLATE if templated else NO_YAML)


def _without_instructions(text: str) -> str:
    """Leave a template's instructions out, and put a word where it inserts one; lines stay."""
    text = _INSTRUCTION.sub(_as_lines, text)
    return _INSERTION.sub(lambda match: "$(template)" + _as_lines(match), text)


def _as_lines(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


def _tree(events: Iterable[object]) -> tuple[Node, ...] | NotRead:
    """Build the trees of all documents from the parser's events."""
    from yaml import events as kinds  # noqa: PLC0415 - as above

    roots: list[Node] = []
    # Each open collection with the keys and values, or elements, that it has so far.
    opened: list[tuple[Node, list[Node], bool]] = []
    count = 0
    for event in events:
        node: Node | None = None
        if isinstance(event, kinds.CollectionStartEvent):
            line = _first_line(event)
            mapping = isinstance(event, kinds.MappingStartEvent)
            opened.append((Node(line=line, last=line), [], mapping))
        elif isinstance(event, kinds.CollectionEndEvent):
            node = _close(*opened.pop())
        elif isinstance(event, kinds.ScalarEvent | kinds.AliasEvent):
            node = _leaf(event)
        count += 1
        if count > LIMIT_NODES or len(opened) > LIMIT_DEPTH:
            return NotRead(reason=TOO_LARGE)
        if node is None:
            continue
        if opened:
            opened[-1][1].append(node)
        elif node.text is None:
            roots.append(node)
    return tuple(roots)


def _first_line(event: object) -> int:
    return int(event.start_mark.line) + 1  # type: ignore[attr-defined]


def _leaf(event: object) -> Node:
    mark, end = event.start_mark, event.end_mark  # type: ignore[attr-defined]
    text = getattr(event, "value", None)
    # A block scalar's end mark stands at the beginning of the line after it.
    last = end.line if end.column == 0 and end.line > mark.line else end.line + 1
    if text is None:
        return Node(line=mark.line + 1, last=last, text=f"*{event.anchor}")  # type: ignore[attr-defined]
    return Node(line=mark.line + 1, last=last, text=text)


def _close(node: Node, members: list[Node], mapping: bool) -> Node:  # noqa: FBT001
    node.last = max([node.line, *(member.last for member in members)])
    if mapping:
        pairs = zip(members[::2], members[1::2], strict=False)
        node.entries = [(key, value) for key, value in pairs if key.text is not None]
    else:
        node.items = members
    return node
