"""Who answers in a review of the red team: an evil model, an honest one, nobody."""

from __future__ import annotations

from collections.abc import Sequence

from reviewer.domain.completion import CompletionRequest
from reviewer.ports.model import Model
from reviewer.testing.evil_model import EvilModel
from reviewer.testing.scripted_model import ScriptedModel
from tests.redteam.honest_model import BUG, honest_model
from tests.redteam.hostile_input import HostileReply, HostileSuggestion, HostileWords
from tests.redteam.hostile_provider import HostileProvider
from tests.redteam.trial import SECRETS

MODELS = ("evil", "honest", "nobody")
RULE = "BUG002"


def model_of(
    given: object, kind: str, *, known: Sequence[str] = SECRETS
) -> Model | HostileProvider | None:
    """Return who answers.

    Args:
        given: The input; one that is a model's words, or a provider's, answers itself.
        kind: ``evil``, ``honest`` or ``nobody``.
        known: Secrets that the evil model happens to know.
    """
    if kind == "nobody":
        return None
    if kind == "honest":
        return honest_model()
    match given:
        case HostileProvider():
            return given
        case HostileWords():
            return saying(given.text)
        case HostileReply():
            return honest_model({RULE: [{**BUG, **given.finding}]})
        case HostileSuggestion():
            return honest_model({RULE: [{**BUG, "quote": given.quote, "suggestion": given.text}]})
        case _:
            return EvilModel(canaries=known)


def saying(text: str) -> ScriptedModel:
    """Return a model that says a text in every field, beside a real bug."""
    finding = {
        **BUG,
        "headline": f"The last item is read one place too far {text}",
        "explanation": f"last([1]) → IndexError, because indices end at len(items) - 1. {text}",
        "remedy": f"{text}\nReturn items[-1]. {text}",
    }
    return honest_model({RULE: [finding]}, reason=text)


def asked(model: Model | HostileProvider | None) -> list[CompletionRequest]:
    """Return what a model of the tests was sent, where it was asked in this process."""
    if isinstance(model, EvilModel):
        return model.requests
    if isinstance(model, ScriptedModel):
        return [call.request for call in model.calls]
    return []
