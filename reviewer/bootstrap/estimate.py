"""Wires the estimate of a review: no key is needed, and nothing is sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reviewer.bootstrap import (
    Request,
    built_in_personas,
    examiners_of,
    reports_of,
    wishes_of,
    workspace_of,
)
from reviewer.bootstrap.model import model_setup
from reviewer.config import Settings
from reviewer.errors import UserError

if TYPE_CHECKING:
    from reviewer.service.estimate_review import EstimatedReview


def estimate(request: Request) -> EstimatedReview:
    """Say what a review would ask a model, and what it would cost.

    Args:
        request: What would be reviewed, and by which model.

    Raises:
        UserError: No model is named, or the request or the repository is wrong.
        ReviewerError: The change could not be read.
    """
    return asyncio.run(_estimate(request))


async def _estimate(request: Request) -> EstimatedReview:
    from reviewer.service.estimate_review import estimate_review

    settings = Settings.from_environment()
    reports = await reports_of(request)
    async with (
        workspace_of(request) as workspace,
        model_setup(request.model, settings, request.repository) as setup,
    ):
        if setup is None:
            raise UserError(
                "no model is named, so there is nothing to estimate",
                hint="Name one: --model anthropic:claude-sonnet-5-5 (no key is needed for this).",
            )
        return await estimate_review(
            workspace,
            built_in_personas(),
            examiners_of(reports),
            wishes_of(request, model_configured=True),
            setup,
        )
