"""Mechanical evidence: what may decide a rule, what was seen, and what was not looked at.

A persona's rule carries *evidence*: a kind of examiner, the codes that count, and what they decide.
An examiner answers with an *examination*: hits, and an honest list of what it could not look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reviewer.domain.change import Side
from reviewer.domain.glob import matches_any


class EvidenceKind(StrEnum):
    """Who can give the evidence."""

    RUFF = "ruff"
    HADOLINT = "hadolint"
    ZIZMOR = "zizmor"
    SECRET = "secret"  # noqa: S105 - a kind of evidence, not a secret
    PATTERN = "pattern"
    FACT = "fact"
    SARIF = "sarif"


#: Asks for every code of a kind (every kind of secret); any other claim is more exact.
ANY_CODE = "*"

#: Kinds whose codes are prefixes (ruff's ``S6`` covers ``S602``); all others match whole codes.
_PREFIX_KINDS = frozenset({EvidenceKind.RUFF})


class Decides(StrEnum):
    """What evidence decides: a hit is always a fail; only ``BOTH`` makes no hit a pass."""

    BOTH = "both"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A structural pattern as data, run by ast-grep on whole files of one language.

    Args:
        code: Its name, unique among all patterns (``PY003/copying-init``).
        language: The language as ``domain.language`` names it.
        rule: An ast-grep rule object (https://ast-grep.github.io/reference/rule.html).
    """

    code: str
    language: str
    rule: Mapping[str, object] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One piece of evidence of a rule.

    Args:
        kind: Who gives it.
        codes: What counts: linter codes, a pattern's code, a fact's name, SARIF rule ids.
        decides: What it decides.
        problem: Headline of a finding that it makes, where the rule's own is too general.
        why: How the harm comes about, where the rule's own sentence is too general.
        remedy: The way out, where the rule's own is too general.
        paths: Globs of files that it speaks about; empty means all that the rule applies to.
        exclude: Globs of files that it does not speak about (tests, for hard-coded passwords).
        pattern: The pattern, for ``PATTERN`` only.
        tool: The analyser's name as SARIF gives it, for ``SARIF`` only.
    """

    kind: EvidenceKind
    codes: tuple[str, ...]
    decides: Decides = Decides.FAIL
    problem: str = ""
    why: str = ""
    remedy: str = ""
    paths: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    pattern: Pattern | None = None
    tool: str = ""

    def speaks_about(self, path: str) -> bool:
        """Tell whether the evidence's own globs include the path."""
        if self.paths and matches_any(self.paths, path) is None:
            return False
        return matches_any(self.exclude, path) is None

    def claim(self, hit: Hit) -> int:
        """Tell how exactly this evidence claims a hit.

        Returns:
            0 where it does not, else the length of the code that matched: the longest wins,
            so that ``S602`` goes to the rule that names it and not to the one that names ``S``.
        """
        if hit.kind is not self.kind or (self.tool and self.tool.lower() != hit.tool.lower()):
            return 0
        if not self.speaks_about(hit.path):
            return 0
        if self.kind in _PREFIX_KINDS:
            return max((len(code) for code in self.codes if hit.code.startswith(code)), default=0)
        if hit.code in self.codes:
            return len(hit.code)
        return 1 if ANY_CODE in self.codes else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One place in the change where an examiner saw something.

    Args:
        kind: Which examiner.
        code: The linter's code, the pattern's code, the fact's name, or SARIF's rule id.
        path: The file, as the change names it.
        message: The examiner's own words; untrusted, sanitised before it is shown.
        side: Which version the numbers count in.
        start_line: First line from 1; None for a hit about the file as a whole.
        end_line: Last line, inclusive; None for a hit about the file as a whole.
        headline: What is wrong in the reader's words, where the examiner knows better than the
            rule (facts name the very thing: ``COPY . takes the .git folder along``).
        tool: The analyser's name, for SARIF.
    """

    kind: EvidenceKind
    code: str
    path: str
    message: str = ""
    side: Side = Side.HEAD
    start_line: int | None = None
    end_line: int | None = None
    headline: str = ""
    tool: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexamined:
    """Something that an examiner should have looked at and could not.

    Args:
        kind: Which examiner.
        path: The file; empty means every file.
        reason: Why, in words that follow "not assessed": ``no head text``, ``ruff timed out``.
        code: The single fact or pattern; empty means all of that kind.
    """

    kind: EvidenceKind
    reason: str
    path: str = ""
    code: str = ""

    def concerns(self, evidence: Evidence, path: str) -> bool:
        """Tell whether this leaves the evidence blind on the path."""
        return (
            self.kind is evidence.kind
            and self.path in {"", path}
            and (not self.code or self.code in evidence.codes)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inapplicable:
    """A fact or pattern that has no subject in this change (``no image is built here``)."""

    kind: EvidenceKind
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A warning that an examiner gave and that is known to be false or to mean little.

    Args:
        hit: The warning.
        reason: Why nobody is told to mend it: ``it names a secret and holds none``.
    """

    hit: Hit
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What examiners saw and could not look at; without an entry they looked and saw nothing."""

    hits: tuple[Hit, ...] = ()
    unexamined: tuple[Unexamined, ...] = ()
    inapplicable: tuple[Inapplicable, ...] = ()
    set_aside: tuple[SetAside, ...] = ()

    def __add__(self, other: Examination) -> Examination:
        """Put two examinations together."""
        return Examination(
            hits=self.hits + other.hits,
            unexamined=self.unexamined + other.unexamined,
            inapplicable=self.inapplicable + other.inapplicable,
            set_aside=self.set_aside + other.set_aside,
        )
