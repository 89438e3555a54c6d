"""Prices and token counts: from records and from experience, never invented."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.completion import ModelName, Usage
from reviewer.llm.calibration import Calibration, TokenEstimator
from reviewer.llm.pricing import Pricing, StatedPrice
from tests.unit.model_example import MODEL, UNPRICED, request

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SONNET = ModelName(provider="anthropic", model="claude-sonnet-5-5")
MILLION = 1_000_000


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        (Usage(fresh_input=MILLION), "2"),
        (Usage(cache_read=MILLION), "0.1"),
        (Usage(cache_write=MILLION), "2.5"),
        (Usage(output=MILLION, reasoning=MILLION), "10"),
        (Usage(), "0"),
    ],
)
def test_each_bucket_has_its_own_price(usage: Usage, dollars: str) -> None:
    assert Pricing().price(SONNET, usage, at=NOW) == Decimal(dollars)


def test_a_gateway_s_prices_are_found_by_its_address() -> None:
    model = ModelName(
        provider="compatible",
        model="deepseek/deepseek-chat",
        base_url="https://openrouter.ai/api/v1",
    )

    price = Pricing().price(model, Usage(fresh_input=MILLION), at=NOW)

    assert price is not None
    assert price > 0


@pytest.mark.holds("P13")
@pytest.mark.parametrize(
    "model", [MODEL, UNPRICED, ModelName(provider="openai", model="gpt-6.2-sol")], ids=str
)
def test_a_price_that_nobody_knows_is_none(model: ModelName) -> None:
    assert Pricing().price(model, Usage(fresh_input=1), at=NOW) is None
    assert Pricing().worst(model, Usage(fresh_input=1), at=NOW) is None


@pytest.mark.parametrize("name", [str(UNPRICED), "compatible:example-local", "example-local"])
def test_an_operator_s_price_counts_before_any_record(name: str) -> None:
    price = StatedPrice(input=Decimal(1), output=Decimal(2), cache_read=Decimal("0.1"))
    pricing = Pricing(stated={name: price})
    usage = Usage(fresh_input=MILLION, cache_read=MILLION, cache_write=MILLION, output=MILLION)

    assert pricing.price(UNPRICED, usage, at=NOW) == Decimal("4.1")


def test_the_model_that_answered_is_the_one_that_is_paid() -> None:
    usage = Usage(fresh_input=MILLION)
    pricing = Pricing()

    assert pricing.price(SONNET, usage, at=NOW, answered="claude-opus-5-5") == Decimal(4)
    assert pricing.price(SONNET, usage, at=NOW, answered="who-knows") == Decimal(2)


@pytest.mark.holds("P13")
@given(
    fresh=st.integers(0, 900_000), read=st.floats(0, 1), write=st.floats(0, 1),
    output=st.integers(0, 128_000),
)  # fmt: skip
def test_the_worst_price_is_never_below_what_a_call_can_cost(
    fresh: int, read: float, write: float, output: int
) -> None:
    reads = int(fresh * read)
    writes = int((fresh - reads) * write)
    used = Usage(
        fresh_input=fresh - reads - writes, cache_read=reads, cache_write=writes, output=output
    )
    for name in ("claude-sonnet-5-5", "claude-opus-5-5"):
        model = ModelName(provider="anthropic", model=name)
        worst = Pricing().worst(model, Usage(fresh_input=fresh, output=output), at=NOW)
        price = Pricing().price(model, used, at=NOW)
        assert worst is not None
        assert price is not None
        assert price <= worst


def test_the_estimate_follows_what_a_provider_counts() -> None:
    calibration = Calibration()
    asked = request(prefix="12 def total(items):\n" * 1_000)
    size = len(asked.prefix)

    assert calibration.estimator(MODEL).bytes_per_token == 3.2
    for _ in range(20):
        calibration.learn(asked, Usage(fresh_input=size // 8, cache_read=size // 8))

    assert calibration.estimator(MODEL).bytes_per_token == pytest.approx(4.0, rel=0.02)
    assert calibration.estimator(UNPRICED).bytes_per_token == 3.2


def test_short_requests_and_empty_counts_teach_nothing() -> None:
    calibration = Calibration()

    calibration.learn(request(), Usage(fresh_input=1))
    calibration.learn(request(prefix="x" * 10_000), Usage())

    assert calibration.estimator(MODEL).bytes_per_token == 3.2


def test_one_absurd_count_moves_the_average_only_so_far() -> None:
    calibration = Calibration()
    calibration.learn(request(prefix="x" * 1_000_000), Usage(fresh_input=1))

    assert calibration.estimator(MODEL).bytes_per_token < 5


@pytest.mark.parametrize(
    "text",
    ["9f3a" * 500, "QmFzZTY0" * 500, "})]);" * 500, "文字" * 500, "🙂" * 500],
    ids=["hexadecimal", "base64", "signs", "Chinese", "emoji"],
)
def test_the_worst_case_does_not_trust_an_average(text: str) -> None:
    estimator = TokenEstimator(bytes_per_token=3.2)

    assert estimator.worst(text) >= 0.5 * len(text)
    assert estimator.worst(text) >= 1.4 * estimator.tokens(text) or not text.isascii()
    assert estimator.worst(text) <= len(text.encode())


@pytest.mark.holds("P13")
@given(text=st.text(), ratio=st.floats(1, 8))
def test_the_worst_case_is_never_below_the_estimate(text: str, ratio: float) -> None:
    estimator = TokenEstimator(bytes_per_token=ratio)

    assert estimator.worst(text) >= estimator.tokens(text) - 1


def test_a_vendor_s_own_service_is_never_said_to_cut() -> None:
    asked = request(prefix="x" * 100_000)

    assert not Calibration().is_cut(asked, Usage(fresh_input=100))
