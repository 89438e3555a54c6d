"""Which literal text a file must hold so that a structural pattern can match anywhere in it.

ast-grep compiles every expression of every rule anew for every file, which costs more than the
search itself; most files hold none of the names that most patterns are about. Whatever this does
not understand requires nothing, which is always right and only slower.
Rules: https://ast-grep.github.io/reference/rule.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from reviewer.domain.required_text import required_text

#: Every set must have a member in the text, compared in lower case.
Requirement = tuple[frozenset[str], ...]

_RELATIONS = ("inside", "has", "precedes", "follows")
# A name in a pattern, but not a metavariable ($NAME, $$$NAME) nor a part of one.
_NAME = re.compile(r"(?<![\w$])[A-Za-z_]\w{2,}")


def required_by(rule: Mapping[str, object]) -> Requirement:
    """Return the literals of which every file with a match holds at least one of each set.

    Args:
        rule: An ast-grep rule object. Everything that a node, its ancestors and its neighbours
            must be like stands somewhere in the same file.
    """
    required: list[frozenset[str]] = []
    for key, value in rule.items():
        if key == "pattern":
            required += _of_pattern(value)
        elif key == "regex" and isinstance(value, str):
            literals = required_text(value)
            required += [] if literals is None else [literals]
        elif key in _RELATIONS and isinstance(value, Mapping):
            required += required_by(value)
        elif key == "all" and isinstance(value, list):
            required += [
                s for inner in value if isinstance(inner, Mapping) for s in required_by(inner)
            ]
        elif key == "any" and isinstance(value, list):
            required += _of_any(value)
    return tuple(dict.fromkeys(required))


def holds(requirement: Requirement, lowered_text: str) -> bool:
    """Tell whether the text, already in lower case, holds what is required."""
    return all(any(literal in lowered_text for literal in each) for each in requirement)


def _of_pattern(value: object) -> list[frozenset[str]]:
    """Every name in a pattern's text must stand in the file; of a context, only a part must."""
    if not isinstance(value, str):
        return []
    return [frozenset({name.lower()}) for name in _NAME.findall(value)]


def _of_any(branches: list[object]) -> list[frozenset[str]]:
    """Of several rules one must match: the most telling set of each branch, together."""
    union: frozenset[str] = frozenset()
    for branch in branches:
        sets = required_by(branch) if isinstance(branch, Mapping) else ()
        if not sets:
            return []
        union |= max(sets, key=lambda literals: min(map(len, literals), default=0))
    return [union]
