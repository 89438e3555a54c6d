"""Fact about passwords that stand as text in configuration: Terraform, compose, YAML, properties.

A critical rule rests on it, so it leaves out whatever could be a name, a reference, a template or
the well-known default of a development database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reviewer.domain.change import Change, FileChange
from reviewer.domain.facts.observation import Observation, Sighting
from reviewer.domain.file_role import is_test, is_translation
from reviewer.domain.glob import matches_any

_TERRAFORM = re.compile(r"\.(?:tf|tfvars)$")
_CONFIGURATION = re.compile(
    r"\.(?:tf|tfvars|ya?ml|properties|ini|cfg|conf|toml)$|(?:^|/)\.env(?:\.[\w-]+)?$"
)
# Where people show what a configuration looks like, or run it on their own machine.
_SHOWN_OR_LOCAL = (
    "docs/**", "**/docs/**", "examples/**", "**/examples/**", "example/**", "**/fixtures/**",
    "**/testdata/**", "**/samples/**", ".devcontainer/**", ".github/**", "*.example*",
    "*.sample*", "*.template*", "*.dist", "*[-_.]dev.*", "*[-_.]development.*", "*[-_.]local*",
    "*[-_.]ci.*", "*[-_.]test*", "*override*",
)  # fmt: skip

# A fact of its own judges these.
_KUBERNETES_SECRET = re.compile(r"(?m)^kind:\s*[\"']?Secret\b")

_KEYS = (
    r"(?:pass(?:word|wd|phrase)|secret[-_]?key|client[-_]?secret|api[-_]?key|access[-_]?key"
    r"|auth[-_]?token|private[-_]?key)"
)
_NAME = rf"[\w.-]{{0,60}}{_KEYS}"
_VALUE = r"(?P<mark>[\"']?)(?P<value>[^\s\"'#,]{8,128})(?P=mark)"
_ENTRY = re.compile(
    rf"^\s*(?:-\s+)?(?:export\s+)?[\"']?{_NAME}[\"']?\s*[:=]\s*{_VALUE}\s*(?:#.*)?$", re.IGNORECASE
)
# An environment variable of Kubernetes: its name on one line, its value on the next.
_NAMED = re.compile(rf"^\s*(?:-\s+)?name:\s*[\"']?{_NAME}[\"']?\s*$", re.IGNORECASE)
_ITS_VALUE = re.compile(rf"^\s*value:\s*{_VALUE}\s*(?:#.*)?$")

_FILLED_IN_LATER = re.compile(
    r"[${}<>()\[\]*%|]|^[!&@./~]|^ENC|://|^(?:vault|ref\+|arn|ssm):", re.IGNORECASE
)
# A name of a secret, a default that everybody knows, or a word that stands for a value.
_NO_SECRET = re.compile(
    r"pass|pwd|secret|token|key|cred|example|sample|dummy|placeholder|redacted|change|replace|your"
    r"|default|admin|root|postgres|mysql|mariadb|mongo|redis|rabbit|guest|local|test|user|none"
    r"|null|true|false|required|enabled|disabled|1234|abcdef|xxxx|\.(?:key|pem|txt|json|crt)$",
    re.IGNORECASE,
)
_FEW_CHARACTERS = 5
_LONGEST_LINE = 2000


def password_in_configuration(change: Change) -> Observation:
    """A password, key or token stands as text in Terraform, compose, YAML or properties."""
    files = [file for file in change.reviewed if file.added and _is_configuration(file)]
    if not files:
        return Observation(inapplicable="no configuration in this change")
    return Observation(
        hits=tuple(
            Sighting(path=file.path, start_line=number, end_line=number)
            for file in files
            for number in _lines(file)
        )
    )


def _is_configuration(file: FileChange) -> bool:
    return (
        _CONFIGURATION.search(file.path) is not None
        and not is_test(file.path)
        and not is_translation(file.path)
        and matches_any(_SHOWN_OR_LOCAL, file.path) is None
        and not _KUBERNETES_SECRET.search(file.head_text or "")
    )


def _lines(file: FileChange) -> Iterator[int]:
    # Only in Terraform is a quoted text without `${` always the value itself.
    literal = _TERRAFORM.search(file.path) is not None
    for number, text in file.added.items():
        line = text[:_LONGEST_LINE]
        match = _ENTRY.match(line)
        if match is None and _NAMED.match(file.added.get(number - 1, "")[:_LONGEST_LINE]):
            match = _ITS_VALUE.match(line)
        if match is None or (literal and not match["mark"]):
            continue
        if _is_secret(match["value"], literal=literal):
            yield number


def _is_secret(value: str, *, literal: bool) -> bool:
    """Tell whether a value is a secret itself; elsewhere than in Terraform it needs a digit."""
    if _FILLED_IN_LATER.search(value) or _NO_SECRET.search(value):
        return False
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    return len(set(value)) >= _FEW_CHARACTERS and (literal or mixed)
