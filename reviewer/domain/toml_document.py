r"""A TOML text that a person wrote: read strictly, with the place of everything that is wrong.

Beyond TOML's own law (https://toml.io/en/v1.0.0) a text may hold no control character, not even
one that is written as an escape: ``"\bword\b"`` is meant as a regular expression and would be
read as two backspaces, which is the one silent misreading that was seen in trials with people.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from reviewer.domain.toml_place import KeyPath, nearest_line, places
from reviewer.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

#: More than a hundred times what anybody writes by hand.
MAXIMUM_BYTES = 256 * 1024

#: Deeper than any table of ours; the standard parser recurses once a level.
_MAXIMUM_DEPTH = 64

#: Parts of one dotted key; the standard parser takes memory with the square of their number, and
#: 120,000 of them fit into the size limit.
_MAXIMUM_KEY_PARTS = 64
_KEY_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(
    rf"(?<![A-Za-z0-9_-]){_KEY_PART}(?:[ \t]*+\.[ \t]*+{_KEY_PART}){{{_MAXIMUM_KEY_PARTS}}}"
)

_LITERAL_HINT = "Use a literal string '…' for regular expressions and backslashes."
_PARSER_PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")
#: What the standard parser says, and how a person gets out of it.
_TOO_MANY_PARTS = "A key has too many parts"
_TOO_DEEP = "The values are nested too deeply"
_PARSER_WORDS = (
    (_TOO_MANY_PARTS, "a key has too many parts", None),
    (_TOO_DEEP, "the values are nested too deeply", None),
    ("Unescaped '\\' in a string", 'a backslash in a "…" string begins an escape', _LITERAL_HINT),
    ("Invalid hex value", 'a backslash in a "…" string begins an escape', _LITERAL_HINT),
    (
        "Cannot overwrite a value",
        "this key is set twice",
        "Keep one of them; a new entry of a list of tables begins with its own [[…]] header.",
    ),
    ("Cannot declare", "this table is declared twice", "Put the keys into one table."),
    ("Cannot mutate immutable", "this table is complete already and cannot be added to", None),
    ("Cannot redefine", "this table is declared twice", "Put the keys into one table."),
    ("Expected '=' after a key", "a key needs an equals sign and a value", 'Like: title = "…"'),
    ("Expected newline or end of document", "something follows the value on its line", None),
    ("Invalid value", "this is no value", "Text needs quotes; true and false are lower-case."),
    ("Unclosed array", "a list is not closed, or a comma is missing in it", 'Like: ["a", "b"]'),
    ("Unclosed inline table", "a {…} table is not closed, or a comma is missing in it", None),
    ("Unterminated string", "a string is not closed", None),
    ("Expected \"'''\"", "a '''…''' string is not closed", None),
    ('Expected "\'"', "a '…' string is not closed on its line", None),
    (
        "Illegal character '\\n'",
        "a string is not closed on its line",
        'Use """…""" for several lines.',
    ),
    ("Expected ']'", "a [header] is not closed", None),
    ("Invalid statement", "a key or a [header] is expected here", None),
    ("Invalid initial character for a key part", "a key or a [header] is expected here", None),
)

Model = TypeVar("Model", bound="BaseModel")


@dataclass(frozen=True, kw_only=True)
class TomlDocument:
    """The data of a TOML text, and where each key stands.

    Args:
        path: The file, as people know it.
        text: The text, without a byte order mark.
        data: What it says.
    """

    path: str
    text: str
    data: Mapping[str, Any]

    @cached_property
    def places(self) -> Mapping[KeyPath, int]:
        """The line of every key path; found only when something is wrong."""
        return places(self.text)

    def line(self, key_path: Sequence[str | int]) -> int | None:
        """Return the line of a key, or of the nearest table or list around it."""
        return nearest_line(self.places, key_path)

    def error(
        self, message: str, key_path: Sequence[str | int] = (), hint: str | None = None
    ) -> ConfigurationError:
        """Return the error that something is wrong at a key."""
        return ConfigurationError(message, path=self.path, line=self.line(key_path), hint=hint)

    def validate(
        self, model: type[Model], *, refused: Mapping[str, str] = MappingProxyType({})
    ) -> Model:
        """Read the data as the model says.

        Args:
            model: The schema.
            refused: Keys that people try and that this file may not set, wherever they stand,
                with what is said about them.

        Raises:
            ConfigurationError: The data is not as the model says; tells everything that is wrong.
        """
        from pydantic import ValidationError  # noqa: PLC0415 - 100 ms that help texts do not need

        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            raise ConfigurationError.of(list(self._told(error, model, refused))) from None

    def _told(
        self, error: ValidationError, model: type[Model], refused: Mapping[str, str]
    ) -> Iterator[ConfigurationError]:
        details = error.errors(include_url=False, include_context=True, include_input=True)
        for detail in sorted(details, key=lambda d: self.line(d["loc"]) or 0):
            if detail["type"] == "missing" and _misspelt(detail["loc"], details):
                continue
            message, hint = error_words(detail, model)
            key = str(detail["loc"][-1]).lower() if detail["loc"] else ""
            if detail["type"] == "extra_forbidden" and key in refused:
                message, hint = f'"{shorten(key)}": {refused[key]}', None
            yield self.error(message, detail["loc"], hint)


def parse_toml(text: str, path: str) -> TomlDocument:
    """Read a TOML text strictly.

    Args:
        text: What a person wrote; a byte order mark is tolerated.
        path: The file, as people know it, for messages.

    Raises:
        ConfigurationError: The text is no TOML, is over the size limit, nests too deeply or holds
            control characters.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if len(text.encode("utf-8", "surrogatepass")) > MAXIMUM_BYTES:
        kilobytes = MAXIMUM_BYTES // 1024
        raise ConfigurationError(f"the file is larger than {kilobytes} kB", path=path)
    try:
        data = load_toml(text)
    except ValueError as error:
        raise _syntax_error(str(error), text, path) from None
    document = TomlDocument(path=path, text=text, data=data)
    wrong = [document.error(words, at, hint) for at, words, hint in _odd_text(data)]
    if wrong:
        raise ConfigurationError.of(wrong)
    return document


def load_toml(text: str) -> dict[str, Any]:
    """Read TOML of anybody, other programs' files too, without drowning in it.

    Args:
        text: At most a few hundred kilobytes, with Unix line ends.

    Raises:
        ValueError: The text is no TOML, or is made to exhaust the parser.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") >= _MAXIMUM_KEY_PARTS and _LONG_KEY.search(line) is not None:
            raise ValueError(f"{_TOO_MANY_PARTS} (at line {number}, column 1)")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None


def _syntax_error(words: str, text: str, path: str) -> ConfigurationError:
    place = _PARSER_PLACE.search(words)
    line = None
    if place is not None:
        words = words[: place.start()]
        line = int(place[1]) if place[1] else text.rstrip("\n").count("\n") + 1
    for beginning, message, hint in _PARSER_WORDS:
        if words.startswith(beginning):
            return ConfigurationError(message, path=path, line=line, hint=hint)
    return ConfigurationError(f"this is no TOML: {words}", path=path, line=line)


def _odd_text(data: object) -> Iterator[tuple[KeyPath, str, str | None]]:
    """Find strings with characters that nobody can see, and values that nest too deeply."""
    waiting: list[tuple[KeyPath, object]] = [((), data)]
    while waiting:
        at, value = waiting.pop()
        if len(at) > _MAXIMUM_DEPTH:
            yield at, _TOO_DEEP.lower(), None
            return
        if isinstance(value, str):
            odd = odd_character(value)
            if odd is not None:
                yield at, f"the text holds {odd}", _LITERAL_HINT
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                odd = odd_character(key)
                if odd is not None:
                    yield at, f"a key holds {odd}", None
                waiting.append(((*at, key), inner))
        elif isinstance(value, list):
            waiting.extend(((*at, number), inner) for number, inner in enumerate(value))


#: Characters that reorder what a reader sees (https://trojansource.codes).
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def odd_character(text: str) -> str | None:
    """Name the first character that a reader cannot see or that reorders what is read.

    Newlines and tabs are fine: text of several lines has them.
    """
    if text.isprintable():
        return None
    for character in text:
        if character in "\n\t":
            continue
        if unicodedata.category(character) in {"Cc", "Cs"}:
            return f"a control character (U+{ord(character):04X})"
        if character in _REORDERING:
            return f"a character that reorders text (U+{ord(character):04X})"
    return None


def nearest(word: object, known: Sequence[str]) -> str | None:
    """Return "Did you mean …?" where one of the known words is close."""
    close = get_close_matches(str(word)[:100], known, n=1, cutoff=0.55)
    return f"Did you mean {close[0]!r}?" if close else None


def one_of(word: object, known: Sequence[str]) -> str:
    """Return the nearest of the known words as a question, or all of them."""
    return nearest(word, known) or f"Known are: {', '.join(known)}."


#: What pydantic found, by its name for it (https://docs.pydantic.dev/latest/errors/validation_errors/).
_WANTED = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": 'a list: ["…", "…"]',
    "tuple_type": 'a list: ["…", "…"]',
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dataclass_type": "a table",
}


def error_words(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str | None]:
    """Say in plain words what is wrong, and the way out."""
    kind, at, context = detail["type"], detail["loc"], detail.get("ctx", {})
    name = _spoken(at)
    if kind == "extra_forbidden":
        owner = _model_at(model, at[:-1])
        known = sorted(_keys(owner)) if owner is not None else []
        return f'unknown key "{_short(at[-1])}"', one_of(at[-1], known) if known else None
    if kind == "missing":
        return f"{name} is missing", "Begin the file with: schema = 1" if name == "schema" else None
    if kind in {"enum", "literal_error"}:
        known = re.findall(r"'([^']*)'", context.get("expected", "")) or [
            str(context.get("expected"))
        ]
        said = detail["input"]
        message = f'"{_short(said)}" is none of {", ".join(known)}'
        return f"{name}: {message}", nearest(said, known)
    if kind == "value_error":
        return f"{name}: {context.get('error', detail['msg'])}", None
    if kind in _WANTED:
        return f"{name} must be {_WANTED[kind]}", None
    return f"{name}: {_limits(kind, context) or detail['msg']}", None


def _misspelt(at: Sequence[str | int], details: Sequence[ErrorDetails]) -> bool:
    """Tell whether a missing key stands beside an unknown one that is meant to be it."""
    return any(
        detail["type"] == "extra_forbidden"
        and detail["loc"][:-1] == tuple(at[:-1])
        and nearest(detail["loc"][-1], [str(at[-1])]) is not None
        for detail in details
    )


def _limits(kind: str, context: Mapping[str, Any]) -> str | None:
    """Say which bound was crossed."""
    if kind in {"string_too_short", "too_short"} and context.get("min_length") == 1:
        return "must not be empty"
    words = {
        "string_too_short": "must have at least {min_length} characters",
        "string_too_long": "must have at most {max_length} characters",
        "too_short": "must have at least {min_length} entries",
        "too_long": "must have at most {max_length} entries",
        "greater_than_equal": "must be at least {ge}",
        "less_than_equal": "must be at most {le}",
        "string_pattern_mismatch": "must look like {pattern}",
    }.get(kind)
    if words is None:
        return None
    bounds = {k: f"{v:g}" if isinstance(v, float) else v for k, v in context.items()}
    return words.format(**bounds)


#: What pydantic adds to the place of a key that is itself wrong.
_KEY_MARK = "[key]"


def _spoken(at: Sequence[str | int]) -> str:
    """Write a key path as people say it: ``rules 3, severity``, counted from 1."""
    if not at:
        return "the file"
    parts: list[str] = []
    for part in at:
        if part == _KEY_MARK:
            continue
        if isinstance(part, int) and parts:
            parts[-1] += f" {part + 1}"
        else:
            parts.append(_short(part))
    return ", ".join(parts)


def shorten(text: str, characters: int = 60) -> str:
    """Cut a text that a message quotes."""
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def _short(value: object) -> str:
    return shorten(str(value))


def _keys(model: type[BaseModel]) -> Iterator[str]:
    return (field.alias or name for name, field in model.model_fields.items())


def _model_at(model: type[BaseModel], at: Sequence[str | int]) -> type[BaseModel] | None:
    """Follow a key path through the models that it goes through."""
    current: type[BaseModel] | None = model
    for part in at:
        if current is None:
            return None
        if isinstance(part, int):
            continue
        fields = {field.alias or name: field for name, field in current.model_fields.items()}
        current = _inner_model(fields[part].annotation) if part in fields else None
    return current


def _inner_model(annotation: object) -> type[BaseModel] | None:
    """Return the model inside ``Model``, ``list[Model]`` or ``Model | None``."""
    if isinstance(annotation, type) and hasattr(annotation, "model_fields"):
        return annotation
    return next(filter(None, (_inner_model(inner) for inner in get_args(annotation))), None)
