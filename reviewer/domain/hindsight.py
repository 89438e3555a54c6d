"""What a model finds now, held against what was said before: no drip-feed, no going back.

late       A finding on lines that were there, unchanged, when the same rule was asked before. Who
           mended everything that was told must not be told more: only what is critical is, and
           says that it was missed.
reversal   A finding that proposes what an earlier finding had changed, or speaks against what an
           earlier one proposed. Whoever followed the first must not be sent back by the second.

Both are told to nobody unless critical (pains.md P08), and stand in the record with the reason.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from reviewer.domain.change import Change
from reviewer.domain.finding import Finding
from reviewer.domain.history import KnownFinding, KnownState
from reviewer.domain.patch_name import names_at, text_name
from reviewer.domain.persona import Severity
from reviewer.domain.rounds import Delta

#: How the explanation of a critical finding begins that an earlier round could have made.
MISSED_EARLIER = "Missed earlier: these lines have not changed since the last review. "

LATE = "missed earlier, on lines that have not changed since the last review, and not critical"


class Hindsight:
    """Knows earlier rounds and judges what a model finds now.

    Args:
        delta: What is different from the last round.
        change: What is reviewed.
        present: Fingerprints of everything that stands now: by tools, or carried forward.
    """

    def __init__(self, delta: Delta, change: Change, present: Collection[str]) -> None:
        self._delta = delta
        self._change = change
        self._told = {
            known.fingerprint for known in delta.before.known if known.state is not KnownState.FIXED
        }
        self._known: dict[str, list[KnownFinding]] = {}
        for known in delta.before.known:
            self._known.setdefault(delta.path_today(known.path), []).append(known)
        self._present = frozenset(present)

    def objection(self, finding: Finding, proposal: str = "") -> str | None:
        """Say why a finding must not be told; None where it may.

        Args:
            finding: What a model found.
            proposal: What it would put in place of the quoted lines; empty for nothing.
        """
        if finding.severity is Severity.CRITICAL or finding.fingerprint in self._told:
            return None
        return self._reversal(finding, proposal) or (LATE if self.is_late(finding) else None)

    def labelled(self, finding: Finding) -> Finding:
        """Return a finding that says so where an earlier round could have made it."""
        if finding.fingerprint in self._told or not self.is_late(finding):
            return finding
        explanation = finding.explanation.removeprefix(MISSED_EARLIER)
        return replace(finding, explanation=f"{MISSED_EARLIER}{explanation}")

    def is_late(self, finding: Finding) -> bool:
        """Tell whether the same rule was asked about the same lines before."""
        delta = self._delta
        seen, file = delta.seen.get(finding.path), self._change.by_path.get(finding.path)
        if seen is None or file is None or not seen.patch or not self._was_asked(finding):
            return False
        if finding.path in delta.unchanged:
            return True
        if finding.location is None:
            return False
        names = names_at(file, finding.location)
        return bool(names) and names <= seen.lines

    def _was_asked(self, finding: Finding) -> bool:
        return self._delta.incremental and any(
            (answer.persona, answer.rule_id) == (finding.persona, finding.rule_id)
            for answer in self._delta.before.answers
        )

    def _reversal(self, finding: Finding, proposal: str) -> str | None:
        proposed = text_name(proposal or finding.suggestion)
        quoted = text_name(finding.quote)
        for known in self._known.get(finding.path, ()):
            if known.fingerprint == finding.fingerprint:
                continue
            gone = known.fingerprint not in self._present
            if proposed and known.quote == proposed and gone:
                return f"it would bring back what {known.rule_id} had changed: {known.headline}"
            if quoted and known.suggestion == quoted:
                return f"it speaks against what {known.rule_id} had proposed: {known.headline}"
        return None
