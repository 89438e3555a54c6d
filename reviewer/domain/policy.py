"""The policy of a run: what is reviewed by whom, what stands inline, and when a check fails.

Several layers say what they want; a later one wins, key by key, and every value keeps its origin::

    default → operator → repository (.reviewer.toml at the base) → path ([[paths]]) → command line

A repository may switch rules and personas off, except what guards it: SEC rules can only be
scoped to paths, with a reason that shows in the review (security.md S10).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from types import MappingProxyType

from reviewer.domain.finding import Confidence, Finding
from reviewer.domain.glob import matches_any
from reviewer.domain.persona import Severity
from reviewer.domain.pull_request_policy import PullRequestLayer, PullRequestPolicy
from reviewer.domain.review import Thresholds
from reviewer.domain.selection import DEFAULT_LIMIT

#: Rules that a repository cannot switch off, and the persona that looks for them.
GUARDED_PREFIX = "SEC"
GUARDED_PERSONA = "security-sentinel"

DEFAULT_ORIGIN = "default"


class LayerOwner(StrEnum):
    """Who speaks in a layer."""

    OPERATOR = "operator"
    REPOSITORY = "repository"
    COMMAND_LINE = "command line"


class FailOn(StrEnum):
    """From which severity on a finding fails the check."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    NOTE = "note"
    NEVER = "never"

    @property
    def severity(self) -> Severity | None:
        """The least severity that fails; None where none does."""
        return None if self is FailOn.NEVER else Severity(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A rule or a persona that is switched on or off.

    Args:
        name: The rule's id or the persona's name.
        on: Which way.
        origin: Who says so: ``.reviewer.toml:12``.
        reason: Why, in the words of those who switched it off.
    """

    name: str
    on: bool
    origin: str
    reason: str = ""

    @property
    def words(self) -> str:
        """Why it is off, ready to be read."""
        because = f": {self.reason}" if self.reason else ""
        return f"switched off{because} ({self.origin})"


@dataclass(frozen=True, slots=True, kw_only=True)
class PathOverride:
    """What holds for some paths only.

    Args:
        globs: Which paths.
        origin: Where it is written.
        personas: Personas that are on or off there.
        rules: Rules that are on or off there.
        inline_severity: The least severity that stands inline there.
        inline_confidence: The least confidence that stands inline there.
    """

    globs: tuple[str, ...]
    origin: str
    personas: tuple[Switch, ...] = ()
    rules: tuple[Switch, ...] = ()
    inline_severity: Severity | None = None
    inline_confidence: Confidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLayer:
    """What one source says; None and empty say nothing.

    Args:
        owner: Who speaks.
        origin: The source, as people know it: ``.reviewer.toml``.
        lines: Where in the source each key stands.
        exclude: Globs of files that are listed and not reviewed.
        personas: Personas that are on or off.
        default_personas: Exactly these review unless somebody asks for others.
        panel: The panel that reviews unless somebody asks for another.
        limit: At most this many personas by signals.
        rules: Rules that are on or off.
        inline_cap: At most this many findings stand inline.
        inline_severity: The least severity that stands inline.
        inline_confidence: The least confidence that stands inline.
        fail_on: From which severity on a finding fails the check.
        fail_on_rules: Rules whose findings fail the check.
        min_score: The score below which the check fails.
        prompt_pins: Released versions of prompts by name, instead of the newest.
        pull_request: Which pull requests are reviewed, and how much is said there.
        paths: What holds for some paths only.
    """

    owner: LayerOwner
    origin: str
    lines: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    exclude: tuple[str, ...] = ()
    personas: tuple[Switch, ...] = ()
    default_personas: tuple[str, ...] | None = None
    panel: str | None = None
    limit: int | None = None
    rules: tuple[Switch, ...] = ()
    inline_cap: int | None = None
    inline_severity: Severity | None = None
    inline_confidence: Confidence | None = None
    fail_on: FailOn | None = None
    fail_on_rules: tuple[str, ...] | None = None
    min_score: float | None = None
    prompt_pins: Mapping[str, int] | None = field(default=None, hash=False)
    pull_request: PullRequestLayer = field(default_factory=PullRequestLayer)
    paths: tuple[PathOverride, ...] = ()

    def place(self, key: str) -> str:
        """Return the origin of a key: ``.reviewer.toml:12``."""
        line = self.lines.get(key)
        return self.origin if line is None else f"{self.origin}:{line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One effective value, for people."""

    key: str
    value: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What holds for a run, after all layers.

    Args:
        exclude: Globs of files that are listed and not reviewed.
        default_personas: Exactly these review unless somebody asks for others; may be empty.
        panel: The panel that reviews unless somebody asks for another.
        limit: At most this many personas by signals.
        thresholds: What a finding needs to stand inline.
        fail_on: From which severity on a finding fails the check.
        fail_on_rules: Rules whose findings fail the check.
        min_score: The score below which the check fails.
        prompt_pins: Released versions of prompts by name, instead of the newest.
        pull_request: Which pull requests are reviewed, and how much is said there.
        personas: Personas that were switched, the last switch of each.
        rules: Rules that were switched, the last switch of each.
        paths: What holds for some paths only, in order.
        notices: What people must know about the policy itself.
        origins: Who set each value that is not the default.
    """

    exclude: tuple[str, ...] = ()
    default_personas: tuple[str, ...] = ()
    panel: str | None = None
    limit: int = DEFAULT_LIMIT
    thresholds: Thresholds = field(default_factory=Thresholds)
    fail_on: FailOn = FailOn.NEVER
    fail_on_rules: tuple[str, ...] = ()
    min_score: float | None = None
    prompt_pins: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    pull_request: PullRequestPolicy = field(default_factory=PullRequestPolicy)
    personas: Mapping[str, Switch] = field(default_factory=lambda: MappingProxyType({}))
    rules: Mapping[str, Switch] = field(default_factory=lambda: MappingProxyType({}))
    paths: tuple[PathOverride, ...] = ()
    notices: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def enabled(self, persona: str) -> bool:
        """Tell whether a persona may review, at least somewhere."""
        return self.persona_off(persona) is None

    def persona_off(self, persona: str) -> str | None:
        """Say why a persona may review nowhere; None where it may."""
        return _off_everywhere(persona, self.personas, [path.personas for path in self.paths])

    def switched_off(self, rule_id: str) -> str | None:
        """Say why a rule is asked nowhere; None where it is asked."""
        return _off_everywhere(rule_id, self.rules, [path.rules for path in self.paths])

    def dropped(self, finding: Finding) -> str | None:
        """Say why a finding is not wanted on its path; None where it is.

        To be asked before findings are merged: what one persona may not say here another may.
        """
        rule, persona = self.rules.get(finding.rule_id), self.personas.get(finding.persona)
        for override in self._overrides(finding.path):
            rule = _last(override.rules, finding.rule_id) or rule
            persona = _last(override.personas, finding.persona) or persona
        for what, switch in ((finding.rule_id, rule), (finding.persona, persona)):
            if switch is not None and not switch.on:
                return f"{what} is {switch.words}"
        return None

    def thresholds_of(self, path: str) -> Thresholds:
        """Return what a finding on this path needs to stand inline; the cap holds for all."""
        thresholds = self.thresholds
        for override in self._overrides(path):
            thresholds = replace(
                thresholds,
                inline_severity=override.inline_severity or thresholds.inline_severity,
                inline_confidence=override.inline_confidence or thresholds.inline_confidence,
            )
        return thresholds

    def _overrides(self, path: str) -> Iterator[PathOverride]:
        return (entry for entry in self.paths if matches_any(entry.globs, path) is not None)

    def settings(self) -> tuple[Setting, ...]:
        """Return every effective value with its origin, for people."""
        limits = self.thresholds
        values: list[tuple[str, object]] = [
            ("exclude", ", ".join(self.exclude) or "nothing"),
            ("personas.default", ", ".join(self.default_personas) or "chosen from the change"),
            ("personas.panel", self.panel or "none"),
            ("personas.limit", self.limit),
            ("thresholds.inline_cap", limits.inline_cap),
            ("thresholds.inline_severity", limits.inline_severity.value),
            ("thresholds.inline_confidence", limits.inline_confidence.value),
            ("policy.fail_on", self.fail_on.value),
            ("policy.fail_on_rules", ", ".join(self.fail_on_rules) or "none"),
            ("policy.min_score", "none" if self.min_score is None else f"{self.min_score:g}"),
            (
                "prompts.pin",
                ", ".join(f"{name}/v{version}" for name, version in self.prompt_pins.items())
                or "none",
            ),
            *((f"pull_request.{key}", value) for key, value in self.pull_request.values()),
        ]
        return (
            *(
                Setting(key=key, value=str(value), origin=self.origins.get(key, DEFAULT_ORIGIN))
                for key, value in values
            ),
            *_switches("personas", self.personas.values()),
            *_switches("rules", self.rules.values()),
            *(setting for entry in self.paths for setting in _path_settings(entry)),
        )


def _last(switches: Iterable[Switch], name: str) -> Switch | None:
    found = None
    for switch in switches:
        if switch.name == name:
            found = switch
    return found


def _off_everywhere(
    name: str, switches: Mapping[str, Switch], elsewhere: Iterable[Iterable[Switch]]
) -> str | None:
    switch = switches.get(name)
    if switch is None or switch.on:
        return None
    if any(other.on for group in elsewhere for other in group if other.name == name):
        return None
    return switch.words


def _switches(table: str, switches: Iterable[Switch]) -> Iterator[Setting]:
    for switch in switches:
        value = "on" if switch.on else "off"
        if switch.reason:
            value += f" ({switch.reason})"
        yield Setting(key=f"{table}.{switch.name}", value=value, origin=switch.origin)


def _path_settings(entry: PathOverride) -> Iterator[Setting]:
    prefix = f"paths {', '.join(entry.globs)}:"
    for setting in (
        *_switches("personas", entry.personas),
        *_switches("rules", entry.rules),
        *(
            Setting(key=f"thresholds.{key}", value=value.value, origin=entry.origin)
            for key, value in (
                ("inline_severity", entry.inline_severity),
                ("inline_confidence", entry.inline_confidence),
            )
            if value is not None
        ),
    ):
        yield replace(setting, key=f"{prefix} {setting.key}")


def effective(*layers: PolicyLayer) -> Policy:
    """Merge layers into what holds; a later layer wins, key by key.

    Args:
        layers: From the weakest to the strongest: operator, repository, command line.
    """
    policy = Policy()
    for layer in layers:
        policy = _with_layer(policy, layer)
    return policy


#: Attribute of a layer and of a policy, and the key by which people know it.
_SCALARS = (
    ("default_personas", "personas.default"),
    ("panel", "personas.panel"),
    ("limit", "personas.limit"),
    ("fail_on", "policy.fail_on"),
    ("fail_on_rules", "policy.fail_on_rules"),
    ("min_score", "policy.min_score"),
    ("prompt_pins", "prompts.pin"),
)
_THRESHOLDS = ("inline_cap", "inline_severity", "inline_confidence")


def _with_layer(policy: Policy, layer: PolicyLayer) -> Policy:
    origins = dict(policy.origins)
    changed: dict[str, object] = {}
    for attribute, key in _SCALARS:
        value = getattr(layer, attribute)
        if value is not None:
            changed[attribute] = value
            origins[key] = layer.place(key)
    limits: dict[str, object] = {}
    for attribute in _THRESHOLDS:
        value = getattr(layer, attribute)
        if value is not None:
            limits[attribute] = value
            origins[f"thresholds.{attribute}"] = layer.place(f"thresholds.{attribute}")
    wishes: dict[str, object] = {}
    for key in (entry.name for entry in fields(layer.pull_request)):
        value = getattr(layer.pull_request, key)
        if value is not None:
            wishes[key] = value
            origins[f"pull_request.{key}"] = layer.place(f"pull_request.{key}")
    if layer.exclude:
        before = origins.get("exclude")
        place = layer.place("exclude")
        origins["exclude"] = place if before is None else f"{before}, {place}"
    merged = replace(
        policy,
        exclude=tuple(dict.fromkeys((*policy.exclude, *layer.exclude))),
        thresholds=replace(policy.thresholds, **limits),  # type: ignore[arg-type]
        pull_request=replace(policy.pull_request, **wishes),  # type: ignore[arg-type]
        personas={**policy.personas, **{s.name: s for s in layer.personas if _allowed(s, layer)}},
        rules={**policy.rules, **{s.name: s for s in layer.rules if _allowed(s, layer)}},
        paths=(*policy.paths, *layer.paths),
        notices=(*policy.notices, *_notices(layer)),
        origins=origins,
    )
    return replace(merged, **changed)  # type: ignore[arg-type]


def is_guarded(name: str) -> bool:
    """Tell whether a rule or a persona is one that a repository cannot switch off."""
    return name == GUARDED_PERSONA or name.startswith(GUARDED_PREFIX)


def _allowed(switch: Switch, layer: PolicyLayer) -> bool:
    """Hold the guard again, whatever the parser of the layer let through."""
    return switch.on or layer.owner is not LayerOwner.REPOSITORY or not is_guarded(switch.name)


def _notices(layer: PolicyLayer) -> Iterator[str]:
    """Show every guarded rule that a repository scopes to paths."""
    if layer.owner is not LayerOwner.REPOSITORY:
        return
    for entry in layer.paths:
        for switch in entry.rules:
            if not switch.on and is_guarded(switch.name):
                where = ", ".join(entry.globs)
                yield f"{switch.name} is not asked in {where}: {switch.reason} ({switch.origin})"
