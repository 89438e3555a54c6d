"""Bounds of every parameter of a call, held before anything leaves (mission.md L3).

A value outside its bounds is a mistake of whoever set it and is told as one. A value that is
inside and that the model does not take is left out: personas name a temperature for all models,
and many models refuse one. What was sent in the end stands in the ledger.
"""

from __future__ import annotations

import re
from dataclasses import replace

from reviewer.domain.completion import CompletionRequest, ModelName, Parameters
from reviewer.errors import UserError
from reviewer.llm.profiles import ModelProfile, Sampling

DEFAULT_TEMPERATURE = 0.2
DEFAULT_TOP_P = 0.6

#: Every word that any vendor has for how much a model reasons, from least to most.
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

#: More than any model holds; it keeps a mistake of ours from filling the memory of a server.
_MOST_CHARACTERS = 8_000_000

# https://developers.openai.com/api/docs/guides/structured-outputs
_SCHEMA_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


def output_tokens(profile: ModelProfile, wanted: int) -> int:
    """Return how long an answer may be: what is wanted, and never more than the model gives."""
    return min(wanted, profile.max_output_tokens)


def check_parameters(model: ModelName, profile: ModelProfile, parameters: Parameters) -> None:
    """Hold parameters against their bounds; also for settings, when they are read.

    Args:
        model: The model that they are for, to name it.
        profile: What it takes.
        parameters: What is to be set.

    Raises:
        UserError: A value is out of its bounds; the text names them.
    """
    most = profile.max_output_tokens
    if not 1 <= parameters.max_output_tokens <= most:
        raise UserError(
            f"max_output_tokens is {parameters.max_output_tokens:,} for {model}",
            hint=f"Choose 1 to {most:,}.",
        )
    for name, value in (("temperature", parameters.temperature), ("top_p", parameters.top_p)):
        # A comparison with "not a number" is false, so that it fails as well.
        if value is not None and not 0 <= value <= 1:
            raise UserError(f"{name} is {value} for {model}", hint="Choose 0 to 1.")
    valid = profile.efforts or EFFORTS
    if parameters.effort is not None and parameters.effort not in valid:
        raise UserError(
            f"effort is {parameters.effort!r} for {model}", hint=f"Choose {_either(valid)}."
        )


def bounded(request: CompletionRequest, profile: ModelProfile) -> CompletionRequest:
    """Check a request and set what its model takes, defaults included.

    Args:
        request: What is asked.
        profile: What its model takes.

    Returns:
        The request as it may be sent.

    Raises:
        UserError: A value is out of its bounds.
    """
    check_parameters(request.model, profile, request.parameters)
    if not _SCHEMA_NAME.match(request.schema_name):
        raise UserError(
            f"the schema's name is {request.schema_name[:80]!r}",
            hint="Choose 1 to 64 letters, digits, dashes and underscores.",
        )
    size = len(request.system) + len(request.prefix) + len(request.question)
    if size > _MOST_CHARACTERS:
        raise UserError(
            f"a request of {size:,} characters is longer than any model reads",
            hint="Review a smaller range.",
        )
    return replace(
        request,
        parameters=_taken(request.parameters, profile),
        schema=request.schema if profile.json_schema else None,
    )


def _taken(parameters: Parameters, profile: ModelProfile) -> Parameters:
    effort = parameters.effort if parameters.effort in profile.efforts else None
    temperature: float | None = None
    top_p: float | None = None
    if _samples(profile, effort):
        temperature = _or(parameters.temperature, DEFAULT_TEMPERATURE)
        top_p = _or(parameters.top_p, DEFAULT_TOP_P)
    return replace(parameters, temperature=temperature, top_p=top_p, effort=effort)


def _samples(profile: ModelProfile, effort: str | None) -> bool:
    if profile.sampling is Sampling.WITHOUT_REASONING:
        return effort == "none" or (effort is None and not profile.reasons_by_default)
    return profile.sampling is Sampling.ALWAYS


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _either(words: tuple[str, ...]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
