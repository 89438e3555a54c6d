"""The law of an ast-grep rule object in a persona file, checked before ast-grep sees it.

ast-grep answers an unknown key with a message about its own types, and some rules with a panic,
so that the form is checked here, where file and line are known.
Source: https://ast-grep.github.io/reference/rule.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reviewer.domain.toml_document import one_of
from reviewer.domain.toml_place import KeyPath

_RELATIONS = ("inside", "has", "precedes", "follows")
_LISTS = ("any", "all")
_KEYS = ("pattern", "kind", "regex", "nthChild", "range", *_RELATIONS, *_LISTS, "not")
_RELATION_KEYS = (*_KEYS, "stopBy", "field")
_PATTERN_KEYS = ("context", "selector", "strictness")
_TEXT = ("kind", "regex", "field")

#: Something wrong in a rule object: where, what, and the way out.
Complaint = tuple[KeyPath, str, str | None]


def complaints(
    rule: object, at: KeyPath, *, may_use_regex: bool, in_relation: bool = False
) -> Iterator[Complaint]:
    """Find what is wrong in a rule object.

    Args:
        rule: The object.
        at: Where it stands.
        may_use_regex: Whether ``regex`` is allowed; it is not in a repository's own files.
        in_relation: Whether it is the object of ``inside``, ``has``, ``precedes``, ``follows``.
    """
    if not isinstance(rule, Mapping):
        yield at, "a rule must be a table", None
        return
    if not rule or set(rule) <= {"stopBy", "field"}:
        yield at, "a rule needs a pattern, kind, any, all, …", None
    keys = _RELATION_KEYS if in_relation else _KEYS
    for key, value in rule.items():
        here = (*at, key)
        if key in {"constraints", "utils", "matches", "transform", "fix"}:
            yield here, f"{key} cannot be used: all patterns of a language run as one rule", None
        elif key not in keys:
            yield here, f'unknown key "{key}" in a rule', one_of(key, keys)
        elif key == "regex" and not may_use_regex:
            yield here, "regex is for the personas that ship; use pattern or kind", None
        else:
            yield from _value(key, value, here, may_use_regex=may_use_regex)


def _value(key: str, value: object, at: KeyPath, *, may_use_regex: bool) -> Iterator[Complaint]:
    if key in _LISTS:
        if not isinstance(value, list) or not value:
            yield at, f"{key} must be a list of rules", None
            return
        for number, inner in enumerate(value):
            yield from complaints(inner, (*at, number), may_use_regex=may_use_regex)
    elif key == "not" or (key == "stopBy" and isinstance(value, Mapping)):
        yield from complaints(value, at, may_use_regex=may_use_regex)
    elif key in _RELATIONS:
        yield from complaints(value, at, may_use_regex=may_use_regex, in_relation=True)
    else:
        yield from _leaf(key, value, at)


def _leaf(key: str, value: object, at: KeyPath) -> Iterator[Complaint]:
    """Check a value that holds no further rule."""
    if key == "stopBy" and value not in {"neighbor", "end"}:
        yield at, 'stopBy must be "neighbor", "end" or a rule', None
    elif key == "pattern" and isinstance(value, Mapping):
        for inner in value:
            if inner not in _PATTERN_KEYS:
                hint = one_of(inner, _PATTERN_KEYS)
                yield (*at, inner), f'unknown key "{inner}" in a pattern', hint
    elif key in {"pattern", *_TEXT} and not (isinstance(value, str) and value.strip()):
        yield at, f"{key} must be text in quotes", None
