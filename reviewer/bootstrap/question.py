"""Wires a question about a change, or a plan, for the command line: one call of a model."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reviewer.bootstrap import Request, built_in_personas, workspace_of
from reviewer.bootstrap.model import model_setup
from reviewer.config import Settings
from reviewer.errors import UserError

if TYPE_CHECKING:
    from reviewer.domain.change import Change
    from reviewer.domain.material import Question, Reply


def answer(request: Request, question: Question) -> Reply:
    """Answer a question about what the request names; a plan needs no change.

    Args:
        request: The change, and what is asked for of models.
        question: What is asked.

    Raises:
        UserError: No model is configured, or the request or the repository is wrong.
        ReviewerError: The change could not be read.
    """
    return asyncio.run(_answer(request, question))


async def _answer(request: Request, question: Question) -> Reply:
    from reviewer.domain.change import Change
    from reviewer.domain.material import QuestionKind

    settings = Settings.from_environment()
    async with model_setup(request.model, settings, request.repository) as setup:
        if setup is None:
            raise UserError(
                "no model is configured, so nobody can answer",
                hint="Name one: --model anthropic:claude-sonnet-5-5, or set REVIEWER_MODEL.",
            )
        # Only here is it known that what models need is installed.
        from reviewer.service.answer_question import answer_question

        about_change = question.kind is QuestionKind.ASK
        nothing = Change(base="", head="", files=())
        return await answer_question(
            setup,
            question,
            change=await _change(request) if about_change else nothing,
            description=("", ""),
            personas=built_in_personas,
        )


async def _change(request: Request) -> Change:
    from reviewer.service.read_base import CONFIGURATION_GLOBS, read_policy

    async with workspace_of(request) as workspace:
        policy = read_policy(await workspace.base_files(CONFIGURATION_GLOBS), request.layer)
        return await workspace.change(excluded=policy.exclude)
