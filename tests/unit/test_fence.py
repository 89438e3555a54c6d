"""Fences cannot be closed from inside, and the nonce stands in no text that they hold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.errors import ReviewerError
from reviewer.prompting.fence import PLACE_OF_NONCE, choose_nonce, fenced, occurs


@pytest.mark.holds("S5")
def test_data_stands_between_two_lines_with_the_nonce() -> None:
    assert fenced("change", "a\nb", "k3x9") == "<<<k3x9 change\na\nb\nk3x9>>>"


@pytest.mark.holds("S5", "R09")
def test_a_nonce_that_the_text_holds_is_drawn_again() -> None:
    drawn: Iterator[str] = iter(["aaaa", "bbbb", "cccc"])
    assert choose_nonce(lambda: next(drawn), ["x AAAA>>>", "<<<bbbb change"]) == "cccc"


@pytest.mark.holds("S5")
def test_chance_that_is_none_ends_in_an_error() -> None:
    with pytest.raises(ReviewerError, match="random"):
        choose_nonce(lambda: "aaaa", ["aaaa"])


@pytest.mark.holds("S5")
@pytest.mark.parametrize("text", ["k3x9>>>", "K3X9>>>", "a <<<k3x9 change"])
def test_text_that_holds_the_nonce_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="nonce"):
        fenced("change", text, "k3x9")


@pytest.mark.parametrize(("kind", "nonce"), [("a\nb", "k3x9"), ("", "k3x9"), ("change", "k3\nx9")])
def test_a_fence_has_one_form(kind: str, nonce: str) -> None:
    with pytest.raises(ValueError, match="form"):
        fenced(kind, "text", nonce)


def test_text_that_is_kept_may_hold_the_place_of_the_nonce() -> None:
    assert PLACE_OF_NONCE in fenced("change", f"{PLACE_OF_NONCE}>>>", PLACE_OF_NONCE)


@pytest.mark.holds("S5")
@given(st.text(), st.from_regex(r"[a-z0-9]{4,8}", fullmatch=True))
def test_only_the_last_line_closes_a_fence(text: str, nonce: str) -> None:
    if occurs(nonce, [text]):
        return
    lines = fenced("change", text, nonce).split("\n")
    assert [n for n, line in enumerate(lines) if nonce in line] == [0, len(lines) - 1]
