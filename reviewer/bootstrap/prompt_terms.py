"""What ``prompts render`` hangs on besides the change: the model, the operator's file, a nonce."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reviewer.bootstrap.model import (
    NONCE_BYTES,
    ModelRequest,
    model_text,
    prompt_wishes,
    read_operator_file,
    repository_name,
)

if TYPE_CHECKING:
    from reviewer.config import Settings
    from reviewer.service.render_prompt import Terms

#: What a model is taken to hold where none is named: most of today's hold at least this.
USUAL_CONTEXT_TOKENS = 128_000
_ANSWER_TOKENS = 8_000


def prompt_terms(
    request: ModelRequest, settings: Settings, repository: Path, persona: str
) -> tuple[str, Terms]:
    """Return the model that a persona would ask, and what its prompt hangs on.

    Nothing is wired: no key is needed, no ledger opened.

    Args:
        request: What the door asks for of models.
        settings: What the environment says.
        repository: The folder that is reviewed; decides roll-outs of prompts.
        persona: Who would ask.

    Returns:
        The model as configuration writes it, empty where none is named; and the terms.

    Raises:
        UserError: The operator's file or the model's name is wrong.
    """
    from reviewer.domain.model_name import parse_model_name
    from reviewer.domain.plan import Limits
    from reviewer.llm.profiles import profile_of
    from reviewer.prompting.estimate import Estimator
    from reviewer.prompting.prompt_catalogue import shipped_prompts
    from reviewer.service.render_prompt import Terms

    operator = read_operator_file(settings).model
    named = request.name or operator.personas.get(persona) or model_text(request, settings) or ""
    output = operator.output_tokens or _ANSWER_TOKENS
    context = operator.context_tokens or USUAL_CONTEXT_TOKENS
    limits = Limits(output_tokens=output, context_tokens=context)
    if named:
        profile = profile_of(parse_model_name(named))
        limits = Limits(
            output_tokens=min(output, profile.max_output_tokens),
            context_tokens=operator.context_tokens or profile.context_tokens,
        )
    return named, Terms(
        prompts=shipped_prompts(),
        today=datetime.now(UTC).date(),
        draw=lambda: secrets.token_hex(NONCE_BYTES),
        limits=limits,
        estimator=Estimator.of(named),
        language=request.language or operator.language,
        repository=repository_name(repository),
        wishes=prompt_wishes(read_operator_file(settings)),
        suggest=operator.suggestions if request.suggestions is None else request.suggestions,
        effort=operator.effort,
    )
