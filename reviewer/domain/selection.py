"""Which personas review a change, and why: deterministic, explained, bounded.

========================  =====================================================================
a strong signal           wakes its persona
a weak signal             only lists it under "would also apply"
more than the limit       those with most distinct evidence stay, the rest would also apply
a model is configured     Bug Hunter comes on top where source code in any language changes
somebody asked            exactly those personas, whatever the change is
========================  =====================================================================

Prose and translations give no signal; neither do files that nobody reviews. The order of the
files never matters.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from reviewer.domain.change import Change
from reviewer.domain.file_role import is_source
from reviewer.domain.persona import Persona, Wakes
from reviewer.domain.signal import Signal, SignalKind, find_signals

__all__ = [
    "DEFAULT_LIMIT",
    "Choice",
    "ChoiceKind",
    "Selection",
    "Signal",
    "SignalKind",
    "select",
]

#: How many personas review one change unless somebody asks for more; Bug Hunter comes on top.
DEFAULT_LIMIT = 4

#: Why somebody looks whom a person asked for.
ASKED_FOR = "asked for"

# A reason is one phrase of a table; what else speaks for the persona stands in its signals.
_MEANINGS_IN_REASON = 2

# Evidence in many files counts more than in one, but no crowd of files outweighs a second meaning.
_MANY_FILES = 8

_Found = Mapping[str, tuple[Signal, ...]]


class ChoiceKind(StrEnum):
    """What was decided about a persona."""

    CHOSEN = "chosen"
    WOULD_ALSO_APPLY = "would also apply"
    NOT_CHOSEN = "not chosen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was decided about one persona, and why.

    Args:
        persona: Its name.
        kind: What was decided.
        reason: In one phrase that can be shown: ``3 files import fastapi``, ``no Python source``.
            A path in it stands between backticks and holds none.
        signals: What speaks for it, strongest first.
    """

    persona: str
    kind: ChoiceKind
    reason: str
    signals: tuple[Signal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """One choice a persona: the chosen by weight, then the others in the order of the catalogue."""

    choices: tuple[Choice, ...]

    def of(self, kind: ChoiceKind) -> tuple[Choice, ...]:
        """Return the choices of one kind."""
        return tuple(choice for choice in self.choices if choice.kind is kind)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The names of the chosen personas."""
        return tuple(choice.persona for choice in self.of(ChoiceKind.CHOSEN))

    @property
    def by_request(self) -> bool:
        """Whether these personas were asked for, and the change did not decide."""
        return any(choice.reason == ASKED_FOR for choice in self.of(ChoiceKind.CHOSEN))


def select(
    change: Change,
    personas: Sequence[Persona],
    *,
    requested: Sequence[str] = (),
    limit: int = DEFAULT_LIMIT,
    kept: Collection[str] = (),
    model_configured: bool = False,
) -> Selection:
    """Choose the personas that fit a change.

    Args:
        change: What is reviewed.
        personas: The catalogue.
        requested: Names that a person asked for (a panel is resolved to names before): exactly
            these are chosen, whatever the change is.
        limit: At most this many by signals.
        kept: Names that a limit below the default does not push out.
        model_configured: Whether a model answers; wakes personas with ``Wakes.WITH_MODEL``
            where the change has source code in any language.

    Raises:
        ValueError: A requested name is not in the catalogue.
    """
    found = find_signals(change, personas)
    if requested:
        return _as_requested(personas, found, requested)
    awake = [
        persona.name
        for persona in personas
        if persona.match.wakes is Wakes.SIGNALS and any(s.strong for s in found[persona.name])
    ]
    # Sorting is stable, so equal weights keep the order of the catalogue.
    ranked = sorted(awake, key=lambda name: -_weight(found[name]))
    chosen = ranked[:limit] + [name for name in ranked[limit:DEFAULT_LIMIT] if name in kept]
    generalists = [
        _generalist(persona, change, model_configured=model_configured)
        for persona in personas
        if persona.match.wakes is Wakes.WITH_MODEL
    ]
    woken = [choice for choice in generalists if choice.kind is ChoiceKind.CHOSEN]
    asleep = {choice.persona: choice for choice in generalists if choice not in woken}
    others = [
        asleep.get(persona.name)
        or _other(persona, found[persona.name], beyond=limit if persona.name in awake else None)
        for persona in personas
        if persona.name not in chosen and all(persona.name != choice.persona for choice in woken)
    ]
    return Selection(choices=(*(_chosen(name, found[name]) for name in chosen), *woken, *others))


def _as_requested(
    personas: Sequence[Persona], found: _Found, requested: Sequence[str]
) -> Selection:
    """Choose what a person asked for, in that order."""
    names = list(dict.fromkeys(requested))
    unknown = [name for name in names if name not in found]
    if unknown:
        message = f"not in the catalogue: {', '.join(unknown)}"
        raise ValueError(message)
    asked = [
        Choice(persona=n, kind=ChoiceKind.CHOSEN, reason=ASKED_FOR, signals=found[n]) for n in names
    ]
    others = [
        Choice(persona=p.name, kind=ChoiceKind.NOT_CHOSEN, reason="others were asked for")
        for p in personas
        if p.name not in names
    ]
    return Selection(choices=(*asked, *others))


def _chosen(name: str, signals: tuple[Signal, ...]) -> Choice:
    strong = [signal for signal in signals if signal.strong]
    return Choice(persona=name, kind=ChoiceKind.CHOSEN, reason=_explain(strong), signals=signals)


def _generalist(persona: Persona, change: Change, *, model_configured: bool) -> Choice:
    """Decide about a persona that reads any source code, but only with a model."""
    paths = sorted(f.path for f in change.reviewed if (f.added or f.removed) and is_source(f))
    kind = ChoiceKind.NOT_CHOSEN
    if not paths:
        reason = persona.match.absent or "no source code"
    elif not model_configured:
        reason = "needs a model, and none is configured"
    else:
        kind = ChoiceKind.CHOSEN
        reason = f"{len(paths)} source files" if len(paths) > 1 else f"{_shown(paths[0])} is source"
    return Choice(persona=persona.name, kind=kind, reason=reason)


def _other(persona: Persona, signals: tuple[Signal, ...], *, beyond: int | None) -> Choice:
    """Decide about a persona that is not chosen, and say why not."""
    kind = ChoiceKind.WOULD_ALSO_APPLY
    if persona.match.wakes is Wakes.WHEN_ASKED:
        kind, reason, signals = ChoiceKind.NOT_CHOSEN, "only when asked for", ()
    elif beyond is not None:
        strong = [signal for signal in signals if signal.strong]
        reason = f"beyond the limit of {beyond}: {_explain(strong)}"
    elif signals:
        reason = f"only a weak signal: {_explain(signals)}"
    else:
        kind = ChoiceKind.NOT_CHOSEN
        reason = persona.match.absent or "nothing in the change speaks for it"
    return Choice(persona=persona.name, kind=kind, reason=reason, signals=signals)


def _meanings(signals: Sequence[Signal]) -> list[list[Signal]]:
    """Group signals that say the same, in the order of the first ones."""
    key = {signal.detail: index for index, signal in reversed(list(enumerate(signals)))}
    ordered = sorted(signals, key=lambda signal: key[signal.detail])
    return [list(group) for _, group in groupby(ordered, key=lambda signal: signal.detail)]


def _weight(signals: Sequence[Signal]) -> int:
    """Add up the distinct evidence: what is said in many files counts a little more."""
    return sum(
        4 * group[0].weight + min(len(group), _MANY_FILES)
        for group in _meanings([signal for signal in signals if signal.strong])
    )


def _explain(signals: Sequence[Signal]) -> str:
    """Say in one phrase what was seen."""
    return ", ".join(_phrase(group) for group in _meanings(signals)[:_MEANINGS_IN_REASON])


def _phrase(group: Sequence[Signal]) -> str:
    """Say what one or several files do: ``3 files import fastapi``, ``6 Python files``."""
    first = group[0]
    if first.kind is SignalKind.LANGUAGE:
        noun = first.detail.removeprefix("is ").removesuffix(" source").removesuffix(" code")
        return f"{len(group)} {noun} file{'' if len(group) == 1 else 's'}"
    if len(group) == 1 or first.kind is SignalKind.ADDED:
        where = first.path if first.line is None else f"{first.path}:{first.line}"
        more = f" (and {len(group) - 1} more)" if len(group) > 1 else ""
        return f"{_shown(where)} {first.detail}{more}"
    verb, _, rest = first.detail.partition(" ")
    if verb == "is":
        return f"{len(group)} {rest.removeprefix('an ').removeprefix('a ')}s"
    return f"{len(group)} files {_plural(verb)} {rest}"


def _plural(verb: str) -> str:
    """Turn the third person singular into the plural: matches, imports."""
    return verb.removesuffix("es") if verb.endswith(("ches", "shes")) else verb.removesuffix("s")


def _shown(path: str) -> str:
    """Put a path between backticks, which a hostile path must not close."""
    return "`" + "".join(char if char.isprintable() and char != "`" else "?" for char in path) + "`"
