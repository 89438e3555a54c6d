"""Turns an attempt into a row of the ledger and back."""

from __future__ import annotations

from reviewer.adapters.database.tables import LlmCall
from reviewer.domain.attempt import Attempt, AttemptOutcome
from reviewer.domain.completion import ModelName, Parameters, PromptIdentity, Usage


def row_of(attempt: Attempt, *, prompt_version_id: int, model_version_id: int) -> LlmCall:
    """Return the row of an attempt; its prompt and model stand in tables of their own."""
    parameters, usage = attempt.parameters, attempt.usage
    return LlmCall(
        attempt_id=attempt.id,
        run_id=attempt.run_id,
        repository=attempt.repository,
        pull_request=attempt.pull_request,
        installation=attempt.installation,
        persona=attempt.persona,
        purpose=attempt.purpose,
        rules=list(attempt.rules),
        prompt_version_id=prompt_version_id,
        model_version_id=model_version_id,
        max_output_tokens=parameters.max_output_tokens,
        temperature=parameters.temperature,
        top_p=parameters.top_p,
        effort=parameters.effort,
        number=attempt.number,
        outcome=attempt.outcome.value,
        failure=attempt.failure,
        finish=attempt.finish,
        fresh_input_tokens=usage.fresh_input,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write,
        output_tokens=usage.output,
        reasoning_tokens=usage.reasoning,
        usage_known=attempt.usage_known,
        cost_dollars=attempt.cost,
        latency_seconds=attempt.latency_seconds,
        started_at=attempt.started_at,
    )


def attempt_of(row: LlmCall) -> Attempt:
    """Return the attempt of a row that was read with its prompt and model."""
    prompt, model = row.prompt_version, row.model_version
    return Attempt(
        id=row.attempt_id,
        run_id=row.run_id,
        repository=row.repository,
        pull_request=row.pull_request,
        installation=row.installation,
        persona=row.persona,
        purpose=row.purpose,
        rules=tuple(row.rules),
        prompt=PromptIdentity(name=prompt.name, version=prompt.version, sha256=prompt.sha256),
        model=ModelName(provider=model.provider, model=model.asked_name, base_url=model.base_url),
        model_answered=model.answered_name,
        parameters=Parameters(
            max_output_tokens=row.max_output_tokens,
            temperature=row.temperature,
            top_p=row.top_p,
            effort=row.effort,
        ),
        number=row.number,
        outcome=AttemptOutcome(row.outcome),
        failure=row.failure,
        finish=row.finish,
        usage=Usage(
            fresh_input=row.fresh_input_tokens,
            cache_read=row.cache_read_tokens,
            cache_write=row.cache_write_tokens,
            output=row.output_tokens,
            reasoning=row.reasoning_tokens,
        ),
        usage_known=row.usage_known,
        cost=row.cost_dollars,
        latency_seconds=row.latency_seconds,
        started_at=row.started_at,
    )
