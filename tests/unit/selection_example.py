"""The catalogue that ships, small changes, and what is chosen for them."""

from __future__ import annotations

from collections.abc import Sequence

from reviewer.domain.change import FileChange, FileStatus
from reviewer.domain.language import language_of
from reviewer.domain.persona import Match, Persona, SignalSet
from reviewer.domain.persona_file import parse_persona
from reviewer.domain.selection import Choice, select
from reviewer.resources import persona_files
from reviewer.testing.builders import build_change, build_file

CATALOGUE = tuple(parse_persona(text, path) for path, text in persona_files())

PLAIN = "def total(items: list[int]) -> int:\n    return sum(items)\n"


def new(path: str, text: str = "x = 1\n") -> FileChange:
    return build_file(path, after=text, language=language_of(path))


def edited(path: str, before: str, after: str) -> FileChange:
    return build_file(path, before=before, after=after, language=language_of(path))


def moved(path: str, base_path: str) -> FileChange:
    return FileChange(
        path=path, base_path=base_path, status=FileStatus.RENAMED, language=language_of(path)
    )


def chosen(*files: FileChange, model: bool = False) -> set[str]:
    return set(select(build_change(*files), CATALOGUE, model_configured=model).chosen)


def choice(persona: str, *files: FileChange, model: bool = False) -> Choice:
    selection = select(build_change(*files), CATALOGUE, model_configured=model)
    return next(choice for choice in selection.choices if choice.persona == persona)


def persona(name: str, *, weak: SignalSet | None = None, **strong: Sequence[object]) -> Persona:
    return Persona(
        name=name,
        title=name,
        version=1,
        summary="Looks.",
        charter="Looks.",
        match=Match(strong=SignalSet(**strong), weak=weak or SignalSet()),  # type: ignore[arg-type]
    )
