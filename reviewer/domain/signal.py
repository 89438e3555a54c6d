"""What in a change speaks for a persona: the signals, with file, line and a phrase for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from reviewer.domain.change import Change, FileChange, FileStatus, NotReviewedReason
from reviewer.domain.file_role import is_prose, is_source, is_translation
from reviewer.domain.glob import matches_any
from reviewer.domain.language import imported_at
from reviewer.domain.persona import AddedLine, Persona, SignalSet
from reviewer.domain.signal_search import ChangedText, Vocabulary
from reviewer.domain.structure import STRUCTURES, Sighting

#: Stands for any source code in ``languages``.
ANY_LANGUAGE = "*"


class SignalKind(StrEnum):
    """What was seen; the value is shown to people."""

    PATH = "path"
    LANGUAGE = "language"
    IMPORT = "import"
    ADDED = "added line"
    WORD = "word"
    FILE = "kind of file"
    STRUCTURE = "structure of the change"


# How much one signal of a kind speaks for its persona. An import says what a file is about but
# not what the change does; the shape of a change is told by several signals at once.
_WEIGHTS = {
    SignalKind.PATH: 3,
    SignalKind.LANGUAGE: 3,
    SignalKind.IMPORT: 2,
    SignalKind.ADDED: 3,
    SignalKind.WORD: 3,
    SignalKind.FILE: 3,
    SignalKind.STRUCTURE: 1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One thing in the change that speaks for a persona.

    Args:
        kind: What was seen.
        detail: In words: ``imports fastapi``, ``is a CI workflow``, ``builds a shell command``.
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


def find_signals(change: Change, personas: Sequence[Persona]) -> dict[str, tuple[Signal, ...]]:
    """Find what speaks for each persona, at most one signal a file and a meaning.

    Args:
        change: What is reviewed.
        personas: Those to look for.

    Returns:
        The signals by the persona's name: strong ones first, then by what they say and by path.
    """
    search = _Search(change)
    found: dict[str, tuple[Signal, ...]] = {}
    for persona in personas:
        match = persona.match
        signals = [
            *search.signals(match.strong, exclude=match.exclude, strong=True),
            *search.signals(match.weak, exclude=match.exclude, strong=False),
        ]
        said = {(signal.path, signal.detail) for signal in signals if signal.strong}
        found[persona.name] = tuple(
            sorted(
                (s for s in signals if s.strong or (s.path, s.detail) not in said),
                key=lambda s: (not s.strong, -s.weight, s.detail, s.path, s.line or 0),
            )
        )
    return found


class _File:
    """A file that may give signals, with what is asked of it again and again."""

    def __init__(self, file: FileChange) -> None:
        self.file = file
        self.path = file.path
        self.language = file.language

    @cached_property
    def is_source(self) -> bool:
        return is_source(self.file)

    @cached_property
    def added(self) -> ChangedText:
        return ChangedText(self.file.added, self.language)

    @cached_property
    def first_code(self) -> int | None:
        return self.added.first_code

    @cached_property
    def says_something(self) -> bool:
        """Whether more than comments change; a file that is only renamed says nothing either."""
        if not self.file.reviewed:
            return False
        if _is_new(self.file) or self.first_code is not None:
            return True
        return ChangedText(self.file.removed, self.language).first_code is not None

    def is_of(self, languages: Sequence[str]) -> bool:
        return self.language in languages or (ANY_LANGUAGE in languages and self.is_source)


class _Search:
    """Asks a change for signals; what several personas ask is answered once."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._files = [_File(file) for file in change.files if _speaks(file)]
        self._vocabulary = Vocabulary(file.added for file in self._files if file.file.reviewed)
        self._structures: dict[str, tuple[Sighting, ...]] = {}

    def signals(
        self, wanted: SignalSet, *, exclude: Sequence[str], strong: bool
    ) -> Iterator[Signal]:
        """Yield the signals of one set."""
        added = [line for line in wanted.added if self._vocabulary.literals_of(line.regex) != ()]
        excluded = {
            file.path for file in self._files if matches_any(exclude, file.path) is not None
        }
        for file in self._files:
            if file.path not in excluded:
                yield from _of_kind(file, wanted, strong=strong)
            if not file.file.reviewed:
                continue
            if file.path not in excluded:
                yield from _of_content(file, wanted, strong=strong)
                yield from self._of_lines(file, added, strong=strong)
        for name in wanted.structure:
            for sighting in self._structure(name):
                if sighting.everywhere or sighting.path not in excluded:
                    yield _signal(
                        SignalKind.STRUCTURE, sighting.detail, sighting.path, sighting.line, strong
                    )

    def _of_lines(
        self, file: _File, lines: Sequence[AddedLine], *, strong: bool
    ) -> Iterator[Signal]:
        """Look at the added lines; of all lines with one meaning the first is enough."""
        first: dict[str, int] = {}
        for line in lines:
            if line.languages and not file.is_of(line.languages):
                continue
            if line.paths and matches_any(line.paths, file.path) is None:
                continue
            literals = self._vocabulary.literals_of(line.regex)
            number = file.added.first(line.regex, literals=literals)
            if number is not None:
                first[line.means] = min(number, first.get(line.means, number))
        for means, number in first.items():
            yield _signal(SignalKind.ADDED, means, file.path, number, strong)

    def _structure(self, name: str) -> tuple[Sighting, ...]:
        if name not in self._structures:
            self._structures[name] = STRUCTURES[name](self._change)
        return self._structures[name]


def _speaks(file: FileChange) -> bool:
    """Tell whether a file may give signals at all: new weights may, though nobody reads them."""
    if is_prose(file) or is_translation(file.path):
        return False
    return file.not_reviewed is None or file.not_reviewed.reason in {
        NotReviewedReason.BINARY,
        NotReviewedReason.TOO_LARGE,
    }


def _of_kind(file: _File, wanted: SignalSet, *, strong: bool) -> Iterator[Signal]:
    """Look at what the file is."""
    if wanted.paths and file.says_something:
        pattern = matches_any(wanted.paths, file.path)
        if pattern is not None:
            yield _signal(SignalKind.PATH, f"matches {pattern}", file.path, None, strong)
    for kind in wanted.files:
        if kind.languages and not file.is_of(kind.languages):
            continue
        if matches_any(kind.paths, file.path) is None:
            continue
        if _is_new(file.file) if kind.created else file.says_something:
            article = "an" if kind.means[0] in "aeiouAEIOU" else "a"
            detail = f"is {article} {kind.means}"
            yield _signal(SignalKind.FILE, detail, file.path, None, strong)


def _is_new(file: FileChange) -> bool:
    return file.status in {FileStatus.ADDED, FileStatus.COPIED}


def _of_content(file: _File, wanted: SignalSet, *, strong: bool) -> Iterator[Signal]:
    """Look at the language, the imports and the words of a file that adds lines."""
    if not file.file.added:
        return
    if file.is_of(wanted.languages) and file.first_code is not None:
        language = file.language if file.language in wanted.languages else None
        detail = f"is {_title(language)} source" if language else "is source code"
        yield _signal(SignalKind.LANGUAGE, detail, file.path, None, strong)
    if wanted.imports and file.first_code is not None:
        modules = imported_at(file.file)
        for module in wanted.imports:
            if module in modules:
                line = modules[module]
                yield _signal(SignalKind.IMPORT, f"imports {module}", file.path, line, strong)
    for word in wanted.words:
        number = file.added.first_word(word)
        if number is not None:
            yield _signal(SignalKind.WORD, f"holds {word}", file.path, number, strong)


def _signal(
    kind: SignalKind,
    detail: str,
    path: str,
    line: int | None,
    strong: bool,  # noqa: FBT001
) -> Signal:
    return Signal(
        kind=kind, detail=detail, path=path, line=line, strong=strong, weight=_WEIGHTS[kind]
    )


def _title(language: str) -> str:
    return _TITLES.get(language, language.capitalize())


_TITLES = {
    "javascript": "JavaScript",
    "typescript": "TypeScript",
    "php": "PHP",
    "sql": "SQL",
    "cpp": "C++",
    "csharp": "C#",
    "jupyter": "notebook",
    "yaml": "YAML",
    "json": "JSON",
    "html": "HTML",
    "css": "CSS",
}
