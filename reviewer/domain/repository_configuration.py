"""The file ``.reviewer.toml``: what a repository may say about its own reviews, no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from reviewer.domain.file_schema import (
    RULE_ID,
    Globs,
    Label,
    Line,
    PersonaName,
    RuleId,
    Table,
    word,
)
from reviewer.domain.finding import Confidence
from reviewer.domain.persona import PANELS, Persona, Severity
from reviewer.domain.policy import (
    GUARDED_PERSONA,
    FailOn,
    LayerOwner,
    PathOverride,
    PolicyLayer,
    Switch,
    is_guarded,
)
from reviewer.domain.pull_request_policy import BotPolicy, OnClean, PullRequestLayer
from reviewer.domain.toml_document import TomlDocument, one_of, parse_toml
from reviewer.domain.toml_place import KeyPath
from reviewer.errors import ConfigurationError

CONFIGURATION_PATH = ".reviewer.toml"

_Entry = TypeVar("_Entry")

_OPERATOR = "a repository cannot set this, only the operator of the reviewer can"
#: What people and attackers try to set here (security.md S10, R32, R33), wherever it stands.
_REFUSED = dict.fromkeys(
    (
        *("llm", "model", "models", "provider", "endpoint", "base_url", "url", "proxy"),
        *("api_key", "api_key_env", "key", "token", "secret", "headers"),
        *("budget", "budgets", "max_cost", "max_tokens", "cost"),
        *("temperature", "top_p", "prompt"),
        *("instructions", "extra_instructions", "system"),
    ),
    _OPERATOR,
)

PromptName = Annotated[str, *word(r"[a-z]{2,20}", like="review")]
PromptVersion = Annotated[int, Field(ge=1, le=9999)]
AccountId = Annotated[int, Field(ge=1, le=2**53)]
Names = Annotated[list[PersonaName], Field(max_length=50)]
RuleIds = Annotated[list[RuleId], Field(max_length=200)]
Reasons = Annotated[
    dict[Annotated[str, *word(RULE_ID, like="SEC007")], Line], Field(max_length=200)
]


class SwitchesOfPersonas(Table):
    """``[paths.personas]``: who reviews there."""

    on: Names = Field(default=[], description="Switched on again.")
    off: Names = Field(default=[], description="Switched off.")


class PersonasTable(SwitchesOfPersonas):
    """``[personas]``: who reviews."""

    limit: int | None = Field(
        default=None, ge=1, le=20, description="At most this many are chosen by signals."
    )
    panel: str | None = Field(default=None, description="This panel reviews by default.")
    default: Names | None = Field(
        default=None, min_length=1, description="Exactly these review by default."
    )


class RulesTable(Table):
    """``[rules]``: which rules are asked."""

    on: RuleIds = Field(default=[], description="Switched on again.")
    off: Reasons = Field(default={}, description="Switched off: rule = reason.")


class PathThresholds(Table):
    """``[paths.thresholds]``: what a finding needs to stand inline there."""

    inline_severity: Severity | None = Field(default=None, strict=False)
    inline_confidence: Confidence | None = Field(default=None, strict=False)


class ThresholdsTable(PathThresholds):
    """``[thresholds]``: what a finding needs to stand inline."""

    inline_cap: int | None = Field(default=None, ge=0, le=50)


class CheckTable(Table):
    """``[policy]``: when the check fails."""

    fail_on: FailOn | None = Field(default=None, strict=False)
    fail_on_rules: RuleIds | None = None
    min_score: float | None = Field(default=None, ge=0, le=100)


class PromptsTable(Table):
    """``[prompts]``: which released versions are used."""

    pin: Annotated[dict[PromptName, PromptVersion], Field(max_length=20)] = Field(
        default={}, description="A released version of a prompt instead of the newest."
    )


class PullRequestTable(Table):
    """``[pull_request]``: which pull requests are reviewed, and how much is said there."""

    drafts: bool | None = Field(default=None, description="Whether drafts are reviewed.")
    bots: BotPolicy | None = Field(
        default=None,
        strict=False,
        description="How pull requests are reviewed that a program opened.",
    )
    allowed_bots: Annotated[list[AccountId], Field(max_length=50)] | None = Field(
        default=None, description="Programs that are treated as people, by account id."
    )
    skip_label: Label | None = Field(
        default=None, description="A pull request with this label is not reviewed."
    )
    on_clean: OnClean | None = Field(
        default=None, strict=False, description="What is said where nothing was found."
    )
    resolve_threads: bool | None = Field(
        default=None, description="Whether threads are resolved when their finding is gone."
    )


class PathsTable(Table):
    """``[[paths]]``: what holds for some paths only."""

    globs: Annotated[Globs, Field(min_length=1)]
    personas: SwitchesOfPersonas = SwitchesOfPersonas()
    rules: RulesTable = RulesTable()
    thresholds: PathThresholds = PathThresholds()


class RepositoryConfiguration(Table):
    """What a repository may say about its own reviews; read from the base commit only."""

    schema_: Literal[1] = Field(alias="schema")
    exclude: Globs = Field(default=[], description="Files that are listed and not reviewed.")
    personas: PersonasTable = PersonasTable()
    rules: RulesTable = RulesTable()
    thresholds: ThresholdsTable = ThresholdsTable()
    policy: CheckTable = CheckTable()
    prompts: PromptsTable = PromptsTable()
    pull_request: PullRequestTable = PullRequestTable()
    paths: Annotated[list[PathsTable], Field(max_length=100)] = Field(default=[])


def parse_repository_configuration(
    text: str, path: str = CONFIGURATION_PATH, *, owner: LayerOwner = LayerOwner.REPOSITORY
) -> PolicyLayer:
    """Read the file.

    Args:
        text: The file's text.
        path: The file, as people know it.
        owner: Who wrote it; an operator's file of the same form may switch off what guards.

    Raises:
        ConfigurationError: The file is wrong; tells everything that is, with the lines.
    """
    document = parse_toml(text, path)
    refused = _REFUSED if owner is LayerOwner.REPOSITORY else {}
    file = document.validate(RepositoryConfiguration, refused=refused)
    wrong = list(_contradictions(file, document))
    if owner is LayerOwner.REPOSITORY:
        wrong += _guarded(file, document)
    if wrong:
        raise ConfigurationError.of(sorted(wrong, key=lambda error: error.line or 0))
    return _layer(file, document, owner)


def unknown_names(
    text: str, path: str, personas: Sequence[Persona]
) -> tuple[ConfigurationError, ...]:
    """Find names of personas and rules that no persona has; the text must be valid.

    Args:
        text: The file's text.
        path: The file, as people know it.
        personas: The catalogue.
    """
    document = parse_toml(text, path)
    known = {
        "persona": [persona.name for persona in personas],
        "rule": [rule.id for persona in personas for rule in persona.rules],
    }
    return tuple(
        document.error(f'there is no {what} "{name}"', at, one_of_few(name, known[what]))
        for what, at, name in _named(document.validate(RepositoryConfiguration))
        if name not in known[what]
    )


def one_of_few(word: str, known: Sequence[str]) -> str | None:
    """Return the nearest of many known words, without listing all of them."""
    close = get_close_matches(word, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else None


def _named(file: RepositoryConfiguration) -> Iterator[tuple[str, KeyPath, str]]:
    """Return every persona and rule that the file names: what, where, which."""
    tables: list[tuple[KeyPath, SwitchesOfPersonas, RulesTable]] = [((), file.personas, file.rules)]
    tables += [
        (("paths", number), entry.personas, entry.rules) for number, entry in enumerate(file.paths)
    ]
    for at, personas, rules in tables:
        for key, names in (("on", personas.on), ("off", personas.off)):
            for number, name in enumerate(names):
                yield "persona", (*at, "personas", key, number), name
        for number, name in enumerate(rules.on):
            yield "rule", (*at, "rules", "on", number), name
        for name in rules.off:
            yield "rule", (*at, "rules", "off", name), name
    for number, name in enumerate(file.personas.default or ()):
        yield "persona", ("personas", "default", number), name
    for number, name in enumerate(file.policy.fail_on_rules or ()):
        yield "rule", ("policy", "fail_on_rules", number), name


def _contradictions(
    file: RepositoryConfiguration, document: TomlDocument
) -> Iterator[ConfigurationError]:
    panels = [panel.name for panel in PANELS]
    panel = file.personas.panel
    if panel is not None and panel not in panels:
        message = f'there is no panel "{panel}"'
        yield document.error(message, ("personas", "panel"), one_of(panel, panels))
    if panel is not None and file.personas.default is not None:
        yield document.error("panel and default exclude each other", ("personas", "default"))
    switched = {(what, at[:-2], at[-2], name) for what, at, name in _named(file)}
    for what, at, name in _named(file):
        if at[-2] == "off" and (what, at[:-2], "on", name) in switched:
            yield document.error(f"{name} is both on and off", at)


def _guarded(file: RepositoryConfiguration, document: TomlDocument) -> Iterator[ConfigurationError]:
    """Refuse to switch off what guards the repository (security.md S10)."""
    for _, at, name in _named(file):
        if at[-2] != "off" or not is_guarded(name):
            continue
        if name == GUARDED_PERSONA:
            message = f"{name} cannot be switched off by a repository"
        elif at[0] == "paths":
            continue
        else:
            message = f"{name} cannot be switched off for a whole repository"
        hint = f"Scope its rules to paths, with a reason: [[paths]] and [paths.rules.off] {name}"
        if name == GUARDED_PERSONA:
            hint = "Scope single SEC rules to paths, with a reason: [[paths]] and [paths.rules.off]"
        yield document.error(message, at, hint)
    for number, entry in enumerate(file.paths):
        everything = [glob for glob in entry.globs if not any(c.isalnum() for c in glob)]
        if everything and any(is_guarded(name) for name in entry.rules.off):
            at = ("paths", number, "globs")
            message = f'"{everything[0]}" is the whole repository, where SEC rules stay on'
            yield document.error(message, at, "Name the folders or files that are meant.")


def _layer(file: RepositoryConfiguration, document: TomlDocument, owner: LayerOwner) -> PolicyLayer:
    return PolicyLayer(
        owner=owner,
        origin=document.path,
        lines=_lines(document),
        exclude=tuple(file.exclude),
        personas=_persona_switches(file.personas, ("personas",), document),
        default_personas=_tuple(file.personas.default),
        panel=file.personas.panel,
        limit=file.personas.limit,
        rules=_rule_switches(file.rules, ("rules",), document),
        inline_cap=file.thresholds.inline_cap,
        inline_severity=file.thresholds.inline_severity,
        inline_confidence=file.thresholds.inline_confidence,
        fail_on=file.policy.fail_on,
        fail_on_rules=_tuple(file.policy.fail_on_rules),
        min_score=file.policy.min_score,
        prompt_pins=file.prompts.pin or None,
        pull_request=PullRequestLayer(
            drafts=file.pull_request.drafts,
            bots=file.pull_request.bots,
            allowed_bots=_tuple(file.pull_request.allowed_bots),
            skip_label=file.pull_request.skip_label,
            on_clean=file.pull_request.on_clean,
            resolve_threads=file.pull_request.resolve_threads,
        ),
        paths=tuple(
            PathOverride(
                globs=tuple(entry.globs),
                origin=_place(document, ("paths", number)),
                personas=_persona_switches(entry.personas, ("paths", number, "personas"), document),
                rules=_rule_switches(entry.rules, ("paths", number, "rules"), document),
                inline_severity=entry.thresholds.inline_severity,
                inline_confidence=entry.thresholds.inline_confidence,
            )
            for number, entry in enumerate(file.paths)
        ),
    )


def _tuple(entries: Sequence[_Entry] | None) -> tuple[_Entry, ...] | None:
    return None if entries is None else tuple(entries)


def _lines(document: TomlDocument) -> Mapping[str, int]:
    """Return the line of every key that is no part of a list."""
    return {
        ".".join(str(part) for part in at): line
        for at, line in document.places.items()
        if all(isinstance(part, str) for part in at)
    }


def _place(document: TomlDocument, at: KeyPath) -> str:
    return f"{document.path}:{document.line(at)}"


def _persona_switches(
    table: SwitchesOfPersonas, at: KeyPath, document: TomlDocument
) -> tuple[Switch, ...]:
    return tuple(
        Switch(name=name, on=on, origin=_place(document, (*at, key, number)))
        for key, names, on in (("off", table.off, False), ("on", table.on, True))
        for number, name in enumerate(names)
    )


def _rule_switches(table: RulesTable, at: KeyPath, document: TomlDocument) -> tuple[Switch, ...]:
    return (
        *(
            Switch(name=name, on=False, origin=_place(document, (*at, "off", name)), reason=reason)
            for name, reason in table.off.items()
        ),
        *(
            Switch(name=name, on=True, origin=_place(document, (*at, "on", number)))
            for number, name in enumerate(table.on)
        ),
    )
