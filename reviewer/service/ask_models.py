"""Ask models what tools left open: plan, consult, verify, combine; and account for all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reviewer.domain.budget import Scope
from reviewer.domain.checklist import Scorecard
from reviewer.domain.judgement import Judgement
from reviewer.domain.model_use import ModelUse
from reviewer.errors import UserError
from reviewer.service.combine_answers import combine_answers
from reviewer.service.consult_model import Opinion, consult_model
from reviewer.service.model_setup import ModelSetup
from reviewer.service.offer_suggestions import offer_suggestions
from reviewer.service.plan_consultation import Consultation, plan_consultation
from reviewer.service.prepare_review import Preparation
from reviewer.service.scope_answers import scope_answers
from reviewer.service.verify_findings import verify_findings


async def ask_models(
    setup: ModelSetup, ready: Preparation, cards: tuple[Scorecard, ...]
) -> Judgement:
    """Ask models what tools left open, and let a second look try to refute what they find.

    Args:
        setup: The models and how to go about it.
        ready: What is reviewed, by whom, under which policy.
        cards: What tools answered.
    """
    chosen = ready.chosen
    setup, notices = _pinned(setup, ready.policy.prompt_pins)
    consultation = plan_consultation(setup, ready.change, chosen, cards)
    opinions = await consult_model(setup, consultation, ready.change, chosen, cards)
    opinions, unverified = await verify_findings(
        setup, consultation, opinions, chosen, least=ready.policy.thresholds.inline_severity
    )
    opinions = offer_suggestions(setup, opinions, ready.change)
    combined = combine_answers(chosen, cards, opinions, consultation)
    scoped, dropped = scope_answers(combined.cards, ready.policy)
    return Judgement(
        cards=scoped,
        dropped=(*combined.dropped, *dropped),
        gaps=(*combined.gaps, *unverified),
        notices=notices,
        model=str(setup.model),
        use=_use(setup, consultation, opinions),
    )


def _pinned(setup: ModelSetup, pins: Mapping[str, int]) -> tuple[ModelSetup, tuple[str, ...]]:
    """Add the versions that the repository pins; one that cannot be had is told, not used."""
    good: dict[str, int] = {}
    notices: list[str] = []
    for name, version in pins.items():
        wishes = replace(setup.wishes, repository={name: version})
        try:
            setup.prompts.choose(name, repository=setup.repository, wishes=wishes)
        except UserError as error:
            notices.append(f"This pin of the configuration has no effect: {error.message}.")
        else:
            good[name] = version
    wishes = replace(setup.wishes, repository=good)
    return replace(setup, wishes=wishes), tuple(notices)


def _use(setup: ModelSetup, consultation: Consultation, opinions: tuple[Opinion, ...]) -> ModelUse:
    """Account for the run, from the meter that every attempt went through."""
    report = setup.client.budget_report()
    requests = [request for opinion in opinions for request in opinion.requests]
    prompts = [request.prompt for request in requests]
    if any(purpose == "verify" for purpose, _ in report.by_purpose):
        prompts.append(setup.composition("verify", consultation.nonce).prompt.identity)
    models = [str(request.model) for request in requests] or [str(setup.model)]
    ceilings = [c.dollars for c in report.ceilings if c.scope is Scope.RUN]
    total = report.total
    return ModelUse(
        models=tuple(dict.fromkeys(models)),
        prompts=tuple(dict.fromkeys(prompts)),
        usage=total.usage,
        cost=total.cost,
        known_cost=total.known_cost,
        ceiling=ceilings[0] if ceilings else None,
        calls=total.attempts,
        cached=total.cached,
        failed=total.failed,
        uncertain=total.uncertain,
    )
