"""Files that people write: right ones with one value of another kind are refused, with the line.

Random text is nearly never TOML. Here every file is right but for one value, so that what is
tried is our own schema and not the parser before it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reviewer.domain.agent_definition import parse_agent_definition
from reviewer.domain.operator_configuration import parse_operator_configuration
from reviewer.domain.persona import Persona, Wakes
from reviewer.domain.persona_file import parse_persona
from reviewer.domain.policy import effective, is_guarded
from reviewer.domain.repository_configuration import parse_repository_configuration
from reviewer.errors import ConfigurationError
from reviewer.prompting.prompt_file import parse_prompt
from reviewer.resources import prompt_files
from reviewer.server_settings import load_server_settings
from tests.fuzz.targets import CORPUS
from tests.unit.persona_text import PERSONA

pytestmark = pytest.mark.holds("S10", "S13", "R32", "R33", "R34")

REPOSITORY = (CORPUS / "repository" / "whole").read_text()
OPERATOR = (CORPUS / "operator" / "whole").read_text()
PROMPT = dict(prompt_files())["prompts/ask/v1.md"]
FRONT, BODY = PROMPT.removeprefix("+++\n").split("\n+++\n", 1)
SERVER = (
    'app_id = "4711"\nprivate_key = "not a key"\nwebhook_secret = "a secret of tests"\n'
    'role = "all"\nport = 8080\npublic_url = "https://reviewer.example.com"\n'
    'trusted_proxies = ["10.0.0.0/8"]\nretention_days = 30\nresolve_threads = true\n'
)


def toml_of(value: object) -> str:
    """Write a value of TOML on one line; a table as an inline one."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml_of(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml_of, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def document_of(data: dict[str, object]) -> str:
    return "".join(f"{json.dumps(key)} = {toml_of(value)}\n" for key, value in data.items())


Place = tuple[str | int, ...]


def places(value: object, at: Place = ()) -> Iterator[Place]:
    if at:
        yield at
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*at, index))


def changed(data: dict[str, object], at: Place, change: Callable[[object], object]) -> str:
    """Write a document in which one value is another."""

    def walk(value: object, rest: Place) -> object:
        if not rest:
            return change(value)
        if isinstance(value, dict):
            return {k: walk(v, rest[1:]) if k == rest[0] else v for k, v in value.items()}
        assert isinstance(value, list)
        return [walk(v, rest[1:]) if i == rest[0] else v for i, v in enumerate(value)]

    whole = walk(data, at)
    assert isinstance(whole, dict)
    return document_of(whole)


def prompt_of(front: str) -> object:
    return parse_prompt(f"+++\n{front}+++\n{BODY}", "prompts/ask/v1.md")


READERS: dict[str, tuple[str, Callable[[str], object]]] = {
    "repository": (REPOSITORY, parse_repository_configuration),
    "operator": (OPERATOR, lambda text: parse_operator_configuration(text, "config.toml")),
    "persona": (PERSONA, lambda text: parse_persona(text, "mine.toml")),
    "prompt": (f"{FRONT}\n", prompt_of),
}
#: Of a kind that no value of ours has.
WRONG = [[[{"x": [[1]]}]], {"a": {"b": {"c": [1]}}}, -(10**30), "\u0007"]


@pytest.mark.parametrize("name", READERS)
def test_the_file_is_right_before_it_is_broken(name: str) -> None:
    text, read = READERS[name]
    assert read(document_of(tomllib.loads(text))) == read(document_of(tomllib.loads(text)))


@pytest.mark.parametrize("wrong", WRONG, ids=["list", "table", "number", "bell"])
@pytest.mark.parametrize("name", READERS)
def test_any_value_of_another_kind_is_refused_with_its_line(name: str, wrong: object) -> None:
    text, read = READERS[name]
    data = tomllib.loads(text)
    keys = list(data)
    for at in places(data):
        broken = changed(data, at, lambda _: wrong)
        with pytest.raises(ConfigurationError) as caught:
            read(broken)
        lines = {caught.value.line, *(other.line for other in caught.value.others)}
        # Every key of the top stands on a line of its own.
        wanted = keys.index(str(at[0])) + 1 + (name == "prompt")
        assert wanted in lines or None in lines, (at, lines)


@pytest.mark.parametrize("name", READERS)
def test_an_unknown_key_anywhere_is_refused(name: str) -> None:
    text, read = READERS[name]
    data = tomllib.loads(text)
    free = {"off", "personas", "fields", "rule", "pin", "prices", "parameters"}
    tables = [(), *(at for at in places(data) if isinstance(_at(data, at), dict))]
    for at in tables:
        if free & set(map(str, at)):
            continue  # keys there are names of others
        broken = changed({"all": data}, ("all", *at), lambda v: {**_table(v), "zzzz": 1})
        inner = tomllib.loads(broken)["all"]
        with pytest.raises(ConfigurationError, match="zzzz"):
            read(document_of(inner))


def _at(value: object, at: Place) -> object:
    for part in at:
        value = value[part]  # type: ignore[index]
    return value


def _table(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def _read(
    read: Callable[[str], object], text: str
) -> tuple[object, tuple[ConfigurationError, ...]]:
    """Return what was read, or why nothing was."""
    try:
        return read(text), ()
    except ConfigurationError as error:
        return None, (error, *error.others)


VALUES = st.recursive(
    st.booleans() | st.integers(-5, 10**6) | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=40)
@given(data=st.data())
def test_any_value_instead_is_read_or_refused_and_never_breaks_the_reader(
    name: str, data: st.DataObject
) -> None:
    text, read = READERS[name]
    whole = tomllib.loads(text)
    at = data.draw(st.sampled_from(sorted(places(whole), key=str)))
    value = data.draw(VALUES)
    broken = changed(whole, at, lambda _: value)
    got, refused = _read(read, broken)
    for one in refused:
        assert 1 <= (one.line or 1) <= broken.count("\n") + 20
        assert 0 < len(one.message) < 700
    if refused:
        return
    if name == "repository":
        merged = effective(got)  # type: ignore[arg-type]
        switches = (*merged.personas.values(), *merged.rules.values())
        assert not [s for s in switches if is_guarded(s.name) and not s.on]


@settings(max_examples=60)
@given(
    key=st.sampled_from(
        ["llm", "model", "base_url", "api_key", "budget", "max_cost", "instructions"]
    ),
    place=st.sampled_from(["", "[personas]\n", "[policy]\n", "[pull_request]\n", "[thresholds]\n"]),
    value=VALUES,
)
def test_what_is_the_operator_s_gets_in_nowhere(key: str, place: str, value: object) -> None:
    line = f"{key} = {toml_of(value)}\n"
    text = f"schema = 1\n{place}{line}"
    assume(_is_toml(text))
    with pytest.raises(ConfigurationError) as caught:
        parse_repository_configuration(text)
    told = " ".join(one.message for one in (caught.value, *caught.value.others))
    assert key in told or "control character" in told or "nest" in told or "reorders" in told


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except ValueError:
        return False
    return True


@pytest.fixture
def server_file(tmp_path: Path) -> Path:
    return tmp_path / "server.toml"


def test_settings_of_the_server_are_right_before_they_are_broken(server_file: Path) -> None:
    server_file.write_text(SERVER)
    assert load_server_settings(server_file).app_id == "4711"


def test_any_setting_of_another_kind_is_refused_and_no_secret_is_told(server_file: Path) -> None:
    data = tomllib.loads(SERVER)
    for at in places(data):
        # A number is taken for the text of a secret: nobody can be harmed with it.
        numbers = () if at[0] in {"private_key", "webhook_secret"} else (-(10**30),)
        for wrong in ([[{"x": 1}]], {"a": {"b": 1}}, *numbers):
            server_file.write_text(changed(data, at, partial(_instead, wrong)))
            with pytest.raises(ConfigurationError) as caught:
                load_server_settings(server_file)
            assert "a secret of tests" not in str(caught.value)
            assert "not a key" not in str(caught.value)


def _instead(wrong: object, _value: object) -> object:
    return wrong


# --- agent definitions -------------------------------------------------------------------------

YAML_PIECES = st.sampled_from(
    [
        *("name: ", "description: ", "temperature: ", "model: ", "tools: ", "- ", "? ", ": ", "x"),
        *(
            "&a ",
            "*a",
            "!!python/object/apply:os.system ",
            "!x ",
            "<<: *a",
            "%YAML 1.1",
            "---",
            "...",
        ),
        *(
            "[",
            "]",
            "{",
            "}",
            ",",
            "|",
            ">-",
            "'",
            '"',
            "\\U00110000",
            "\\x41",
            "#",
            "\t",
            "\n",
            "\n  ",
        ),
        *("0.3", ".inf", "1e3", "yes", "null", "~", "2001-01-01", "0x1f", "=", "\ufeff", "\x00"),
    ]
)


@settings(max_examples=100)
@given(st.lists(YAML_PIECES | st.text(max_size=4), max_size=20).map("".join))
def test_front_matter_makes_a_persona_that_only_answers_or_a_refusal(front: str) -> None:
    text = f"---\n{front}\n---\nbody\n"
    persona, refused = _read(lambda whole: parse_agent_definition(whole, "agents/a.md"), text)
    assert all(1 <= (one.line or 1) <= text.count("\n") + 1 for one in refused)
    if isinstance(persona, Persona):
        assert persona.charter.endswith("body")
        assert persona.match.wakes is Wakes.WHEN_ASKED
        assert persona.model.temperature is None or 0 <= persona.model.temperature <= 1
