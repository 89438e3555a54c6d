"""What prompts are filled in with: personas, rules and findings as plain values.

No words to the model stand here; they are in the prompt files. A persona of the repository, a
person's request and a model's claims are data, and the templates put them between the lines that
mark it (security.md S5, S10).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reviewer.domain.checklist import Answer
from reviewer.domain.finding import Finding
from reviewer.domain.persona import Persona, Rule
from reviewer.domain.sanitiser import cut, label
from reviewer.prompting.request_text import (
    Composition,
    RequestText,
    SharedText,
    is_trusted,
    without,
)

#: A checklist is paid for in every call: an example shows a shape, and a long list of globs says
#: less than its first ones. Code drops findings in files that a rule does not speak of anyway.
_EXAMPLE_CHARACTERS = 90
_MOST_ONLY = 6
_MOST_NEVER = 2
_IMPORT = re.compile(r"(?:import|from)\s")
_TESTS = re.compile(r"\btests?\b")
_COLUMNS = re.compile(r"\s{2,}")

#: A person's request and a quote beyond this are no request and no quote, in characters.
_MOST_REQUESTED = 8_000
_MOST_QUOTED = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaValues:
    """A persona, as prompts see it."""

    trusted: bool
    title: str
    charter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleValues:
    """A rule, as prompts see it: ``only``, ``never`` and ``tests`` say of which files it speaks.

    ``never`` is the beginning of a list of globs, ``tests`` what most such lists come to.
    """

    id: str
    severity: str
    check: str
    why: str
    only: tuple[str, ...]
    never: tuple[str, ...]
    tests: bool
    bad: str
    good: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledValues:
    """A rule that mechanical evidence has answered."""

    rule_id: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingValues:
    """A finding that is to be refuted."""

    handle: str
    rule_id: str
    severity: str
    check: str
    place: str
    quote: str
    headline: str
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one persona is asked about one batch.

    Args:
        persona: Who looks.
        rules: The rules that need judgement, in the order of its checklist.
        settled: What tools have answered already.
        suggest: Whether replacements of lines are wanted.
        enumerated: Whether the answer's schema names the rules. A schema of its own makes each
            persona pay for the batch where a provider puts schemas before the cached text.
    """

    persona: Persona
    rules: Sequence[Rule]
    settled: Sequence[Answer] = ()
    suggest: bool = False
    enumerated: bool = False


def checklist_text(composition: Composition, asked: Asked, shared: SharedText) -> RequestText:
    """Ask a persona its checklist about a batch: prompts ``review`` and ``hunt``.

    Args:
        composition: The prompt.
        asked: Who is asked what.
        shared: The batch.
    """
    ids = [rule.id for rule in asked.rules]
    values = {
        "persona": persona_values(asked.persona),
        "rules": [rule_values(rule) for rule in asked.rules],
        "settled": [
            SettledValues(rule_id=answer.rule_id, verdict=answer.verdict.value)
            for answer in asked.settled
        ],
        "suggest": asked.suggest,
    }
    return composition.compose(
        values,
        shared=shared,
        persona=asked.persona,
        rules=ids,
        asked=ids if asked.enumerated else (),
    )


def verification_text(
    composition: Composition,
    findings: Mapping[str, Finding],
    rules: Mapping[str, Rule],
    shared: SharedText,
) -> RequestText:
    """Ask whether findings hold: prompt ``verify``.

    Args:
        composition: The prompt.
        findings: The findings by handle; see `verification.handles`.
        rules: The rules that they speak of, by id.
        shared: The batch that they are about.
    """
    nonce = composition.framing.nonce
    values = [
        finding_values(handle, finding, rules.get(finding.rule_id), nonce)
        for handle, finding in findings.items()
    ]
    return composition.compose(
        {"findings": values},
        shared=shared,
        rules=tuple(dict.fromkeys(finding.rule_id for finding in findings.values())),
        asked=tuple(findings),
    )


def question_text(composition: Composition, request: str, shared: SharedText) -> RequestText:
    """Ask a person's question about a batch: prompt ``ask``.

    Args:
        composition: The prompt.
        request: The person's words; untrusted.
        shared: The batch.
    """
    return composition.compose({"request": _request(composition, request)}, shared=shared)


def plan_text(composition: Composition, persona: Persona, request: str) -> RequestText:
    """Ask a planner for a plan: prompt ``plan``.

    Args:
        composition: The prompt.
        persona: Who plans.
        request: What is wanted; untrusted.
    """
    values = {
        "persona": persona_values(persona),
        "request": _request(composition, request),
    }
    return composition.compose(values, persona=persona)


def persona_values(persona: Persona) -> PersonaValues:
    """Return a persona as prompts see it."""
    return PersonaValues(
        trusted=is_trusted(persona), title=persona.title, charter=persona.charter.strip()
    )


def rule_values(rule: Rule) -> RuleValues:
    """Return a rule as prompts see it, its examples shortened."""
    applies = rule.applies
    only = (*applies.languages, *applies.paths)
    return RuleValues(
        id=rule.id,
        severity=rule.severity.value,
        check=rule.check,
        why=rule.why,
        only=only if len(only) <= _MOST_ONLY else (),
        never=applies.exclude[:_MOST_NEVER],
        tests=not any(_TESTS.search(glob) for glob in applies.exclude),
        bad=_example(rule.bad, rule.good),
        good=_example(rule.good, rule.bad),
    )


def finding_values(handle: str, finding: Finding, rule: Rule | None, nonce: str) -> FindingValues:
    """Return a finding as ``verify`` sees it.

    Args:
        handle: Its name in the answer.
        finding: The finding; its prose is a model's.
        rule: The rule that it speaks of.
        nonce: The run's nonce, which a model may have repeated.
    """
    side = "" if finding.location is None else f" ({finding.location.side.value})"
    place = finding.path if finding.location is None else str(finding.location)
    return FindingValues(
        handle=handle,
        rule_id=finding.rule_id,
        severity=finding.severity.value,
        check=finding.headline if rule is None else rule.check,
        place=f"{label(place)}{side}",
        quote=cut(finding.quote, _MOST_QUOTED),
        headline=without(nonce, finding.headline),
        explanation=without(nonce, finding.explanation),
    )


def _request(composition: Composition, request: str) -> str:
    return without(composition.framing.nonce, cut(request.strip(), _MOST_REQUESTED))


def _example(code: str, other: str) -> str:
    """Shorten an example to the one line that tells most.

    Args:
        code: The example.
        other: The same code, mended or broken: what both have tells nothing.
    """
    lines = [_COLUMNS.sub("  ", line.strip()) for line in code.split("\n") if line.strip()]
    same = {_COLUMNS.sub("  ", line.strip()) for line in other.split("\n")}
    telling = [line for line in lines if line not in same and not _IMPORT.match(line)]
    return cut(max(telling or lines, key=len, default=""), _EXAMPLE_CHARACTERS)
