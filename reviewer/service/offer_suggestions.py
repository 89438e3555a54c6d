"""Turn what models propose into replacements that can be applied, where code has checked them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reviewer.domain.change import Change
from reviewer.domain.finding import Finding
from reviewer.domain.redactor import redact
from reviewer.prompting.answer import Proposal
from reviewer.prompting.suggestion import Suggestion, check_proposal
from reviewer.service.consult_model import Opinion
from reviewer.service.model_setup import ModelSetup

#: What stands where a secret was taken out of an answer: no program text.
_REDACTED = "[redacted "


def offer_suggestions(
    setup: ModelSetup, opinions: Sequence[Opinion], change: Change
) -> tuple[Opinion, ...]:
    """Give findings the replacements that hold; the others stay prose.

    A finding with a replacement stands on exactly the lines that it replaces. One of an earlier
    round is tried again: the file around it has changed.

    Args:
        setup: Whether replacements are wanted, and what reads programs.
        opinions: What was found, after the second look.
        change: What is reviewed.
    """
    return tuple(_offered(setup, opinion, change) for opinion in opinions)


def _offered(setup: ModelSetup, opinion: Opinion, change: Change) -> Opinion:
    proposals = {proposal.fingerprint: proposal for proposal in opinion.checked.proposals}
    findings = tuple(
        _with_suggestion(setup, finding, proposals.get(finding.fingerprint), change)
        for finding in opinion.checked.findings
    )
    return replace(opinion, checked=replace(opinion.checked, findings=findings))


def _with_suggestion(
    setup: ModelSetup, finding: Finding, proposal: Proposal | None, change: Change
) -> Finding:
    earlier = finding.suggestion
    finding = replace(finding, suggestion="")
    file = change.by_path.get(finding.path)
    if proposal is None and earlier and finding.location is not None:
        proposal = Proposal(
            fingerprint=finding.fingerprint, location=finding.location, text=earlier
        )
    if proposal is None or file is None or not setup.suggestions:
        return finding
    if _REDACTED in proposal.text or redact(proposal.text, setup.secrets) != proposal.text:
        return finding
    checked = check_proposal(proposal, file, setup.parses)
    if not isinstance(checked, Suggestion):
        return finding
    return replace(
        finding,
        location=checked.location,
        quote=file.text_at(checked.location),
        suggestion=checked.text,
    )
