"""Estimate a review with a model: everything up to the first call, and no call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reviewer.domain.budget import Ceiling
from reviewer.domain.change import Change
from reviewer.domain.completion import ModelName
from reviewer.domain.persona import Persona
from reviewer.domain.plan import LeftOut, Plan
from reviewer.ports.examiner import Examiner
from reviewer.ports.workspace import Workspace
from reviewer.service.model_setup import ModelSetup
from reviewer.service.plan_consultation import plan_consultation
from reviewer.service.prepare_review import Wishes
from reviewer.service.review_change import gather_evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatedReview:
    """What a review would ask a model.

    Args:
        change: What would be reviewed.
        personas: Who would review, in order.
        model: Who would be asked.
        plan: Who is asked what, what is left out, what it uses and costs.
        cut: Files whose long lines would not be shown to their end.
        ceilings: What bounds it.
        reason: Why there is nothing to review; empty where there is.
    """

    change: Change
    personas: tuple[Persona, ...]
    model: ModelName
    plan: Plan
    cut: tuple[LeftOut, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    reason: str = ""


async def estimate_review(
    workspace: Workspace,
    built_in: Sequence[Persona],
    examiners: Sequence[Examiner],
    wishes: Wishes,
    setup: ModelSetup,
) -> EstimatedReview:
    """Plan a review as it would be made, and stop before the first call.

    Args:
        workspace: Where the change comes from.
        built_in: The personas that ship.
        examiners: Who gives evidence, one a kind.
        wishes: What the person at the door asks for.
        setup: The models and how to go about it.

    Raises:
        UserError: The change cannot be read, or somebody was asked for who does not exist.
    """
    known = await gather_evidence(workspace, built_in, examiners, wishes)
    ready = known.ready
    ceilings = tuple(setup.client.ceilings)
    if known.reason:
        return EstimatedReview(
            change=ready.change,
            personas=ready.chosen,
            model=setup.model,
            plan=Plan(),
            ceilings=ceilings,
            reason=known.reason,
        )
    consultation = plan_consultation(setup, ready.change, ready.chosen, known.cards)
    return EstimatedReview(
        change=ready.change,
        personas=ready.chosen,
        model=setup.model,
        plan=consultation.plan,
        cut=consultation.cut,
        ceilings=ceilings,
    )
