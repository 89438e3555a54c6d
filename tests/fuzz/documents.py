"""The targets for files that people write: configuration, personas, prompts, agent definitions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from reviewer.domain.agent_definition import parse_agent_definition
from reviewer.domain.facts.dockerfile_reader import stages
from reviewer.domain.facts.observation import NotRead
from reviewer.domain.facts.yaml_document import LIMIT_NODES, documents
from reviewer.domain.git_attributes import read_attributes
from reviewer.domain.operator_configuration import parse_operator_configuration
from reviewer.domain.persona import Origin, Persona, Wakes
from reviewer.domain.persona_file import parse_persona
from reviewer.domain.persona_schema import MAXIMUM_TEMPERATURE
from reviewer.domain.policy import PolicyLayer, effective, is_guarded
from reviewer.domain.repository_configuration import parse_repository_configuration
from reviewer.domain.toml_document import MAXIMUM_BYTES, parse_toml
from reviewer.domain.toml_place import places
from reviewer.errors import ConfigurationError
from reviewer.prompting.prompt_file import parse_prompt
from tests.fuzz.held import hold
from tests.fuzz.texts import text_of_any

#: A message quotes a few words of what is wrong, never all of it.
_LONGEST_MESSAGE = 700
#: The text may have a byte order mark, carriage returns and no end of its last line.
_SPARE_LINES = 1

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def _refused(error: ConfigurationError, text: str) -> None:
    """Hold a refusal: it is short, and names lines that the text has."""
    count = text.count("\n") + 1 + _SPARE_LINES
    for one in (error, *error.others):
        hold(0 < len(one.message) <= _LONGEST_MESSAGE, "a message without a bound")
        hold(one.line is None or 1 <= one.line <= count, "a line that the text does not have")


def _read(data: bytes, read: Callable[[str], object]) -> object | None:
    text = text_of_any(data)
    try:
        return read(text)
    except ConfigurationError as error:
        _refused(error, text)
        return None


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(key)
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def read_toml(data: bytes) -> None:
    """Read TOML: nothing that a reader cannot see, nothing endless."""
    document = _read(data, lambda text: parse_toml(text, "fuzz.toml"))
    text = text_of_any(data)
    known = places(text).values()
    hold(all(1 <= line <= text.count("\n") + 1 for line in known), "a key in no line")
    if document is None:
        return
    hold(len(data) <= 2 * MAXIMUM_BYTES, "a file without a bound")
    values = getattr(document, "data", {})
    hold(not any(_CONTROL.search(said) for said in _texts(values)), "a hidden character got in")


def read_repository_configuration(data: bytes) -> None:
    """Read ``.reviewer.toml``: nothing that is the operator's gets in, guards stay on."""
    layer = _read(data, parse_repository_configuration)
    if not isinstance(layer, PolicyLayer):
        return
    merged = effective(layer)
    for name, switch in (*merged.personas.items(), *merged.rules.items()):
        hold(switch.on or not is_guarded(name), "a repository switched a guard off")
    hold(len(layer.paths) <= 100, "paths without a bound")


def read_operator_configuration(data: bytes) -> None:
    """Read the operator's file: refused with lines, or whole."""
    _read(data, lambda text: parse_operator_configuration(text, "config.toml"))


def read_persona(data: bytes) -> None:
    """Read a persona file as one of ours and as a repository's."""
    for origin in (Origin.BUILT_IN, Origin.REPOSITORY):
        persona = _read(data, partial(parse_persona, path="p.toml", origin=origin))
        if not isinstance(persona, Persona):
            continue
        ids = [rule.id for rule in persona.rules]
        hold(len(set(ids)) == len(ids), "a rule is there twice")
        hold(persona.origin is origin, "a persona of another origin")
        if origin is Origin.REPOSITORY:
            hold(not persona.match.strong.added, "a repository brought a regular expression")
            hold(not persona.match.weak.added, "a repository brought a regular expression")


def read_prompt(data: bytes) -> None:
    """Read a prompt file: refused with lines, or what it declares is all that it uses."""
    prompt = _read(data, lambda text: parse_prompt(text, "prompts/review/v1.md"))
    if prompt is not None:
        hold(getattr(prompt, "key", "") == "review/v1", "a prompt under another name")


def read_agent(data: bytes) -> None:
    """Read an agent definition: a persona that only answers when asked, and has no tools."""
    path = ".claude/agents/fuzz.md"
    persona = _read(data, lambda text: parse_agent_definition(text, path))
    if not isinstance(persona, Persona):
        return
    hold(persona.match.wakes is Wakes.WHEN_ASKED, "an imported persona wakes by itself")
    hold(persona.origin is Origin.IMPORTED, "an imported persona of another origin")
    warmth = persona.model.temperature
    hold(warmth is None or 0 <= warmth <= MAXIMUM_TEMPERATURE, "a temperature out of bounds")
    hold(re.fullmatch(r"[a-z][a-z0-9-]{0,39}", persona.name) is not None, "a name of no form")
    ids = [rule.id for rule in persona.rules]
    hold(len(set(ids)) == len(ids), "a rule is there twice")


def read_yaml(data: bytes) -> None:
    """Read YAML of a change as nodes: bounded, nothing raised, nothing constructed."""
    found = documents(text_of_any(data))
    if isinstance(found, NotRead):
        return
    count, waiting = 0, list(found)
    while waiting:
        node = waiting.pop()
        count += 1
        hold(1 <= node.line <= node.last, "a node in no line")
        waiting += node.items
        waiting += [part for entry in node.entries for part in entry]
    hold(count <= LIMIT_NODES, "a document without a bound")


def read_git_attributes(data: bytes) -> None:
    """Read ``.gitattributes``: whatever it says, every path gets an answer."""
    attributes = read_attributes({".gitattributes": text_of_any(data)})
    for path in ("a.py", "docs/b.md", "x/y/z"):
        attributes.of(path)


def read_dockerfile(data: bytes) -> None:
    """Read a Dockerfile as stages: lines are those of the text."""
    text = text_of_any(data)
    for stage in stages(text):
        for instruction in (stage.start, *stage.instructions):
            numbers = [number for number, _ in instruction.lines]
            hold(numbers == sorted(set(numbers)), "an instruction whose lines are not in order")
            hold(
                1 <= numbers[0] <= numbers[-1] <= text.count("\n") + 1, "an instruction in no line"
            )
