"""A completion as a JSON object, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from reviewer.domain.completion import Completion, Finish, Usage


def document_of(completion: Completion) -> dict[str, Any]:
    """Return a completion as JSON has it."""
    return asdict(completion)


def completion_of(document: Mapping[str, Any]) -> Completion:
    """Return the completion of what `document_of` returned."""
    usage = document["usage"]
    return Completion(
        **{
            **document,
            "finish": Finish(document["finish"]),
            "usage": None if usage is None else Usage(**usage),
        }
    )
