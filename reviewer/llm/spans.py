"""What a span says about a call: OpenTelemetry's names for generative AI, and never content.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
"""

from __future__ import annotations

from reviewer.domain.attempt import Attempt
from reviewer.domain.completion import CompletionRequest
from reviewer.ports.telemetry import Attribute

#: Our providers, as the conventions call them.
_PROVIDERS = {
    "anthropic": "anthropic",
    "openai": "openai",
    "gemini": "gcp.gemini",
    "compatible": "openai_compatible",
}


def span_name(request: CompletionRequest) -> str:
    """Return the name of a call's span."""
    return f"chat {request.model.model}"


def asked(request: CompletionRequest, number: int) -> dict[str, Attribute]:
    """Return what is known before an attempt."""
    parameters = request.parameters
    attributes: dict[str, Attribute | None] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _PROVIDERS.get(request.model.provider, request.model.provider),
        "gen_ai.request.model": request.model.model,
        "gen_ai.request.max_tokens": parameters.max_output_tokens,
        "gen_ai.request.temperature": parameters.temperature,
        "gen_ai.request.top_p": parameters.top_p,
        "gen_ai.output.type": "text" if request.schema is None else "json",
        "reviewer.attempt": number,
        "reviewer.effort": parameters.effort,
        "reviewer.persona": request.persona,
        "reviewer.prompt": str(request.prompt),
        "reviewer.purpose": request.purpose,
    }
    return {name: value for name, value in attributes.items() if value is not None}


def ended(attempt: Attempt, request_id: str) -> dict[str, Attribute]:
    """Return what became known by the end of an attempt."""
    usage = attempt.usage
    attributes: dict[str, Attribute | None] = {
        "error.type": attempt.failure or None,
        "gen_ai.response.finish_reasons": (attempt.finish,) if attempt.finish else None,
        "gen_ai.response.id": request_id or None,
        "gen_ai.response.model": attempt.model_answered or None,
        "gen_ai.usage.input_tokens": usage.input,
        "gen_ai.usage.output_tokens": usage.output,
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write,
        "reviewer.cost_dollars": None if attempt.cost is None else float(attempt.cost),
        "reviewer.usage_known": attempt.usage_known,
    }
    return {name: value for name, value in attributes.items() if value is not None}
