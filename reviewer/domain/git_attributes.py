"""What the ``.gitattributes`` files of one commit say about paths, as far as a review cares.

Source: https://git-scm.com/docs/gitattributes and, for ``linguist-*``,
https://github.com/github-linguist/linguist/blob/main/docs/overrides.md. Deeper files beat
shallower ones, later lines beat earlier ones, each attribute for itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reviewer.domain.glob import matches

#: The attributes that change what is reviewed; all others are skipped while reading.
_KNOWN = frozenset({"linguist-generated", "linguist-vendored", "diff"})
_MACRO = "[attr]"
_LINE = re.compile(r'[ \t]*("(?:[^"\\]|\\.)*"|[^\s"]\S*)[ \t]+(.*)')
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _AttributeLine:
    """One line: the folder whose file holds it, its pattern, and what it sets or unsets."""

    folder: str
    pattern: str
    states: tuple[tuple[str, bool], ...]

    def speaks_about(self, path: str) -> bool:
        """Tell whether the pattern matches the path."""
        if not self.folder:
            return matches(self.pattern, path)
        inside = path.removeprefix(f"{self.folder}/")
        return inside != path and matches(self.pattern, inside)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitAttributes:
    """The lines of all ``.gitattributes`` files that matter, weakest first."""

    lines: tuple[_AttributeLine, ...] = ()

    def of(self, path: str) -> dict[str, bool]:
        """Return what is set (True) or unset (False) for a path; what is absent is unspecified."""
        states: dict[str, bool] = {}
        for line in self.lines:
            if line.speaks_about(path):
                states.update(line.states)
        return states


def read_attributes(texts: Mapping[str, str]) -> GitAttributes:
    """Read ``.gitattributes`` files.

    Args:
        texts: The text of each file by its path (``.gitattributes``, ``src/.gitattributes``).

    Returns:
        The attributes; lines that git would ignore are ignored here too.
    """
    macros: dict[str, dict[str, bool]] = {"binary": {"diff": False}}
    lines: list[_AttributeLine] = []
    for path in sorted(texts, key=lambda name: (name.count("/"), name)):
        folder = path.rpartition("/")[0]
        for text in texts[path].split("\n"):
            line = _read_line(text, folder, macros)
            if line is not None:
                lines.append(line)
    return GitAttributes(lines=tuple(lines))


def _read_line(text: str, folder: str, macros: dict[str, dict[str, bool]]) -> _AttributeLine | None:
    """Read one line; a macro definition is added to the macros."""
    match = _LINE.match(text)
    if match is None or match[1].startswith(("#", "!")):
        return None
    pattern = match[1]
    states = _states(match[2].split(), macros)
    if pattern.startswith(_MACRO):
        # Git takes macros from the top-level file only.
        if not folder:
            macros[pattern.removeprefix(_MACRO)] = states
        return None
    # A pattern that ends with a slash never matches: attributes belong to files.
    if not states or pattern.endswith("/"):
        return None
    if pattern.startswith('"'):
        pattern = _ESCAPED.sub(r"\1", pattern[1:-1])
    pattern = _ESCAPED.sub(r"[\1]", pattern)
    return _AttributeLine(folder=folder, pattern=pattern, states=tuple(states.items()))


def _states(words: Iterable[str], macros: Mapping[str, Mapping[str, bool]]) -> dict[str, bool]:
    """Turn ``linguist-generated=true -diff`` into states; macros are replaced by what they mean."""
    states: dict[str, bool] = {}
    for word in words:
        name, _, value = word.lstrip("-!").partition("=")
        on = not word.startswith("-") and value.lower() not in {"false", "0", "no", "off"}
        if on and name in macros:
            states.update(macros[name])
        if name not in _KNOWN:
            continue
        if word.startswith("!"):
            states.pop(name, None)
        else:
            states[name] = on
    return states
