"""The operator's file: which model answers, what it may cost, which prompts are used.

It stands outside every repository (``~/.config/persona-reviewer/config.toml`` for a person), so
that nothing that a repository or a change says can choose a model, an address or a budget.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from reviewer.domain.file_schema import PersonaName, Table
from reviewer.domain.model_name import parse_model_name
from reviewer.domain.toml_document import parse_toml
from reviewer.errors import UserError


class Pace(StrEnum):
    """What is more precious: money (the others wait for the first persona's cache) or time."""

    COST = "cost"
    SPEED = "speed"


def _model(value: str) -> str:
    try:
        return str(parse_model_name(value))
    except UserError as error:
        raise ValueError(str(error)) from error


def _dollars(value: float) -> float:
    if Decimal(str(value)) != round(Decimal(str(value)), 4):
        message = "money has at most four decimals"
        raise ValueError(message)
    return value


Model = Annotated[str, Field(min_length=3, max_length=400), AfterValidator(_model)]
Dollars = Annotated[float, Field(gt=0, le=100_000), AfterValidator(_dollars)]
Price = Annotated[float, Field(ge=0, le=100_000), AfterValidator(_dollars)]
PricedName = Annotated[str, Field(min_length=1, max_length=400)]
Tokens = Annotated[int, Field(gt=0, le=10_000_000_000)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}$")]
Share = Annotated[float, Field(ge=0, le=1)]
PromptName = Annotated[str, Field(pattern=r"^[a-z]{2,20}$")]
Version = Annotated[int, Field(ge=1, le=9999)]


class ModelTable(Table):
    """``[model]``: who answers."""

    name: Model | None = Field(default=None, description="For example anthropic:claude-sonnet-5-5.")
    verify: Model | None = Field(default=None, description="Checks findings; by default the same.")
    personas: Annotated[dict[PersonaName, Model], Field(max_length=50)] = Field(
        default={}, description="Models of single personas."
    )
    allowed: Annotated[list[Model], Field(max_length=50)] = Field(
        default=[], description="Models that imported agent definitions may choose."
    )
    effort: Literal["minimal", "low", "medium", "high", "xhigh", "max"] | None = Field(
        default=None, description="How hard a model that reasons thinks."
    )
    context_tokens: Tokens | None = Field(
        default=None, description="What the model holds, where nobody knows: a server of yours."
    )
    output_tokens: Tokens | None = Field(default=None, description="The longest answer.")
    pace: Pace = Field(default=Pace.COST, strict=False, description="cost or speed.")
    language: Language = Field(default="en", description="The language of findings: en, de, …")
    suggestions: bool = Field(default=False, description="Whether findings propose new lines.")


class LimitTable(Table):
    """The most that one scope may spend; both bounds hold where both are set."""

    dollars: Dollars | None = None
    tokens: Tokens | None = None


#: What one review may spend where nobody says anything: enough for a large change, no surprise.
_RUN = LimitTable(dollars=0.5, tokens=1_000_000)


class BudgetTable(Table):
    """``[budget]``: what may be spent."""

    call: LimitTable = LimitTable()
    run: LimitTable = _RUN
    pull_request: LimitTable = LimitTable()
    repository_day: LimitTable = LimitTable()
    installation_month: LimitTable = LimitTable()


class PriceTable(Table):
    """``[prices."MODEL"]``: what a model costs by your contract, in dollars a million tokens."""

    input: Price
    output: Price
    cache_read: Price | None = Field(default=None, description="By default as fresh input.")
    cache_write: Price | None = Field(default=None, description="By default as fresh input.")


class Rollout(Table):
    """``[prompts.rollout.NAME]``: a new version for a share of the repositories."""

    version: Version
    share: Share


class PromptsTable(Table):
    """``[prompts]``: which versions are used."""

    pin: Annotated[dict[PromptName, Version], Field(max_length=20)] = Field(default={})
    rollout: Annotated[dict[PromptName, Rollout], Field(max_length=20)] = Field(default={})


class OperatorConfiguration(Table):
    """Everything that an operator may set."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    model: ModelTable = ModelTable()
    budget: BudgetTable = BudgetTable()
    prices: Annotated[dict[PricedName, PriceTable], Field(max_length=100)] = Field(
        default={}, description="By provider:model, or by the model's name alone."
    )
    prompts: PromptsTable = PromptsTable()


def parse_operator_configuration(text: str, path: str) -> OperatorConfiguration:
    """Read the operator's file.

    Args:
        text: The file's text.
        path: The file, as people know it.

    Raises:
        ConfigurationError: The file is wrong; tells everything that is, with the lines.
    """
    return parse_toml(text, path).validate(OperatorConfiguration)
