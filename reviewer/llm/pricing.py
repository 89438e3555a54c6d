"""What a call costs in US dollars, by the prices that ``genai-prices`` ships; works offline.

A price that nobody knows is None and never 0. Multipliers for cached tokens and steps for long
inputs differ between models, so that nothing here is derived: the library's own record decides.
An operator may state prices: for a server of one's own, for a contract, for a model of yesterday.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from reviewer.domain.completion import ModelName, Usage

_MILLION = Decimal(1_000_000)

#: Our providers, as the library calls them.
_PROVIDERS = {"anthropic": "anthropic", "openai": "openai", "gemini": "google"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedPrice:
    """What an operator says that a model costs, in US dollars a million tokens.

    Args:
        input: Fresh input.
        output: Output, reasoning included.
        cache_read: Input read from the provider's cache; None costs what fresh input costs.
        cache_write: Input written to it; None costs what fresh input costs.
    """

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None

    def of(self, usage: Usage) -> Decimal:
        """Return what this usage costs."""
        read = self.input if self.cache_read is None else self.cache_read
        write = self.input if self.cache_write is None else self.cache_write
        return (
            usage.fresh_input * self.input
            + usage.cache_read * read
            + usage.cache_write * write
            + usage.output * self.output
        ) / _MILLION


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """Prices calls.

    Args:
        stated: Prices that an operator states, by ``provider:model`` or by the model's name.
    """

    stated: Mapping[str, StatedPrice] = field(default_factory=dict)

    def price(
        self, model: ModelName, usage: Usage, *, at: datetime, answered: str = ""
    ) -> Decimal | None:
        """Return what a usage costs.

        Args:
            model: The model that was asked.
            usage: What was used.
            at: When; prices have dates.
            answered: The model that answered, as the provider names it: an alias may lead to a
                model of another price.

        Returns:
            The price, None where nobody knows it.
        """
        for name in (str(model), f"{model.provider}:{model.model}", model.model):
            if name in self.stated:
                return self.stated[name].of(usage)
        if answered and answered != model.model:
            price = _looked_up(model, answered, usage, at)
            if price is not None:
                return price
        return _looked_up(model, model.model, usage, at)

    def worst(self, model: ModelName, usage: Usage, *, at: datetime) -> Decimal | None:
        """Return the most that a usage may cost: nothing is read from a cache, all is written.

        Args:
            model: The model that is asked.
            usage: Fresh input and output at their most.
            at: When.
        """
        written = Usage(cache_write=usage.input, output=usage.output)
        prices = (self.price(model, usage, at=at), self.price(model, written, at=at))
        return max((price for price in prices if price is not None), default=None)


def _looked_up(model: ModelName, name: str, usage: Usage, at: datetime) -> Decimal | None:
    import genai_prices  # noqa: PLC0415 - a third of a second that only calls of a model need

    priced = genai_prices.Usage(
        input_tokens=usage.input,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write,
        output_tokens=usage.output,
    )
    provider = _PROVIDERS.get(model.provider)
    try:
        if provider is not None:
            # Behind another address it may be another contract; the list price is still the
            # best that is known, and an operator can state a better one.
            found = genai_prices.calc_price(
                priced, name, provider_id=provider, genai_request_timestamp=at
            )
        else:
            found = genai_prices.calc_price(
                priced, name, provider_api_url=model.base_url, genai_request_timestamp=at
            )
    except LookupError:
        return None
    return found.total_price
