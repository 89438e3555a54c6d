"""Read a change and its base, and settle who reviews it under which policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from reviewer.domain.base_files import UnreadFile
from reviewer.domain.change import Change
from reviewer.domain.persona import PANELS, Persona
from reviewer.domain.policy import GUARDED_PERSONA, Policy, PolicyLayer
from reviewer.domain.selection import Choice, ChoiceKind, Selection, select
from reviewer.errors import UserError
from reviewer.ports.progress import Progress
from reviewer.ports.workspace import Workspace
from reviewer.service.read_base import (
    CONFIGURATION_GLOBS,
    edited_here,
    misspelt,
    read_catalogue,
    read_policy,
    unread_notices,
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
        base_unread: Files that stand where such are looked for and are not read.
        catalogue: Every persona that could review.
        policy: The effective policy.
        selection: Who reviews, and why.
        notices: What people must know: files of the base that could not be used.
    """

    change: Change
    base_texts: Mapping[str, str]
    base_unread: tuple[UnreadFile, ...]
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
        kept=frozenset({GUARDED_PERSONA}),
        model_configured=wishes.model_configured,
    )
    return Preparation(
        change=change,
        base_texts=texts.texts,
        base_unread=texts.unread,
        catalogue=catalogue,
        policy=policy,
        selection=replace(selection, choices=(*selection.choices, *_off(policy, catalogue, able))),
        notices=(
            *unread_notices(texts),
            *policy.notices,
            *misspelt(texts, catalogue),
            *persona_notices,
            *edited_here(change),
        ),
    )


def _off(
    policy: Policy, catalogue: Sequence[Persona], able: Sequence[Persona]
) -> tuple[Choice, ...]:
    """List the personas that the configuration switches off: nobody is gone without a word."""
    return tuple(
        Choice(persona=p.name, kind=ChoiceKind.NOT_CHOSEN, reason=policy.persona_off(p.name) or "")
        for p in catalogue
        if p not in able
    )


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


def _tell(progress: Progress | None, stage: str) -> None:
    if progress is not None:
        progress.stage(stage)
