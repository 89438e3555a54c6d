"""Which files of a change are read first: those in which a fault does most harm.

=========================  ====================================================================
first                      source, builds and pipelines that run; then tests; then settings and
                           data; then prose and translations
inside one of these        files that speak of access, commands, SQL, migrations, concurrency or
                           money, and those in which tools found something
among equals               the one that changes more, then the order of git
=========================  ====================================================================

Where a ceiling does not let everything be read, what is left out stands at the end of this order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from itertools import islice

from reviewer.domain.change import Change, FileChange
from reviewer.domain.file_role import is_prose, is_source, is_test, is_translation
from reviewer.domain.finding import Finding
from reviewer.domain.glob import matches_any


class Role(IntEnum):
    """What a file is for, the most harmful first."""

    SOURCE = 0
    TEST = 1
    SETTINGS = 2
    PROSE = 3


#: Declarations that somebody's machine obeys at once; wrong ones do what wrong programs do.
_OBEYED = (
    ".github/workflows/**",
    "**/action.yml",
    "**/action.yaml",
    ".gitlab-ci.yml",
    "**/Jenkinsfile*",
    "docker-compose*.yml",
    "docker-compose*.yaml",
    "**/compose.yaml",
    "**/compose.yml",
    "**/k8s/**",
    "**/charts/**",
    "**/helm/**",
    "**/migrations/**",
)

#: Weight, and what speaks for it in a path or on a changed line.
_SIGNALS: tuple[tuple[int, re.Pattern[str]], ...] = tuple(
    (weight, re.compile(expression, re.IGNORECASE))
    for weight, expression in (
        # Who may do what.
        (
            4,
            (
                r"auth|login|logout|passw|secret|session|permission|oauth|jwt|crypt|csrf|cors|sudo"
                r"|(?<![a-z])(?:acl|rbac|admin|token|sign|verif)"
            ),
        ),
        # What becomes a command, code or an object.
        (
            4,
            (
                r"\b(?:eval|exec|system|popen|spawn|subprocess|pickle|unserialize|deserialize"
                r"|yaml\.load|innerHTML|dangerouslySetInnerHTML|ProcessBuilder|os/exec)\b"
            ),
        ),
        # What changes stored data for good.
        (4, r"migrat|\b(?:alter|drop|truncate|create)\s+(?:table|column|index)\b"),
        (
            3,
            (
                r"\b(?:select|insert|update|delete)\b.{1,200}?\b(?:from|into|set|where)\b"
                r"|\.execute\(|\.raw\(|\bsql\b"
            ),
        ),
        # What happens at the same time.
        (
            3,
            (
                r"\b(?:async|await|threads?|threading|locks?|mutex|semaphore|gather|atomic|synchronized"
                r"|transaction|concurren\w+|retry|go\s+func)\b|\bchan\b"
            ),
        ),
        (3, r"payment|billing|invoice|refund|checkout|currency|\bprice"),
    )
)
#: Lines and characters that are searched; a generated table of a million lines shows no more.
_MOST_LINES = 2_000
_LINE_LIMIT = 300


def role_of(file: FileChange) -> Role:
    """Tell what a file is for."""
    if is_prose(file) or is_translation(file.path):
        return Role.PROSE
    if is_test(file.path):
        return Role.TEST
    if is_source(file) or matches_any(_OBEYED, file.path) is not None:
        return Role.SOURCE
    return Role.SETTINGS


def risk_of(file: FileChange, findings: Iterable[Finding] = ()) -> int:
    """Weigh what speaks for a careful look.

    Args:
        file: The file.
        findings: What tools found in it.
    """
    lines = islice((*file.added.values(), *file.removed.values()), _MOST_LINES)
    text = "\n".join((file.path, *(line[:_LINE_LIMIT] for line in lines)))
    signals = sum(weight for weight, expression in _SIGNALS if expression.search(text))
    found = max((finding.severity.weight for finding in findings), default=0)
    return signals + found


def by_risk(change: Change, findings: Sequence[Finding] = ()) -> tuple[FileChange, ...]:
    """Put the reviewed files into the order in which they are read.

    Args:
        change: What is reviewed.
        findings: What tools found.
    """
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.path, []).append(finding)
    keys: Mapping[str, tuple[int, int, int]] = {
        file.path: (
            role_of(file),
            -risk_of(file, found.get(file.path, ())),
            -len(file.added) - len(file.removed),
        )
        for file in change.reviewed
    }
    return tuple(sorted(change.reviewed, key=lambda file: keys[file.path]))
