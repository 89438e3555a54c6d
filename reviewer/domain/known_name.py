"""The name by which people know a finding, where an edit beside it would give it another one.

A fingerprint holds the line before and the line after. Who edits one of these has changed neither
the finding nor its own lines: told under a new name it would stand twice, and a dismissal of it
would be forgotten. So a finding that is new takes the name of one that is gone, where rule, file
and quoted lines are the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from reviewer.domain.checklist import Answer, Scorecard
from reviewer.domain.finding import Finding
from reviewer.domain.history import KnownState
from reviewer.domain.patch_name import text_name
from reviewer.domain.rounds import Delta

_Key = tuple[str, str, str, str]


def known_names(
    findings: Iterable[Finding], delta: Delta, present: Collection[str]
) -> dict[str, str]:
    """Find the names by which people know findings.

    Args:
        findings: What was found.
        delta: What is different from the last round.
        present: Every fingerprint that something has now.

    Returns:
        The known fingerprint by the new one, where they differ.
    """
    told = {known.fingerprint for known in delta.before.known}
    free: dict[_Key, list[str]] = {}
    for known in delta.before.known:
        if known.state is KnownState.FIXED or known.fingerprint in present or not known.quote:
            continue
        key = (known.persona, known.rule_id, delta.path_today(known.path), known.quote)
        free.setdefault(key, []).append(known.fingerprint)
    names: dict[str, str] = {}
    if not free:
        return names
    for finding in findings:
        key = (finding.persona, finding.rule_id, finding.path, text_name(finding.quote))
        if finding.fingerprint not in told and free.get(key):
            names[finding.fingerprint] = free[key].pop(0)
    return names


def with_known_names(cards: Iterable[Scorecard], delta: Delta) -> tuple[Scorecard, ...]:
    """Let what tools found keep the names by which people know it.

    Args:
        cards: What tools answered.
        delta: What is different from the last round.
    """
    cards = tuple(cards)
    found = [f for card in cards for answer in card.answers for f in answer.findings]
    names = known_names(found, delta, {finding.fingerprint for finding in found})
    if not names:
        return cards
    return tuple(
        replace(card, answers=tuple(_named(answer, names) for answer in card.answers))
        for card in cards
    )


def _named(answer: Answer, names: dict[str, str]) -> Answer:
    findings = tuple(
        replace(f, fingerprint=names.get(f.fingerprint, f.fingerprint)) for f in answer.findings
    )
    return replace(answer, findings=findings)
