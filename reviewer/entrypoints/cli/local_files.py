"""The files that a person is writing: read from the folder as it is, not from a commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reviewer.errors import ConfigurationError, UserError

if TYPE_CHECKING:
    from reviewer.domain.persona_check import PersonaSource

#: More than any file of ours may have; a larger one is refused by its reader, with the reason.
_MAXIMUM_READ_BYTES = 1_000_000


def repository_root(folder: Path) -> Path:
    """Return the root of the git repository around a folder; the folder where there is none."""
    folder = folder.absolute()
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists():
            return candidate
    return folder


def read_text(path: Path, name: str) -> str:
    """Read a file that a person wrote.

    Args:
        path: Where it is.
        name: The file, as people know it.

    Raises:
        ConfigurationError: It is no UTF-8.
        UserError: It cannot be read.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAXIMUM_READ_BYTES)
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror}") from error
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError("the file is not valid UTF-8", path=name, line=line) from None


def shipped_sources() -> tuple[PersonaSource, ...]:
    """Return the personas that ship."""
    from reviewer.domain.persona import Origin
    from reviewer.domain.persona_check import PersonaSource
    from reviewer.resources import persona_files

    return tuple(
        PersonaSource(path=path, text=text, origin=Origin.BUILT_IN)
        for path, text in persona_files()
    )


def is_shipped(path: Path) -> bool:
    """Tell whether a file is one of the personas that ship, as they stand in the checkout."""
    from reviewer.resources import folder

    return path.resolve().parent == Path(str(folder("personas"))).resolve()


def repository_sources(root: Path) -> Iterator[tuple[Path, str]]:
    """Return the persona files and agent definitions of a repository, with their names."""
    from reviewer.domain.agent_definition import AGENT_DEFINITION_GLOBS

    for glob in (".reviewer/personas/*.toml", *AGENT_DEFINITION_GLOBS):
        for path in sorted(root.glob(glob.lstrip("/"))):
            yield path, path.relative_to(root).as_posix()


def named_sources(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Return the files that a person names; of a folder, every file in it that may be one.

    Raises:
        UserError: A named file is neither TOML nor Markdown, or a folder holds none.
    """
    for path in paths:
        if path.is_dir():
            found = sorted(entry for entry in path.iterdir() if entry.suffix in {".toml", ".md"})
            if not found:
                raise UserError(f"{path} holds no .toml and no .md file")
            yield from ((entry, entry.as_posix()) for entry in found)
        elif path.suffix in {".toml", ".md"}:
            yield path, path.as_posix()
        else:
            hint = "Personas are .toml files, agent definitions are .md files."
            raise UserError(f"{path} is no persona file", hint=hint)
