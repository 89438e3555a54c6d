"""The page that tells every persona and rule, and the README's short table, both as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from reviewer.domain.evidence import Evidence, EvidenceKind
from reviewer.domain.persona import Persona, Rule, Wakes

#: More codes than this are counted, not listed.
_CODES_SHOWN = 4

_WAKES = {
    Wakes.SIGNALS: "chosen from the change",
    Wakes.WITH_MODEL: "always, when a model is configured",
    Wakes.WHEN_ASKED: "only when asked for",
}

_INTRODUCTION = """\
# Personas and their checklists

<!-- Generated from personas/*.toml by `make docs`. Edit those files, not this one. -->

A persona is a viewpoint with a charter and a checklist. The reviewer chooses those that fit a
change; each of their rules ends in `pass`, `fail`, `not_applicable` or `not_assessed`.
*Decided by* says what can decide a rule without a model. *Judgement* means that somebody has to
read the code: without a model such a rule is `not_assessed`, which never counts as a pass.
"""


def persona_page(personas: Sequence[Persona]) -> str:
    """Return the page about the personas that ship.

    Args:
        personas: In the order in which they are to stand.
    """
    return "\n".join([_INTRODUCTION, persona_table(personas), *map(_section, personas)])


def persona_table(personas: Sequence[Persona]) -> str:
    """Return the table with one line a persona.

    Args:
        personas: In the order in which they are to stand.
    """
    lines = [
        "| persona | looks at | joins | rules | with mechanical evidence |",
        "|---|---|---|---:|---:|",
    ]
    for persona in personas:
        mechanical = sum(1 for rule in persona.rules if rule.evidence)
        lines.append(
            f"| [{persona.title}](docs/personas.md#{persona.name}) `{persona.name}`"
            f" | {_cell(persona.summary)} | {_WAKES[persona.match.wakes]}"
            f" | {len(persona.rules)} | {mechanical} |"
        )
    return "\n".join(lines) + "\n"


def _section(persona: Persona) -> str:
    parts = [
        f'<a id="{persona.name}"></a>',
        "",
        f"## {persona.title}",
        "",
        f"`{persona.name}`, version {persona.version}; {_WAKES[persona.match.wakes]}.",
        "",
        " ".join(persona.charter.split()),
        "",
    ]
    if not persona.rules:
        return "\n".join([*parts, "A planner: it has no checklist.", ""])
    parts += ["| rule | the change must… | severity | decided by |", "|---|---|---|---|"]
    parts += [
        f"| {rule.id} | {_cell(rule.check)} | {rule.severity.value} | {_cell(_decided_by(rule))} |"
        for rule in persona.rules
    ]
    return "\n".join([*parts, "", *map(_details, persona.rules)])


def _details(rule: Rule) -> str:
    parts = [f"<details><summary>{rule.id}: {rule.title}</summary>", "", rule.why, ""]
    for label, snippet in (("Not so:", rule.bad), ("But so:", rule.good)):
        if snippet.strip():
            fence = "`" * max(3, _longest_run(snippet) + 1)
            parts += [label, "", fence, snippet.strip("\n"), fence, ""]
    return "\n".join([*parts, "</details>", ""])


def _longest_run(text: str) -> int:
    """Return the length of the longest run of backticks, so that a fence can be longer."""
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest


def _decided_by(rule: Rule) -> str:
    if not rule.evidence:
        return "judgement"
    named = dict.fromkeys(map(_evidence, rule.evidence))
    decides = any(piece.decides.value == "both" for piece in rule.evidence)
    return "; ".join([*named, *(() if decides else ("else judgement",))])


def _evidence(evidence: Evidence) -> str:
    match evidence.kind:
        case EvidenceKind.PATTERN:
            language = evidence.pattern.language if evidence.pattern is not None else ""
            return f"{language} pattern".strip()
        case EvidenceKind.SECRET:
            return "secret patterns"
        case EvidenceKind.SARIF:
            return f"{evidence.tool or 'SARIF'} results"
        case EvidenceKind.FACT | EvidenceKind.RUFF | EvidenceKind.HADOLINT | EvidenceKind.ZIZMOR:
            shown = ", ".join(f"`{code}`" for code in evidence.codes[:_CODES_SHOWN])
            more = len(evidence.codes) - _CODES_SHOWN
            return f"{evidence.kind.value} {shown}" + (f" and {more} more" if more > 0 else "")


def _cell(text: str) -> str:
    """Return text that stays inside one cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")
