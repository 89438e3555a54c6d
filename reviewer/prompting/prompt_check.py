"""Fills every prompt in with examples, so that a fault is told before a call is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from reviewer.domain.completion import CompletionRequest, ModelName
from reviewer.errors import ConfigurationError
from reviewer.prompting.prompt_catalogue import PromptCatalogue
from reviewer.prompting.prompt_file import Prompt
from reviewer.prompting.prompt_schema import Output
from reviewer.prompting.question_values import (
    FindingValues,
    PersonaValues,
    RuleValues,
    SettledValues,
)
from reviewer.prompting.request_text import Composition, Framing, SharedText, repaired

_FRAMING = Framing(today=date(2026, 1, 2), nonce="3f9c2ab47bce5a76")
_SHARED = SharedText(text="(the batch)", content_key="example", paths=("app/api.py",))
_PERSONA = PersonaValues(trusted=True, title="Type Guardian", charter="Reads carefully.")
_RULE = RuleValues(
    id="PY001",
    severity="major",
    check="Annotate every signature.",
    why="The checker skips what is not annotated.",
    only=("python",),
    never=("tests/**",),
    tests=False,
    bad="def total(items): ...",
    good="def total(items: list[int]) -> int: ...",
)
_FINDING = FindingValues(
    handle="3f9c2ab",
    rule_id="PY001",
    severity="major",
    check="Annotate every signature.",
    place="app/api.py:1 (head)",
    quote="def total(items): ...",
    headline="A signature without annotations",
    explanation="A wrong argument is found in production.",
)
_VALUES: Mapping[str, object] = {
    "persona": _PERSONA,
    "rules": [_RULE, replace(_RULE, id="PY002", only=(), never=(), bad="", good="")],
    "settled": [SettledValues(rule_id="PY003", verdict="fail")],
    "suggest": True,
    "findings": [_FINDING],
    "request": "What happens when the list is empty?",
}
_OTHERWISE: Mapping[str, object] = {
    **_VALUES,
    "persona": replace(_PERSONA, trusted=False),
    "settled": [],
    "suggest": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A prompt, filled in with an example.

    Args:
        prompt: The prompt.
        request: The call that it would be.
    """

    prompt: Prompt
    request: CompletionRequest


def example_faults(catalogue: PromptCatalogue) -> tuple[ConfigurationError, ...]:
    """Return what is wrong in prompts that can be read and not be filled in."""
    wrong: dict[str, ConfigurationError] = {}
    for prompt in catalogue.prompts:
        try:
            tuple(examples(catalogue, prompt))
        except ConfigurationError as error:
            wrong.setdefault(prompt.path, error)
    return tuple(wrong.values())


def examples(catalogue: PromptCatalogue, prompt: Prompt) -> Iterator[Example]:
    """Fill a prompt in, each way round: every branch of its text is taken once.

    Args:
        catalogue: Where its contract stands.
        prompt: The prompt.

    Raises:
        ConfigurationError: It cannot be filled in.
    """
    model = ModelName(provider="openai", model="example")
    if prompt.output is Output.NONE:
        return
    if prompt.output is Output.SAME:
        for example in examples(catalogue, catalogue.get("review")):
            again = repaired(
                prompt,
                example.request,
                answer='{"answers": [',
                problem="the text ends inside a list",
                nonce=_FRAMING.nonce,
            )
            yield Example(prompt=prompt, request=again)
        return
    composition = Composition(
        prompt=prompt, contract=catalogue.contract_of(prompt), framing=_FRAMING
    )
    for values in (_VALUES, _OTHERWISE):
        text = composition.compose(values, shared=_SHARED, rules=("PY001", "PY002"))
        yield Example(prompt=prompt, request=text.request(model))
