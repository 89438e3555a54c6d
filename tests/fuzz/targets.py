"""Every parser of untrusted bytes, by name: what a fuzzer calls and what must hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from tests.fuzz.changes import read_diff
from tests.fuzz.documents import (
    read_agent,
    read_dockerfile,
    read_git_attributes,
    read_operator_configuration,
    read_persona,
    read_prompt,
    read_repository_configuration,
    read_toml,
    read_yaml,
)
from tests.fuzz.messages import (
    inputs_of_analyser,
    read_analyser,
    read_github_event,
    read_jupyter,
    read_model_answer,
    read_sarif,
    read_stream,
)
from tests.fuzz.texts import hide_secrets, read_comment, read_marker, write_safely

Target = Callable[[bytes], None]

#: Inputs that are worth beginning from: a folder a target, a file an input.
CORPUS = Path(__file__).parent / "corpus"

TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "diff": read_diff,
        "sanitiser": write_safely,
        "command": read_comment,
        "marker": read_marker,
        "redactor": hide_secrets,
        "toml": read_toml,
        "repository": read_repository_configuration,
        "operator": read_operator_configuration,
        "persona": read_persona,
        "prompt": read_prompt,
        "agent": read_agent,
        "yaml": read_yaml,
        "dockerfile": read_dockerfile,
        "attributes": read_git_attributes,
        "answers": read_model_answer,
        "sarif": read_sarif,
        "event": read_github_event,
        "analyser": read_analyser,
        "stream": read_stream,
        "notebook": read_jupyter,
    }
)


#: Inputs that our own code writes: in a file they would be of yesterday's form.
_MADE: Mapping[str, Callable[[], tuple[bytes, ...]]] = MappingProxyType(
    {"analyser": inputs_of_analyser}
)


def corpus_of(name: str) -> tuple[bytes, ...]:
    """Return the inputs that a target begins from, in the order of their names."""
    made = _MADE[name]() if name in _MADE else ()
    return (*(path.read_bytes() for path in sorted((CORPUS / name).iterdir())), *made)
