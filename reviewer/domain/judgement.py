"""What is known after everybody has answered: tools, and models where one is configured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from reviewer.domain.checklist import NO_MODEL, Answer, Scorecard, Verdict
from reviewer.domain.finding import Finding, PlacedFinding
from reviewer.domain.history import Heard
from reviewer.domain.model_use import ModelUse
from reviewer.domain.run_event import FailureCause


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is known after everybody has answered.

    Args:
        cards: One a chosen persona, in their order.
        dropped: Claims that were not believed and findings that the policy scopes away.
        gaps: What was planned and did not happen, ready to be read; a run with any is partial.
        cause: What kind of thing stood behind the gaps; None where there are none.
        notices: What people must know apart from the answers.
        model: The model that was asked; None for none.
        use: What was used of models; None for none.
        heard: What models said, as the next round carries it forward.
        newcomers: Titles of the personas that were asked about files that did not change.
    """

    cards: tuple[Scorecard, ...]
    dropped: tuple[PlacedFinding, ...] = ()
    gaps: tuple[str, ...] = ()
    cause: FailureCause | None = None
    notices: tuple[str, ...] = ()
    model: str | None = None
    use: ModelUse | None = None
    heard: Heard = field(default_factory=lambda: Heard(whole=True))
    newcomers: tuple[str, ...] = ()


#: Which verdict counts where a rule was asked about several parts of a change, first first.
_ORDER = (Verdict.FAIL, Verdict.NOT_ASSESSED, Verdict.PASS, Verdict.NOT_APPLICABLE)


def weigh(
    mechanical: Answer, said: Sequence[tuple[Verdict, str]], found: Sequence[Finding]
) -> Answer:
    """Put together what tools and models say of one rule.

    What tools decided stands; a model fills in what they left open, and its findings stand
    beside theirs.

    Args:
        mechanical: What tools answered.
        said: A model's verdicts, each with its reason, now or in a round that still counts.
        found: What models found, after every check.
    """
    if not said and not found:
        return mechanical
    if mechanical.verdict is Verdict.FAIL or found:
        both = (*mechanical.findings, *found)
        sources = dict.fromkeys(source for finding in both for source in finding.sources)
        return replace(
            mechanical,
            verdict=Verdict.FAIL,
            findings=both,
            reason=", ".join(sources),
            asked=True,
        )
    verdict, reason = min(said, key=lambda pair: _ORDER.index(pair[0]))
    if verdict is Verdict.PASS:
        reason = f"model: {reason}" if reason else "model"
    return replace(
        mechanical, verdict=verdict, reason=reason or "the model gave no reason", asked=True
    )


def left_unasked(answer: Answer, reason: str) -> Answer:
    """Say why nobody was asked where it is not that no model is configured.

    Args:
        answer: A rule's answer, after everybody has had a say.
        reason: What kept it from being asked; empty where nothing did.
    """
    open_still = answer.verdict is Verdict.NOT_ASSESSED and answer.reason == NO_MODEL
    return replace(answer, reason=reason) if reason and open_still else answer
