"""A review as SARIF 2.1.0, for code scanning and editors.

What people see as a finding is a result; duplicates and dropped findings are left out. SARIF
speaks of the head alone: a finding on removed lines names the file, its message names the lines.
Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, and what GitHub reads:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from reviewer import __version__
from reviewer.domain.change import Side
from reviewer.domain.finding import Confidence, Finding, OutcomeKind, PlacedFinding
from reviewer.domain.persona import Persona, Rule, Severity
from reviewer.domain.sanitiser import (
    PROSE_LIMIT,
    cut,
    fenced,
    logged_json,
    one_line,
    prose,
    visible,
)
from reviewer.domain.status import RunState
from reviewer.rendering.document import ReviewDocument, path_in_address

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.MAJOR: "error",
    Severity.MINOR: "warning",
    Severity.NOTE: "note",
}

#: GitHub's scale for alerts of rules that are tagged ``security``; from 0 to 10, as CVSS has it.
_SECURITY_SEVERITIES = {
    Severity.CRITICAL: "9.5",
    Severity.MAJOR: "7.5",
    Severity.MINOR: "5.0",
    Severity.NOTE: "2.0",
}
_PRECISIONS = {
    Confidence.HIGH: "very-high",
    Confidence.MEDIUM: "medium",
    Confidence.LOW: "low",
}

#: How our fingerprint is made; a change of its ingredients raises the number.
_FINGERPRINT = "personaReviewer/v1"

# A plain message may hold links, ``[text](target)``, and placeholders, ``{0}`` (§3.11.5, §3.11.6).
_LINK = re.compile(r"\](?=\()")
_PLACEHOLDER = re.compile(r"\{(?=\d)")


def render_sarif(document: ReviewDocument) -> str:
    """Render a review as a SARIF log with one run; it ends with a newline."""
    review = document.review
    rules = _rules(document)
    index = {rule.id: position for position, (_, rule) in enumerate(rules)}
    hidden = (OutcomeKind.DUPLICATE, OutcomeKind.DROPPED)
    run = {
        "tool": {
            "driver": {
                "name": "Persona Reviewer",
                "semanticVersion": __version__,
                "rules": [_descriptor(persona, rule) for persona, rule in rules],
            }
        },
        "automationDetails": {"id": "persona-reviewer/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(document)],
        "results": [
            {**_result(document, placed.finding, index), **_suppressions(placed)}
            for placed in review.findings
            if placed.outcome.kind not in hidden
        ],
        "properties": {"state": review.state.value, "headline": _text(review.headline)},
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return logged_json(json.dumps(log, indent=2, ensure_ascii=True, allow_nan=False)) + "\n"


def _text(text: str) -> str:
    """Make text safe as a plain message: no link, no placeholder."""
    return _PLACEHOLDER.sub("{ ", _LINK.sub("] ", cut(one_line(text), PROSE_LIMIT)))


def _rules(document: ReviewDocument) -> Sequence[tuple[Persona, Rule]]:
    """Return the rules that were asked, each once."""
    rules: dict[str, tuple[Persona, Rule]] = {}
    for persona in document.review.personas:
        for rule in persona.rules:
            rules.setdefault(rule.id, (persona, rule))
    return tuple(rules.values())


def _descriptor(persona: Persona, rule: Rule) -> dict[str, object]:
    properties: dict[str, object] = {
        "tags": [persona.name, rule.severity.value],
        "problem.severity": {"error": "error", "warning": "warning", "note": "recommendation"}[
            _LEVELS[rule.severity]
        ],
        "precision": _PRECISIONS[Confidence.HIGH],
    }
    if persona.name == "security-sentinel":
        properties["tags"] = ["security", persona.name, rule.severity.value]
        properties["security-severity"] = _SECURITY_SEVERITIES[rule.severity]
    return {
        "id": rule.id,
        "name": rule.id,
        "shortDescription": {"text": _text(rule.title)},
        "fullDescription": {"text": _text(f"{rule.check} {rule.why}")},
        "help": {
            "text": _text(f"{rule.check} {rule.why} {rule.remedy}"),
            "markdown": _help(rule),
        },
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": properties,
    }


def _help(rule: Rule) -> str:
    parts = [prose(rule.check), prose(rule.why), prose(rule.remedy)]
    if rule.bad.strip():
        parts += ["Instead of", fenced(rule.bad.strip("\n"))]
    if rule.good.strip():
        parts += ["write", fenced(rule.good.strip("\n"))]
    return "\n\n".join(parts)


def _invocation(document: ReviewDocument) -> dict[str, object]:
    """Say whether everything was looked at; whoever reads no results must know."""
    review = document.review
    good = review.state in {RunState.COMPLETED, RunState.SKIPPED}
    notes = [*review.notices]
    if review.state is not RunState.COMPLETED:
        notes.insert(0, review.headline)
    notes += [
        f"Not reviewed: {file.path}: {file.not_reviewed}" for file in review.change.not_reviewed
    ]
    invocation: dict[str, object] = {"executionSuccessful": good}
    if notes:
        invocation["toolExecutionNotifications"] = [
            {"level": "note" if good else "warning", "message": {"text": _text(note)}}
            for note in notes
        ]
    return invocation


def _result(
    document: ReviewDocument, finding: Finding, index: Mapping[str, int]
) -> dict[str, object]:
    location = finding.location
    removed = location is not None and location.side is Side.BASE
    where = f" On removed lines, at {location} of the base." if removed else ""
    message = f"{finding.headline}. {finding.explanation} {finding.remedy}{where}"
    properties: dict[str, object] = {
        "persona": finding.persona,
        "coSigners": list(finding.co_signers),
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "sources": [_text(source) for source in finding.sources],
    }
    result: dict[str, object] = {
        "ruleId": finding.rule_id,
        "level": _LEVELS[finding.severity],
        "message": {"text": _text(message)},
        "locations": [{"physicalLocation": _physical_location(document, finding)}],
        "partialFingerprints": {_FINGERPRINT: finding.fingerprint},
        "properties": properties,
    }
    if finding.rule_id in index:
        result["ruleIndex"] = index[finding.rule_id]
    return result


def _suppressions(placed: PlacedFinding) -> dict[str, object]:
    """Say of a finding that people dismissed that it needs nobody's attention (§3.27.23)."""
    if placed.outcome.kind is not OutcomeKind.DISMISSED:
        return {}
    reason = _text(placed.outcome.reason)
    return {"suppressions": [{"kind": "external", "status": "accepted", "justification": reason}]}


def _physical_location(document: ReviewDocument, finding: Finding) -> dict[str, object]:
    location = finding.location
    place: dict[str, object] = {
        "artifactLocation": {
            "uri": path_in_address(finding.path),
            "uriBaseId": "%SRCROOT%",
        }
    }
    if location is not None and location.side is Side.HEAD:
        place["region"] = {
            "startLine": location.start_line,
            "endLine": location.end_line,
            "snippet": {"text": visible(document.frames.quote(finding))},
        }
    return place
