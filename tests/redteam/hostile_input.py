"""Hostile inputs as data: what an attacker writes, and what must hold (security.md, R-inputs)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reviewer.domain.change import Change
from reviewer.testing.builders import build_change, build_file
from tests.guards import CANARIES

INPUTS = Path(__file__).parent / "inputs"

#: In a text: `[[x * 1000]]` stands for a thousand times ``x``, so that data stays readable, and
#: ``$CANARY_GITHUB_TOKEN`` for that secret of the tests, which stands whole in no file.
_OPEN, _TIMES, _CLOSE = "[[", " * ", "]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileChange:
    """A change that attacks.

    Args:
        id: The R-input.
        says: What it tries.
        path: The file.
        before: Its text at the base; None for a new file.
        after: Its text at the head.
        language: Its language.
        wish: What EvilModel must find that it wants; empty where it speaks to no model.
        suspected: Whether the review must say that text addresses the reviewer.
        fails: Rules that must fail whatever a model says.
        shows: Texts that a model must see unmodified.
        hides: Texts that no request and no output may hold.
        partial: Words that the reason of a partial run must hold; empty where it is whole.
        storable: Whether git can hold the path.
    """

    id: str
    says: str
    path: str = "app/views.py"
    before: str | None = None
    after: str
    language: str | None = "python"
    wish: str = ""
    suspected: bool = False
    fails: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    partial: str = ""
    storable: bool = True

    @property
    def change(self) -> Change:
        """The change of one file."""
        file = build_file(self.path, before=self.before, after=self.after, language=self.language)
        return build_change(file)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileWords:
    """Words that a model is talked into saying, in every field that takes words.

    Args:
        id: The R-input.
        says: What it tries.
        text: The words.
        shown: Whether the finding that says them is shown.
    """

    id: str
    says: str
    text: str
    shown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileReply:
    """A finding of a form that no honest model gives; laid over an honest one."""

    id: str
    says: str
    finding: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileSuggestion:
    """A replacement that attacks; `quote` is what it replaces."""

    id: str
    says: str
    text: str
    quote: str = "    return items[len(items)]"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileDescription:
    """A title and a description that attack.

    Args:
        id: The R-input.
        says: What it tries.
        title: The title.
        body: The description.
        suspected: Whether it must be suspected.
        gone: Texts that may not be left in what is cleaned.
    """

    id: str
    says: str
    title: str = ""
    body: str = ""
    suspected: bool = False
    gone: tuple[str, ...] = ()


def hostile_changes() -> list[HostileChange]:
    """Read the changes."""
    return [HostileChange(**_tuples(entry)) for entry in entries_of("changes.toml", "change")]


def hostile_words() -> list[HostileWords]:
    """Read the words."""
    return [HostileWords(**entry) for entry in entries_of("words.toml", "words")]


def hostile_replies() -> list[HostileReply]:
    """Read the findings."""
    return [HostileReply(**entry) for entry in entries_of("replies.toml", "reply")]


def hostile_suggestions() -> list[HostileSuggestion]:
    """Read the replacements."""
    return [HostileSuggestion(**entry) for entry in entries_of("suggestions.toml", "suggestion")]


def hostile_descriptions() -> list[HostileDescription]:
    """Read the titles and descriptions."""
    entries = entries_of("descriptions.toml", "description")
    return [HostileDescription(**_tuples(entry)) for entry in entries]


def entries_of(name: str, key: str) -> list[dict[str, Any]]:
    """Read the entries of a file of inputs.

    Args:
        name: The file.
        key: What its tables are called.
    """
    read = tomllib.loads((INPUTS / name).read_text(encoding="utf-8"))
    return [{key: _unfolded(value) for key, value in entry.items()} for entry in read[key]]


def _unfolded(value: object) -> object:
    if isinstance(value, dict):
        return {key: _unfolded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unfolded(inner) for inner in value]
    return _repeated(value) if isinstance(value, str) else value


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}


def _repeated(text: str) -> str:
    for name, canary in CANARIES.items():
        text = text.replace(f"$CANARY_{name}", canary)
    before, opened, rest = text.partition(_OPEN)
    inner, closed, after = rest.partition(_CLOSE)
    piece, times, number = inner.rpartition(_TIMES)
    if not opened or not closed or not times or not number.isdigit():
        return text
    return before + piece * int(number) + _repeated(after)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostilePull:
    """A pull request that attacks with what surrounds its code.

    Args:
        id: The R-input.
        says: What it tries.
        title: Its title.
        body: Its description.
        branch: Its branch.
        message: The message of its commit.
        author: Who opens it.
        labels: What it is labelled with.
        files: Files beside the code, by path.
        links: Symbolic links, by path.
        submodules: Commits, by path.
        pictures: Paths of pictures.
    """

    id: str
    says: str
    title: str = "Add pages"
    body: str = ""
    branch: str = "feature"
    message: str = ""
    author: str = "alice"
    labels: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    submodules: dict[str, str] = field(default_factory=dict)
    pictures: tuple[str, ...] = ()


def hostile_pulls() -> list[HostilePull]:
    """Read the pull requests; those with a title or a description alone are among them."""
    described = [
        HostilePull(id=given.id, says=given.says, title=given.title or "Tidy up", body=given.body)
        for given in hostile_descriptions()
    ]
    entries = entries_of("pull_requests.toml", "pull")
    return [*described, *(HostilePull(**_tuples(entry)) for entry in entries)]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileForgery:
    """What a child process that was taken over gives back.

    Args:
        id: What it is called.
        says: What it tries.
        set: Places in the JSON of a review; ``*`` stands for every one, a last ``+`` for one more.
        value: What is put there.
        empty: Lists that are emptied besides.
        end: ``refused`` or ``posted``.
        suspected: Whether the publisher must say itself that text addresses the reviewer.
    """

    id: str
    says: str
    set: tuple[str, ...]
    value: object
    end: str
    empty: tuple[str, ...] = ()
    suspected: bool = False


def hostile_forgeries() -> list[HostileForgery]:
    """Read the forgeries."""
    return [
        HostileForgery(
            **{**entry, "set": tuple(entry["set"]), "empty": tuple(entry.get("empty", ()))}
        )
        for entry in entries_of("forgeries.toml", "forgery")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileComment:
    """A comment that attacks.

    Args:
        id: The R-input.
        says: What it tries.
        body: Its text.
        author: Who writes it.
        role: What GitHub says that the author may do here; empty for what alice may.
        sender: Who is said to have done it; the author where it is empty.
        action: What happened to it.
        end: ``unheard``, ``refused`` or ``answered``.
    """

    id: str
    says: str
    body: str
    author: str = "alice"
    role: str = ""
    sender: str = ""
    action: str = "created"
    end: str


def hostile_comments() -> list[HostileComment]:
    """Read the comments."""
    return [HostileComment(**entry) for entry in entries_of("comments.toml", "comment")]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileConfiguration:
    """A file of configuration that attacks.

    Args:
        id: The R-input.
        says: What it tries.
        where: ``head`` or ``base``.
        path: Where it stands.
        text: What it holds; a link's target, a submodule's commit.
        mode: ``file``, ``link`` or ``submodule``.
        end: ``ignored``, ``told`` or ``any``.
    """

    id: str
    says: str
    where: str
    path: str
    text: str
    mode: str = "file"
    end: str


def hostile_configurations() -> list[HostileConfiguration]:
    """Read the files."""
    entries = entries_of("configurations.toml", "configuration")
    return [HostileConfiguration(**entry) for entry in entries]
