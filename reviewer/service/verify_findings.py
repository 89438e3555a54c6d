"""Let a second look try to refute what the first one found; it may only remove or lower."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reviewer.domain.completion import Finish
from reviewer.domain.failure_cause import cause_of_call
from reviewer.domain.finding import Finding
from reviewer.domain.persona import Persona, Rule, Severity
from reviewer.domain.run_event import FailureCause
from reviewer.ports.model import CompletionError
from reviewer.prompting.question_values import verification_text
from reviewer.prompting.reading import read_verdicts
from reviewer.prompting.verification import (
    ClaimedVerdict,
    after_verification,
    apply_verdicts,
    handles,
)
from reviewer.service.consult_model import Opinion, failure_words
from reviewer.service.model_setup import ModelSetup
from reviewer.service.plan_consultation import Consultation, PlannedBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Unverified:
    """Why a batch could not be verified.

    Args:
        reason: Ready to be read.
        cause: What kind of thing failed.
    """

    reason: str
    cause: FailureCause


async def verify_findings(
    setup: ModelSetup,
    consultation: Consultation,
    opinions: Sequence[Opinion],
    personas: Sequence[Persona],
    *,
    least: Severity,
) -> tuple[tuple[Opinion, ...], tuple[Unverified, ...]]:
    """Verify every finding that could stand inline, one call a batch.

    Args:
        setup: The models and how to go about it.
        consultation: The plan.
        opinions: What was found.
        personas: Who reviews.
        least: Findings below this severity never stand inline and are not verified.

    Returns:
        The opinions with what is left, and the reasons why a batch could not be verified: its
        findings keep low confidence, so that they do not stand inline.
    """
    rules = {rule.id: rule for persona in personas for rule in persona.rules}
    results = await asyncio.gather(
        *(
            _verify(setup, consultation.nonce, planned, opinions, rules, least)
            for planned in consultation.batches
        )
    )
    verified = {id(old): new for pairs, _ in results for old, new in pairs}
    return (
        tuple(verified.get(id(opinion), opinion) for opinion in opinions),
        tuple(unverified for _, unverified in results if unverified is not None),
    )


async def _verify(  # noqa: PLR0917 - what one call hangs on
    setup: ModelSetup,
    nonce: str,
    planned: PlannedBatch,
    opinions: Sequence[Opinion],
    rules: Mapping[str, Rule],
    least: Severity,
) -> tuple[list[tuple[Opinion, Opinion]], Unverified | None]:
    here = [opinion for opinion in opinions if opinion.batch is planned]
    doubtful = [
        finding
        for opinion in here
        for finding in opinion.checked.findings
        if finding.severity.at_least(least)
    ]
    if not doubtful:
        return [], None
    verdicts, unverified = await _ask(setup, nonce, planned, doubtful, rules)
    result = apply_verdicts(doubtful, verdicts)
    pairs = [
        (opinion, replace(opinion, checked=after_verification(opinion.checked, result)))
        for opinion in here
    ]
    return pairs, unverified


async def _ask(
    setup: ModelSetup,
    nonce: str,
    planned: PlannedBatch,
    findings: Sequence[Finding],
    rules: Mapping[str, Rule],
) -> tuple[tuple[ClaimedVerdict, ...], Unverified | None]:
    text = verification_text(
        setup.composition("verify", nonce), handles(findings), rules, planned.shared
    )
    request = setup.fitted(text.request(setup.verify_model, run_id=setup.run_id))
    try:
        completion = await setup.client.complete(request)
    except CompletionError as error:
        reason = f"findings were not verified: {failure_words(error)}"
        return (), Unverified(reason=reason, cause=cause_of_call(error.failure.kind))
    reading = read_verdicts(completion.text)
    reason = ""
    if completion.finish is not Finish.STOP and not reading.verdicts:
        reason = f"findings were not verified: the answer ended with {completion.finish.value}"
    elif not reading.verdicts:
        reason = "findings were not verified: the answer could not be read"
    unverified = Unverified(reason=reason, cause=FailureCause.MODEL) if reason else None
    return reading.verdicts, unverified
