"""Tokens are estimated by what a token of the model holds, and corrected by what was counted."""

from __future__ import annotations

import pytest

from reviewer.prompting.estimate import Estimator


@pytest.mark.parametrize(
    ("model", "ratio"),
    [
        ("gpt-6.1-terra", 3.2),
        ("claude-sonnet-5-5", 1.9),
        ("anthropic/claude-opus-4-8", 1.9),
        ("claude-sonnet-4-6", 2.4),
        ("claude-opus-4-6", 2.4),
        ("qwen2.5-coder", 3.2),
        ("", 3.2),
    ],
)
def test_a_token_of_each_family_holds_its_own_measure(model: str, ratio: float) -> None:
    assert Estimator.of(model).characters_per_token == ratio


def test_the_measured_diff_is_estimated_within_a_tenth() -> None:
    # 607 characters of a diff: 185 tokens in o200k, 312 in Claude's.
    text = "x" * 607
    assert Estimator.of("gpt-6").tokens(text) == pytest.approx(185, rel=0.1)
    assert Estimator.of("claude-sonnet-5-5").tokens(text) == pytest.approx(312, rel=0.1)


def test_what_was_counted_corrects_the_estimate() -> None:
    assert Estimator().corrected(1.5).tokens("x" * 320) == 150


def test_a_factor_is_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        Estimator().corrected(0)


def test_other_scripts_take_more_than_their_characters() -> None:
    assert Estimator().tokens("漢" * 100) > Estimator().tokens("x" * 100) * 2.9


def test_an_estimate_is_rounded_up_and_nothing_is_nothing() -> None:
    assert Estimator().tokens("x") == 1
    assert Estimator().tokens("") == 0


def test_characters_are_the_way_back() -> None:
    estimator = Estimator().corrected(1.3)
    assert estimator.tokens("x" * estimator.characters(1_000)) <= 1_000
