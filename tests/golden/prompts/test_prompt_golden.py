"""Every prompt as it is sent, compared with files that people can read and judge.

``pytest tests/golden --update-golden`` writes them anew; look at the difference before committing.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.golden.prompts.requests import requests

FOLDER = Path(__file__).parent
EXAMPLES = requests()


def text_of(name: str) -> str:
    """Write down everything of a request that a model gets."""
    request = EXAMPLES[name]
    schema = json.dumps(request.schema, indent=1, ensure_ascii=False)
    parts = {
        "system": request.system,
        "prefix": request.prefix,
        "question": request.question,
        f"schema {request.schema_name}": schema,
        "parameters": repr(request.parameters),
    }
    return "".join(f"==== {label} ====\n{part}\n" for label, part in parts.items())


@pytest.mark.holds("S6")
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_request_reads_as_its_golden_file(name: str, *, update_golden: bool) -> None:
    path, text = FOLDER / f"{name}.txt", text_of(name)
    if update_golden:
        path.write_bytes(text.encode())

    assert text == path.read_bytes().decode(), f"differs from {path.name}; see --update-golden"


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(EXAMPLES)
