"""Read a change and its base, and settle who reviews it under which policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from reviewer.domain.agent_definition import AGENT_DEFINITION_GLOBS, parse_agent_definition
from reviewer.domain.change import Change
from reviewer.domain.glob import matches_any
from reviewer.domain.own_linter import CONFIGURATION_GLOBS as LINTER_GLOBS
from reviewer.domain.persona import PANELS, Origin, Persona
from reviewer.domain.persona_file import parse_persona
from reviewer.domain.policy import GUARDED_PERSONA, Policy, PolicyLayer, effective
from reviewer.domain.repository_configuration import (
    parse_repository_configuration,
    unknown_names,
)
from reviewer.domain.selection import Selection, select
from reviewer.errors import ConfigurationError, UserError
from reviewer.ports.progress import Progress
from reviewer.ports.workspace import Workspace

CONFIGURATION_PATH = ".reviewer.toml"
PERSONA_GLOB = ".reviewer/personas/*.toml"

#: Every file of the base that may configure a review.
CONFIGURATION_GLOBS = (
    CONFIGURATION_PATH,
    PERSONA_GLOB,
    *AGENT_DEFINITION_GLOBS,
    *LINTER_GLOBS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the person at the door asks for.

    Args:
        personas: Names; exactly these review, whatever the change is.
        panel: A panel's name; the same, by a short word.
        layer: What the door sets of the policy.
        model_configured: Whether a model answers.
    """

    personas: tuple[str, ...] = ()
    panel: str | None = None
    layer: PolicyLayer | None = None
    model_configured: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """Everything that is settled before the examination.

    Args:
        change: What is reviewed.
        base_texts: Configuration files of the base, by path.
        catalogue: Every persona that could review.
        policy: The effective policy.
        selection: Who reviews, and why.
        notices: What people must know: files of the base that could not be used.
    """

    change: Change
    base_texts: Mapping[str, str]
    catalogue: tuple[Persona, ...]
    policy: Policy
    selection: Selection
    notices: tuple[str, ...]

    @property
    def chosen(self) -> tuple[Persona, ...]:
        """The personas that review, in the order of the selection."""
        by_name = {persona.name: persona for persona in self.catalogue}
        return tuple(by_name[name] for name in self.selection.chosen)


async def prepare_review(
    workspace: Workspace,
    built_in: Sequence[Persona],
    wishes: Wishes,
    *,
    progress: Progress | None = None,
) -> Preparation:
    """Read the base's configuration, then the change, then choose.

    The order is a matter of safety: configuration and personas come from the base alone, and
    are fixed before the first byte of the change is read.

    Args:
        workspace: Where the change comes from.
        built_in: The personas that ship.
        wishes: What the person at the door asks for.
        progress: Who is told how far it is.

    Raises:
        UserError: A persona or panel that was asked for does not exist, or the change cannot
            be read.
    """
    _tell(progress, "reading the change")
    texts = await workspace.base_files(CONFIGURATION_GLOBS)
    catalogue, persona_notices = read_catalogue(built_in, texts)
    policy = read_policy(texts, wishes.layer)
    requested = resolve(wishes, catalogue)
    change = await workspace.change(excluded=policy.exclude)
    _tell(progress, "choosing the personas")
    able = tuple(p for p in catalogue if policy.enabled(p.name) or p.name in requested)
    selection = select(
        change,
        able,
        requested=requested or _by_default(policy, able, change),
        limit=policy.limit,
        model_configured=wishes.model_configured,
    )
    return Preparation(
        change=change,
        base_texts=texts,
        catalogue=catalogue,
        policy=policy,
        selection=selection,
        notices=(
            *policy.notices,
            *_misspelt(texts, catalogue),
            *persona_notices,
            *_edited_here(change),
        ),
    )


def read_catalogue(
    built_in: Sequence[Persona], texts: Mapping[str, str]
) -> tuple[tuple[Persona, ...], tuple[str, ...]]:
    """Add the personas that the base of a repository brings to those that ship.

    Args:
        built_in: The personas that ship.
        texts: Files of the base by path.

    Returns:
        All personas, the built-in ones first, and a notice for every file that could not be
        used; a repository's persona never replaces a built-in one.
    """
    personas = list(built_in)
    notices: list[str] = []
    for path in sorted(texts):
        try:
            persona = _repository_persona(path, texts[path])
        except ConfigurationError as error:
            notices.append(f"This persona was not used: {error}")
            continue
        if persona is None:
            continue
        clash = _clash(persona, personas)
        if clash is None:
            personas.append(persona)
        else:
            notices.append(f"This persona was not used: {path}: {clash}")
    return tuple(personas), tuple(notices)


def _repository_persona(path: str, text: str) -> Persona | None:
    if path.startswith(".reviewer/personas/"):
        return parse_persona(text, path, origin=Origin.REPOSITORY)
    if path.endswith(".md"):
        return parse_agent_definition(text, path)
    return None


def _clash(persona: Persona, others: Sequence[Persona]) -> str | None:
    """Say what stops a persona from standing beside the others."""
    taken = {rule.id: other.name for other in others for rule in other.rules}
    if any(other.name == persona.name for other in others):
        return f"a persona named {persona.name!r} exists already"
    rule = next((rule.id for rule in persona.rules if rule.id in taken), None)
    return None if rule is None else f"rule {rule} belongs to {taken[rule]} already"


def read_policy(texts: Mapping[str, str], layer: PolicyLayer | None) -> Policy:
    """Merge the repository's configuration with what the door sets.

    A broken file never stops a review: its error becomes a notice of the policy, and the
    defaults hold.
    """
    layers = []
    notices: list[str] = []
    if CONFIGURATION_PATH in texts:
        try:
            layers.append(
                parse_repository_configuration(texts[CONFIGURATION_PATH], CONFIGURATION_PATH)
            )
        except ConfigurationError as error:
            notices.append(f"The configuration was not used, the defaults hold: {error}")
    if layer is not None:
        layers.append(layer)
    policy = effective(*layers)
    return replace(policy, notices=(*notices, *policy.notices))


def _misspelt(texts: Mapping[str, str], catalogue: Sequence[Persona]) -> tuple[str, ...]:
    """Tell names in a configuration that is right otherwise and that nobody has."""
    if CONFIGURATION_PATH not in texts:
        return ()
    try:
        wrong = unknown_names(texts[CONFIGURATION_PATH], CONFIGURATION_PATH, catalogue)
    except ConfigurationError:
        return ()  # the policy tells it
    return tuple(f"This line of the configuration has no effect: {error}" for error in wrong)


def _by_default(policy: Policy, catalogue: Sequence[Persona], change: Change) -> tuple[str, ...]:
    """Return who reviews by the configuration's word, where nobody asked for anyone.

    A repository cannot keep away the persona that guards it: it joins where its signals wake it.
    """
    panels = {panel.name: panel.personas for panel in PANELS}
    wanted = policy.default_personas or panels.get(policy.panel or "", ())
    known = {persona.name for persona in catalogue}
    names = tuple(name for name in wanted if name in known)
    if not names:
        return ()
    awake = select(change, catalogue, limit=len(catalogue)).chosen
    guard = (GUARDED_PERSONA,) if GUARDED_PERSONA in awake else ()
    return tuple(dict.fromkeys((*names, *guard)))


def resolve(wishes: Wishes, catalogue: Sequence[Persona]) -> tuple[str, ...]:
    """Turn what a person asks for into names of personas that exist.

    Raises:
        UserError: A name is unknown; tells the nearest one.
    """
    names = list(wishes.personas)
    panel = wishes.panel
    if panel is not None:
        panels = {known.name: known for known in PANELS}
        if panel not in panels:
            raise UserError(f"there is no panel {panel!r}", hint=_nearest(panel, panels))
        names += panels[panel].personas
    known = [persona.name for persona in catalogue]
    for name in names:
        if name not in known:
            raise UserError(f"there is no persona {name!r}", hint=_nearest(name, known))
    return tuple(dict.fromkeys(names))


def _nearest(word: str, known: Sequence[str] | Mapping[str, object]) -> str:
    close = get_close_matches(word, list(known), n=1)
    meant = f"Did you mean {close[0]!r}? " if close else ""
    return f"{meant}Known are: {', '.join(known)}."


def _edited_here(change: Change) -> tuple[str, ...]:
    """Say that a change to our own configuration takes no effect before it is merged."""
    own = [
        file.path
        for file in change.files
        if file.path == CONFIGURATION_PATH
        or file.path.startswith(".reviewer/")
        or matches_any(AGENT_DEFINITION_GLOBS, file.path) is not None
    ]
    if not own:
        return ()
    return (
        f"This change edits {', '.join(own)}; the review was made with the version at the base.",
    )


def _tell(progress: Progress | None, stage: str) -> None:
    if progress is not None:
        progress.stage(stage)
