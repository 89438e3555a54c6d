"""A persona: a viewpoint with a charter, signals that wake it, and a checklist of rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from reviewer.domain.change import Change, FileChange
from reviewer.domain.evidence import Evidence
from reviewer.domain.glob import matches_any
from reviewer.domain.language import imports_of


class Severity(StrEnum):
    """How bad a broken rule is; a property of the rule, never raised by a model."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    NOTE = "note"

    @property
    def weight(self) -> int:
        """What the rule weighs in a score (mission.md, "The score")."""
        return _WEIGHTS[self]

    def at_least(self, other: Severity) -> bool:
        """Tell whether this is as bad as the other or worse."""
        return self.weight >= other.weight


_WEIGHTS = {Severity.CRITICAL: 8, Severity.MAJOR: 4, Severity.MINOR: 2, Severity.NOTE: 1}


class Wakes(StrEnum):
    """When a persona may be chosen without being asked for."""

    SIGNALS = "signals"
    WITH_MODEL = "with a model"
    WHEN_ASKED = "when asked"


class Origin(StrEnum):
    """Where a persona comes from."""

    BUILT_IN = "built-in"
    REPOSITORY = "repository"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedLine:
    """An added line that speaks for a persona.

    Args:
        regex: Searched in each added line, cut at 2,000 characters.
        means: What such a line does, third person, without a full stop: ``builds a shell command``.
        languages: Only in files of these languages; empty means any that is not prose.
        paths: Only in files that match one of these globs; empty means any.
    """

    regex: str
    means: str
    languages: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKindSignal:
    """A kind of file that speaks for a persona, under a name that people know.

    Args:
        means: What such a file is, a singular noun without an article: ``CI workflow``.
        paths: Globs of file paths.
        languages: Only files of these languages; empty means any, ``*`` any source code.
        created: Only where the change adds the file.
    """

    means: str
    paths: tuple[str, ...]
    languages: tuple[str, ...] = ()
    created: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalSet:
    """What to look for in a change.

    Args:
        paths: Globs of file paths.
        languages: Languages as ``domain.language`` names them; ``*`` is any source code.
        imports: Modules imported by an added or a present line (``torch``, ``google.cloud``).
        added: What to look for in the added lines (built-in personas only).
        words: Literal words searched in each added line.
        files: Kinds of files, with a name for people.
        structure: Names of functions in ``domain.structure`` that look at the change as a whole.
    """

    paths: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    added: tuple[AddedLine, ...] = ()
    words: tuple[str, ...] = ()
    files: tuple[FileKindSignal, ...] = ()
    structure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which changes a persona fits.

    Args:
        wakes: When it may be chosen without being asked for.
        strong: Signals, any of which wakes the persona.
        weak: Signals that only list it under "would also apply".
        exclude: Globs of files that give no signal.
        absent: What to say where nothing speaks for it: ``no Python source``.
    """

    wakes: Wakes = Wakes.SIGNALS
    strong: SignalSet = SignalSet()
    weak: SignalSet = SignalSet()
    exclude: tuple[str, ...] = ()
    absent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applies:
    """The precondition of a rule; without a matching file the rule is not applicable.

    Args:
        languages: The file is of one of these languages; empty means any.
        paths: The file matches one of these globs; empty means any.
        exclude: The file matches none of these globs.
        imports: The head text imports one of these modules; empty means any.
        words: The added lines hold one of these literal words; empty means any.
    """

    languages: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def files(self, change: Change) -> tuple[FileChange, ...]:
        """Return the reviewed files that the rule speaks about."""
        return tuple(file for file in change.reviewed if self.includes(file))

    def includes(self, file: FileChange) -> bool:
        """Tell whether the rule speaks about this file."""
        if self.languages and file.language not in self.languages:
            return False
        if self.paths and matches_any(self.paths, file.path) is None:
            return False
        if matches_any(self.exclude, file.path) is not None:
            return False
        if self.imports and not imported_modules(file) & set(self.imports):
            return False
        return not self.words or any(
            word in text for text in file.added.values() for word in self.words
        )


def imported_modules(file: FileChange) -> frozenset[str]:
    """Return every dotted prefix of what the file imports; see `language.imports_of`."""
    return imports_of(file)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One item of a persona's checklist.

    Args:
        id: Unique id (``SEC007``).
        title: The item as it stands in a checklist: short, imperative.
        severity: How bad it is to break it.
        check: What exactly is asked of the change, one sentence.
        why: How breaking it does harm, input to effect, one sentence.
        problem: Headline of a finding, in the reader's words, without the rule id.
        remedy: The way out, one sentence.
        bad: A snippet that breaks it.
        good: The same snippet, mended.
        family: Findings of one family on one spot are one finding; the rule's id by default.
        habit: A regular expression that text at the base matches where people keep the rule
            already; without a match, findings do not stand inline (built-in personas only).
        applies: The precondition.
        evidence: Mechanical evidence, in the order of the file; empty means judgement only.
    """

    id: str
    title: str
    severity: Severity
    check: str
    why: str
    problem: str
    remedy: str
    bad: str = ""
    good: str = ""
    family: str = ""
    habit: str = ""
    applies: Applies = Applies()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Parameters that a persona sets for itself, bounded again before the network."""

    temperature: float | None = None
    top_p: float | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A viewpoint.

    Args:
        name: Its name in commands (``type-guardian``).
        title: Its name in sentences (``Type Guardian``).
        version: Raised whenever a rule changes its meaning.
        summary: What it looks at, one sentence.
        charter: Who it is and how it judges.
        match: Which changes it fits.
        rules: Its checklist; empty for a planner.
        model: Its own model parameters.
        origin: Where it comes from.
        path: The file that it was read from, as people know it.
    """

    name: str
    title: str
    version: int
    summary: str
    charter: str
    match: Match = Match()
    rules: tuple[Rule, ...] = ()
    model: ModelSettings = ModelSettings()
    origin: Origin = Origin.BUILT_IN
    path: str = ""

    def rule(self, rule_id: str) -> Rule | None:
        """Return the rule with this id."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Several personas under one name."""

    name: str
    personas: tuple[str, ...] = field(default=())


#: Named panels (personas.md, "Named panels"); the default is chosen from the change.
PANELS = (
    Panel(name="code-review", personas=("type-guardian", "architect")),
    Panel(name="ml", personas=("model-whisperer", "test-automator")),
    Panel(name="deployment", personas=("container-architect", "security-sentinel")),
    Panel(name="production", personas=("pipeline-engineer", "observer")),
)
