"""Name who looks at a change and how: where the name is another one, everything is looked at again.

Everything that can change a model's answer goes in: every persona that could review, the rules and
paths of the policy, prompts, models, language. Not what can be told without asking again: caps,
criteria of the check, reasons. Who of them reviews this change is no part of it: whoever joins
later is asked about everything, and nobody else is (`rounds.Delta.covered`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from reviewer.domain.persona import Persona
from reviewer.domain.policy import Policy, Switch
from reviewer.service.prepare_review import Preparation

if TYPE_CHECKING:
    from reviewer.service.model_setup import ModelSetup

#: Raised when answers of an earlier version of this program must not be carried forward.
_FORM = "look/1"

#: The prompts by which a review asks.
_PROMPTS = ("review", "hunt", "verify", "repair")

_DIGITS = 40


def name_look(ready: Preparation, setup: ModelSetup | None) -> str:
    """Name who looks and how.

    Args:
        ready: The personas and the policy.
        setup: The models, with the repository's pins; None for mechanical evidence alone.

    Returns:
        Forty hexadecimal digits.
    """
    ingredients = [
        _FORM,
        sorted(_persona(persona) for persona in ready.catalogue),
        _policy(ready.policy),
        None if setup is None else _models(setup, ready.catalogue),
    ]
    text = json.dumps(ingredients, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _persona(persona: Persona) -> list[object]:
    rules = [
        [r.id, r.severity, r.title, r.check, r.why, r.bad, r.good, repr(r.applies)]
        for r in persona.rules
    ]
    return [persona.name, persona.version, persona.title, persona.charter, rules]


def _policy(policy: Policy) -> list[object]:
    paths = [
        [
            list(entry.globs),
            _switches(entry.personas),
            _switches(entry.rules),
            entry.inline_severity,
        ]
        for entry in policy.paths
    ]
    return [
        sorted(_switches(policy.personas.values())),
        sorted(_switches(policy.rules.values())),
        policy.thresholds.inline_severity,
        paths,
    ]


def _switches(switches: Iterable[Switch]) -> list[list[object]]:
    return [[switch.name, switch.on] for switch in switches]


def _models(setup: ModelSetup, personas: Iterable[Persona]) -> list[object]:
    from reviewer.prompting.fence import PLACE_OF_NONCE  # noqa: PLC0415 - with a model alone

    prompts = [setup.composition(name, PLACE_OF_NONCE) for name in _PROMPTS]
    return [
        [str(prompt.prompt.identity) for prompt in prompts],
        [str(prompt.contract.identity) for prompt in prompts],
        str(setup.model),
        str(setup.verify_model),
        sorted([p.name, str(setup.model_of(p)), repr(p.model)] for p in personas),
        setup.language,
        setup.suggestions,
        setup.effort,
    ]
