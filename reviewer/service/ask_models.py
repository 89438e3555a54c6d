"""Ask models what tools left open: plan, consult, verify, combine; and account for all of it."""

from __future__ import annotations

from collections.abc import Sequence

from reviewer.domain.carried import Carried, carry, heard_after
from reviewer.domain.checklist import Scorecard
from reviewer.domain.failure_cause import first_cause
from reviewer.domain.judgement import Judgement
from reviewer.domain.model_use import ModelUse
from reviewer.domain.rounds import Delta
from reviewer.domain.run_event import FailureCause
from reviewer.service.combine_answers import combine_answers
from reviewer.service.consult_model import Opinion, consult_model
from reviewer.service.look_back import LookBack, heard_answers
from reviewer.service.model_setup import ModelSetup
from reviewer.service.offer_suggestions import offer_suggestions
from reviewer.service.plan_consultation import Consultation, plan_consultation
from reviewer.service.prepare_review import Preparation
from reviewer.service.scope_answers import scope_answers
from reviewer.service.verify_findings import Unverified, verify_findings


async def ask_models(
    setup: ModelSetup,
    ready: Preparation,
    cards: tuple[Scorecard, ...],
    delta: Delta,
    *,
    introduction: Sequence[tuple[str, str]] = (),
) -> Judgement:
    """Ask models what tools left open, and let a second look try to refute what they find.

    What was answered in an earlier round about files that have not changed is not asked again.

    Args:
        setup: The models and how to go about it.
        ready: What is reviewed, by whom, under which policy.
        cards: What tools answered.
        delta: What is different from the last round.
        introduction: Kind and text of blocks before the change: title and description, cleaned.
    """
    chosen, change = ready.chosen, ready.change
    carried = carry(delta, change, chosen, cards, catalogue=ready.catalogue)
    consultation = plan_consultation(
        setup, change, chosen, cards, covered=delta.covered, introduction=introduction
    )
    _tell_left_out(setup, consultation)
    opinions = await consult_model(setup, consultation, change, chosen, cards)
    looking = LookBack(delta, change, carried, cards)
    looked = looking.before_verifying(opinions, consultation)
    opinions, unverified = await verify_findings(
        setup,
        consultation,
        looked.opinions,
        chosen,
        least=ready.policy.thresholds.inline_severity,
    )
    opinions = looking.after_verifying(opinions)
    opinions = offer_suggestions(setup, opinions, change)
    combined = combine_answers(chosen, cards, opinions, consultation, looked.carried)
    scoped, dropped = scope_answers(combined.cards, ready.policy)
    return Judgement(
        cards=scoped,
        dropped=(*combined.dropped, *dropped),
        gaps=(*combined.gaps, *(missing.reason for missing in unverified)),
        cause=_cause(opinions, unverified, consultation, looked.carried),
        model=str(setup.model),
        use=_use(setup, consultation, opinions),
        heard=heard_after(
            looked.carried,
            change,
            answers=heard_answers(opinions),
            findings=[f for opinion in opinions for f in opinion.checked.findings],
            whole=not unverified and not any(opinion.gap for opinion in opinions),
            unseen=[entry.path for entry in consultation.plan.left_out],
            gaps=[(entry.path, entry.reason) for entry in consultation.cut],
        ),
        newcomers=_newcomers(consultation, ready, delta),
    )


def _tell_left_out(setup: ModelSetup, consultation: Consultation) -> None:
    """Tell whoever looks on that a model is not shown everything, where it is so."""
    left_out = {entry.path for entry in (*consultation.plan.left_out, *consultation.cut)}
    if left_out:
        shown = {path for planned in consultation.batches for path in planned.batch.paths}
        setup.client.onlooker.left_out(shown=len(shown - left_out), left_out=len(left_out))


def _cause(
    opinions: Sequence[Opinion],
    unverified: Sequence[Unverified],
    consultation: Consultation,
    carried: Carried,
) -> FailureCause | None:
    """Return what kind of thing stands behind the gaps; None where there are none."""
    return first_cause(
        (
            *(opinion.cause for opinion in opinions),
            *(missing.cause for missing in unverified),
            *(entry.cause for entry in (*consultation.plan.left_out, *consultation.cut)),
            # What an earlier round could not show was too long for a line.
            FailureCause.LIMIT if carried.gaps else None,
        )
    )


def _newcomers(consultation: Consultation, ready: Preparation, delta: Delta) -> tuple[str, ...]:
    """Return who was asked about files that did not change: nobody had asked them before."""
    asked = {
        ask.persona
        for planned in consultation.batches
        for ask in planned.batch.asks
        for paths in ask.paths.values()
        if paths & delta.unchanged
    }
    return tuple(persona.title for persona in ready.chosen if persona.name in asked)


def _use(setup: ModelSetup, consultation: Consultation, opinions: tuple[Opinion, ...]) -> ModelUse:
    requests = [request for opinion in opinions for request in opinion.requests]
    prompts = [request.prompt for request in requests]
    if any(purpose == "verify" for purpose, _ in setup.client.budget_report().by_purpose):
        prompts.append(setup.composition("verify", consultation.nonce).prompt.identity)
    models = [str(request.model) for request in requests] or [str(setup.model)]
    return setup.use_of(models, prompts)
