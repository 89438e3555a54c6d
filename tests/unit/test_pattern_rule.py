"""The law of ast-grep rule objects: what is told before ast-grep would."""

from __future__ import annotations

from typing import Any

import pytest

from reviewer.domain.pattern_rule import complaints


def told(rule: object, *, may_use_regex: bool = True) -> list[tuple[tuple[str | int, ...], str]]:
    found = complaints(rule, ("rule",), may_use_regex=may_use_regex)
    return [(at[1:], message) for at, message, _ in found]


@pytest.mark.parametrize(
    "rule",
    [
        {"pattern": "f($$$)"},
        {"pattern": {"context": "class A { $B }", "selector": "field", "strictness": "ast"}},
        {"kind": "call", "not": {"has": {"kind": "string", "stopBy": "end", "field": "name"}}},
        {"any": [{"pattern": "a"}, {"all": [{"kind": "b"}, {"regex": "c"}]}]},
        {"kind": "a", "inside": {"kind": "b", "stopBy": {"kind": "c"}}},
        {"kind": "a", "nthChild": 1},
    ],
)
def test_a_rule_that_is_right_is_taken(rule: dict[str, Any]) -> None:
    assert told(rule) == []


@pytest.mark.parametrize(
    ("rule", "at", "words"),
    [
        ("f()", (), "must be a table"),
        ({}, (), "needs a pattern"),
        ({"patern": "x"}, ("patern",), 'unknown key "patern"'),
        ({"kind": "a", "stopBy": "end"}, ("stopBy",), "unknown key"),
        ({"any": []}, ("any",), "a list of rules"),
        ({"any": {"kind": "a"}}, ("any",), "a list of rules"),
        ({"any": [{"kind": "a"}, {"knd": "b"}]}, ("any", 1, "knd"), "unknown key"),
        ({"has": {"not": {"knd": "b"}}}, ("has", "not", "knd"), "unknown key"),
        ({"has": {"kind": "a", "stopBy": "never"}}, ("has", "stopBy"), "stopBy must be"),
        ({"has": {"kind": "a", "stopBy": {"x": 1}}}, ("has", "stopBy", "x"), "unknown key"),
        ({"pattern": {"contxt": "x"}}, ("pattern", "contxt"), "in a pattern"),
        ({"pattern": " "}, ("pattern",), "text in quotes"),
        ({"kind": 3}, ("kind",), "text in quotes"),
        ({"kind": "a", "constraints": {}}, ("constraints",), "cannot be used"),
        ({"kind": "a", "utils": {}}, ("utils",), "cannot be used"),
        ({"matches": "x"}, ("matches",), "cannot be used"),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(
    rule: object, at: tuple[str | int, ...], words: str
) -> None:
    places = told(rule)

    assert [place for place, _ in places] == [at]
    assert words in places[0][1]


def test_a_regular_expression_is_refused_wherever_it_hides() -> None:
    rule = {"any": [{"kind": "a", "inside": {"regex": "(a+)+"}}, {"not": {"regex": "b"}}]}

    places = [at for at, _ in told(rule, may_use_regex=False)]

    assert places == [("any", 0, "inside", "regex"), ("any", 1, "not", "regex")]
