"""Many persona files at once: the personas that are right, and everything that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from reviewer.domain.agent_definition import parse_agent_definition
from reviewer.domain.persona import Origin, Persona
from reviewer.domain.persona_file import Vocabulary, parse_persona
from reviewer.domain.toml_document import parse_toml
from reviewer.domain.toml_place import KeyPath
from reviewer.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaSource:
    """The text of a persona file or of an agent definition.

    Args:
        path: The file, as people know it.
        text: Its text.
        origin: Where it comes from.
    """

    path: str
    text: str
    origin: Origin


@dataclass(slots=True, kw_only=True)
class CheckResult:
    """What a check found.

    Args:
        personas: The personas that are right, in the order of the files.
        errors: Everything that is wrong, file by file.
    """

    personas: list[Persona] = field(default_factory=list)
    errors: list[ConfigurationError] = field(default_factory=list)


def check_personas(
    sources: Iterable[PersonaSource], *, vocabulary: Vocabulary | None = None
) -> CheckResult:
    """Read persona files and see whether they can stand side by side.

    Args:
        sources: The files, those that ship first: they own their names and rule ids.
        vocabulary: The words that they may use.
    """
    result = CheckResult()
    for source in sources:
        try:
            persona = _parse(source, vocabulary)
        except ConfigurationError as error:
            result.errors.append(error)
            continue
        clashes = list(_clashes(persona, source, result.personas))
        if clashes:
            result.errors.append(ConfigurationError.of(clashes))
        else:
            result.personas.append(persona)
    return result


def _parse(source: PersonaSource, vocabulary: Vocabulary | None) -> Persona:
    if source.path.endswith(".md"):
        return parse_agent_definition(source.text, source.path)
    return parse_persona(source.text, source.path, origin=source.origin, vocabulary=vocabulary)


def _clashes(
    persona: Persona, source: PersonaSource, others: Iterable[Persona]
) -> Iterator[ConfigurationError]:
    """Find names that an earlier file has already."""
    others = tuple(others)
    namesake = next((other for other in others if other.name == persona.name), None)
    if namesake is not None:
        message = f"a persona named {persona.name} exists already, in {namesake.path}"
        yield _error(source, ("name",), message)
    owners = {rule.id: other for other in others for rule in other.rules}
    for number, rule in enumerate(persona.rules):
        owner = owners.get(rule.id)
        if owner is not None:
            message = f"rule {rule.id} exists already, in {owner.path}"
            yield _error(source, ("rules", number, "id"), message)


def _error(source: PersonaSource, at: KeyPath, message: str) -> ConfigurationError:
    line = None if source.path.endswith(".md") else parse_toml(source.text, source.path).line(at)
    return ConfigurationError(message, path=source.path, line=line)
