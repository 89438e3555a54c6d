"""Literals that every match of an expression holds: never one too many, often enough to help."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.required_text import required_text


@pytest.mark.parametrize(
    ("regex", "literals"),
    [
        (r"\bsubprocess\.(run|Popen)\(", {"subprocess."}),
        (r"(?i)(password|SECRET)\w*=", {"password", "secret"}),
        (r"(?:abc)?wxyz", {"wxyz"}),
        (r"(?:abc)+", {"abc"}),
        (r"a?bcd+ef*", {"bcd"}),
        (r"abcd{0,2}ef", {"abc"}),
        (r"x{2,3}abc", {"abc"}),
        (r"[abc]{9}def", {"def"}),
        (r"[]x]def|[^]x]ghi", {"def", "ghi"}),
        (r"(?<![\w.])(eval|exec)\(", {"eval", "exec"}),
        (r"(?=abc)def", {"def"}),
        (r"(?!abc)(?P<name>ghi)", {"ghi"}),
        (r"(?i:abc)", {"abc"}),
        (r"a\{b\}", {"a{b}"}),
        (r"ab{c", {"ab{c"}),
        (r"^abc$", {"abc"}),
    ],
)
def test_the_literals_are_found(regex: str, literals: set[str]) -> None:
    assert required_text(regex) == frozenset(literals)


@pytest.mark.parametrize("regex", [r"a|bcd", r".*", r"\w+", "", r"(?x) a b c", "überall", r"ab"])
def test_nothing_is_required_where_nothing_useful_is_known(regex: str) -> None:
    assert required_text(regex) is None


ATOMS = st.sampled_from(["abc", "d", r"\.", ".", r"\w", "[xy]", "(?:efg|hij)", "(klm)", r"\b"])
QUANTIFIERS = st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{0,1}", "*?"])
REGEXES = st.lists(
    st.lists(st.tuples(ATOMS, QUANTIFIERS).map("".join), min_size=1, max_size=4).map("".join),
    min_size=1,
    max_size=3,
).map("|".join)


@given(regex=REGEXES.filter(lambda text: r"\b" not in text), data=st.data())
def test_every_match_holds_one_of_them(regex: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(regex, fullmatch=True))
    literals = required_text(regex)
    assert re.search(regex, text)
    assert literals is None or any(literal in text.lower() for literal in literals)
