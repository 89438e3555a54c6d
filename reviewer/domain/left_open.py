"""What earlier rounds found and nobody looked at again: it still counts, whoever reviews now.

Who asks for one persona must not lose what the others had found: a failing check would turn green
by a command (verdict shopping). A finding is left open where the persona, the rule or the file was
not looked at now, and its code still stands.
"""

from __future__ import annotations

from dataclasses import replace

from reviewer.domain.change import Change
from reviewer.domain.checklist import Verdict
from reviewer.domain.history import History, KnownFinding, KnownState
from reviewer.domain.policy import Policy
from reviewer.domain.quoted_code import QuotedCode
from reviewer.domain.remember import known_after
from reviewer.domain.review import Review
from reviewer.domain.rounds import believed


def left_open(
    history: History, review: Review, change: Change, policy: Policy
) -> tuple[KnownFinding, ...]:
    """Return the findings of earlier rounds that still count beside those of a review.

    Args:
        history: What is known of earlier rounds; unsigned, it is not believed.
        review: What was found now.
        change: What was reviewed, as whoever asks has read it.
        policy: What holds: who is switched off has nothing open any more.
    """
    before = believed(history)
    found = {placed.finding.fingerprint for placed in review.findings}
    answers = {(answer.persona, answer.rule_id): answer for answer in review.answers}
    looked = {card.persona for card in review.scorecards}
    code = QuotedCode(before, change)
    left = []
    for entry in known_after(before, replace(review, change=change)):
        file = change.by_path.get(entry.path)
        if entry.state is not KnownState.OPEN or entry.fingerprint in found or file is None:
            continue
        if not policy.enabled(entry.persona) or policy.switched_off(entry.rule_id):
            continue
        answer = answers.get((entry.persona, entry.rule_id))
        judged = answer is None or answer.verdict is not Verdict.NOT_ASSESSED
        if entry.persona in looked and judged and file.reviewed:
            continue
        if code.stands(entry, entry.path):
            left.append(entry)
    return tuple(left)
