"""An honest model for trials: it passes what it is asked, and finds what it is told to find."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

from reviewer.domain.completion import CompletionRequest
from reviewer.testing.scripted_model import ScriptedModel

Finding = Mapping[str, object]

PATH = "app/pages.py"
CODE = """\
def pages(total: int, size: int) -> int:
    return total // size


def last(items: list[int]) -> int:
    return items[len(items)]
"""
BUG: Finding = {
    "path": PATH,
    "side": "head",
    "quote": "    return items[len(items)]",
    "headline": "The last item is read one place too far",
    "explanation": "last([1]) → IndexError, because indices end at len(items) - 1.",
    "remedy": "Return items[-1].",
    "severity": "major",
    "suggestion": None,
}


def honest_model(
    findings: Mapping[str, Sequence[Finding]] | None = None, *, reason: str = "read line by line"
) -> ScriptedModel:
    """Return a model that passes every rule but those that have findings, and verifies them.

    Args:
        findings: Findings by rule.
        reason: What it says of each rule and each verdict.
    """
    return ScriptedModel(honest(findings or {}, reason=reason))


def honest(
    findings: Mapping[str, Sequence[Finding]], *, reason: str = "read line by line"
) -> Callable[[CompletionRequest], str]:
    """Return how an honest model answers."""

    def reply(request: CompletionRequest) -> str:
        if request.purpose == "verify":
            handles = re.findall(r"^finding: (\S+)", request.question, re.MULTILINE)
            verdicts = [
                {"finding": handle, "holds": True, "severity": "critical", "reason": reason}
                for handle in handles
            ]
            return json.dumps({"verdicts": verdicts})
        answers = [
            {
                "rule_id": rule,
                "verdict": "fail" if rule in findings else "pass",
                "reason": reason,
                "findings": findings.get(rule, []),
            }
            for rule in request.rules
        ]
        return json.dumps({"answers": answers})

    return reply
