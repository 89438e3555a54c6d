"""Which personas review a change, and why: deterministic, explained, bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from reviewer.domain.change import Change
from reviewer.domain.persona import Persona

#: How many personas review one change unless somebody asks for more; Bug Hunter comes on top.
DEFAULT_LIMIT = 4


class SignalKind(StrEnum):
    """What was seen; the value is shown to people."""

    PATH = "path"
    LANGUAGE = "language"
    IMPORT = "import"
    ADDED = "added line"
    WORD = "word"
    FILE = "kind of file"
    STRUCTURE = "structure of the change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One thing in the change that speaks for a persona.

    Args:
        kind: What was seen.
        detail: In words: ``imports fastapi``, ``matches **/Dockerfile``, ``builds a shell command``.
        path: Where.
        line: The head line, None for the file as a whole.
        strong: Whether it wakes the persona by itself.
        weight: How much it speaks for the persona; used only to rank more than the limit.
    """

    kind: SignalKind
    detail: str
    path: str
    line: int | None = None
    strong: bool = True
    weight: int = 1


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


def select(
    change: Change,
    personas: Sequence[Persona],
    *,
    requested: Sequence[str] = (),
    limit: int = DEFAULT_LIMIT,
    model_configured: bool = False,
) -> Selection:
    """Choose the personas that fit a change.

    Args:
        change: What is reviewed.
        personas: The catalogue.
        requested: Names that a person asked for (a panel is resolved to names before): exactly
            these are chosen, whatever the change is.
        limit: At most this many by signals.
        model_configured: Whether a model answers; wakes personas with ``Wakes.WITH_MODEL``
            where the change has source code in any language.
    """
    raise NotImplementedError
