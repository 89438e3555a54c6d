"""Diagnose a model by asking it a tiny question twice: is it there, and what does it keep to?

The question goes the way of every other: through the metered client, by a prompt that ships, about
a batch that is ours. The second call shows whether the provider's cache keeps what it was sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from reviewer.config import KEY_VARIABLES
from reviewer.domain.completion import (
    Completion,
    CompletionRequest,
    Failure,
    FailureKind,
    ModelName,
    Usage,
)
from reviewer.ports.model import CompletionError
from reviewer.prompting.question_values import question_text
from reviewer.prompting.request_text import SharedText
from reviewer.service.model_setup import ModelSetup

PURPOSE = "doctor"

#: Caches that begin later than this are not tried: the question would not be tiny.
_MOST_TO_CACHE = 2_500
#: A cache begins at so many tokens of what the provider counts, which our estimate may miss.
_MARGIN = 1.5
_SMALLEST_BATCH = 60
_LONGEST_ANSWER = 2_000
_QUESTION = "Which number is returned by the function number_7? Answer with that number."
_FIELDS = {"answerable": bool, "answer": str, "quotes": list}
_SAMPLE = Usage(fresh_input=1_000, output=1_000)


class Kept(StrEnum):
    """Whether a model keeps to something; the value is shown to people."""

    YES = "yes"
    NO = "no"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDiagnosis:
    """What was found about a model.

    Args:
        model: Which one.
        failure: Why there is no answer; None where there is one.
        way_out: What to do about the failure.
        answered: The model that answered, as the provider names it.
        latency_seconds: How long the first answer took.
        schema: Whether the answer has the form that was asked for.
        schema_note: What else is to be said of that.
        cache: Whether the second call read from the provider's cache.
        cache_note: What else is to be said of that.
        usage: What the calls used; None where the provider did not say.
        cost: What they cost; None where nobody knows.
        priced: Whether its price is known.
        profiled: Whether this program knows what the model takes.
        context_tokens: What it holds; None where nobody says.
        output_tokens: The longest answer that is asked for.
    """

    model: ModelName
    failure: Failure | None = None
    way_out: str = ""
    answered: str = ""
    latency_seconds: float = 0.0
    schema: Kept = Kept.NOT_TRIED
    schema_note: str = ""
    cache: Kept = Kept.NOT_TRIED
    cache_note: str = ""
    usage: Usage | None = None
    cost: Decimal | None = None
    priced: bool = False
    profiled: bool = False
    context_tokens: int | None = None
    output_tokens: int = 0


async def diagnose_model(setup: ModelSetup) -> ModelDiagnosis:
    """Ask a model a tiny question, twice, and say what came of it.

    Args:
        setup: The model and how to reach it.
    """
    client = setup.client
    now = client.clock.now()
    known = ModelDiagnosis(
        model=setup.model,
        priced=client.pricing.price(setup.model, _SAMPLE, at=now) is not None,
        profiled=setup.profile().known,
        context_tokens=setup.context_tokens or setup.profile().context_tokens,
        output_tokens=setup.answer_tokens(),
    )
    least = setup.profile().cache_min_tokens
    tries_cache = least is None or least <= _MOST_TO_CACHE
    request = _request(setup, least or 0 if tries_cache else 0)
    try:
        first = await client.complete(request)
    except CompletionError as error:
        failure = error.failure
        return replace(known, failure=failure, way_out=_way_out(setup.model, failure))
    schema, schema_note = _schema(setup, request, first)
    known = replace(
        known,
        answered=first.model_answered,
        latency_seconds=first.latency_seconds,
        schema=schema,
        schema_note=schema_note,
        cache_note="" if tries_cache else f"it begins at {least:,} tokens",
    )
    usages = [first.usage]
    if tries_cache:
        try:
            second = await client.complete(request)
        except CompletionError as error:
            known = replace(known, cache_note=f"the second call failed: {error.failure.message}")
        else:
            usages.append(second.usage)
            seen = second.usage is not None and second.usage.cache_read > 0
            known = replace(known, cache=Kept.YES if seen else Kept.NO)
    said = [usage for usage in usages if usage is not None]
    usage = sum(said, Usage()) if len(said) == len(usages) else None
    return replace(known, usage=usage, cost=client.budget_report().total.cost)


def _request(setup: ModelSetup, cached_from: int) -> CompletionRequest:
    """Ask about a text of ours that is as long as the provider's cache needs."""
    nonce = setup.draw_nonce()
    tokens = setup.client.estimator(setup.model).tokens
    lines = ["File numbers.py, all of it:"]
    wanted = max(_SMALLEST_BATCH, round(cached_from * _MARGIN))
    number = 0
    while number < 9 or tokens("\n".join(lines)) < wanted:  # noqa: PLR2004 - the 7th is asked for
        lines.append(f"def number_{number}() -> int:\n    return {number * 3}\n")
        number += 1
    shared = SharedText(text="\n".join(lines), content_key="", paths=("numbers.py",))
    text = question_text(setup.composition("ask", nonce), _QUESTION, shared)
    request = setup.fitted(text.request(setup.model, run_id=setup.run_id))
    most = min(request.parameters.max_output_tokens, _LONGEST_ANSWER)
    return replace(
        request,
        purpose=PURPOSE,
        parameters=replace(request.parameters, max_output_tokens=most),
        content_key="",  # a kept answer would tell nothing about the model
    )


def _schema(
    setup: ModelSetup, request: CompletionRequest, completion: Completion
) -> tuple[Kept, str]:
    note = ""
    if not setup.profile().json_schema:
        note = "the model takes none, so that the prompt alone asks for the form"
    elif setup.client.memory.refusals.without_refused(request).schema is None:
        note = "the server refuses schemas, so that the prompt alone asks for the form"
    try:
        answer = json.loads(completion.text)
    except (ValueError, RecursionError):
        return Kept.NO, note or "the answer is no JSON"
    has_form = (
        isinstance(answer, dict)
        and answer.keys() == _FIELDS.keys()
        and all(isinstance(answer[name], kind) for name, kind in _FIELDS.items())
    )
    return (Kept.YES, note) if has_form else (Kept.NO, note or "the answer has other fields")


def _way_out(model: ModelName, failure: Failure) -> str:
    """Say what to do about a failure."""
    server = model.base_url or f"the service of {model.provider}"
    key = KEY_VARIABLES.get(model.provider, "the key")
    match failure.kind:
        case FailureKind.AUTHENTICATION:
            return f"Set {key} to a key that may use this model."
        case FailureKind.BILLING:
            return f"Look at credit and limits of your account at {model.provider}."
        case FailureKind.RATE_LIMITED | FailureKind.DEFERRED | FailureKind.CIRCUIT_OPEN:
            return "Try again later, or use another model."
        case FailureKind.TRANSIENT:
            return f"See that {server} can be reached from here, and try again."
        case FailureKind.CONTEXT_OVERFLOW | FailureKind.PROTOCOL:
            return f"See that {server} speaks this protocol and holds more than it was sent."
        case FailureKind.BUDGET:
            return "Raise the ceiling in config.toml."
        case FailureKind.INVALID | FailureKind.PARAMETER | FailureKind.SCHEMA_UNSUPPORTED:
            return f'See that {server} has a model of the name "{model.model}".'
        case FailureKind.DEADLINE | FailureKind.CANCELLED:
            return "Try again."
