"""Takes secrets out of what goes to a provider and out of what comes back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from reviewer.domain.completion import Completion, CompletionRequest, Failure
from reviewer.domain.redactor import redact

#: A provider's words are shown to people and kept; more of them help nobody.
_LONGEST_MESSAGE = 500

#: The shared texts of a run: its contract and a few batches.
_MOST_KEPT = 8


class Redaction:
    """Redacts with the secrets that this process knows.

    Args:
        secrets: Keys and tokens of ours.
    """

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        self._secrets = tuple(secrets)
        self._kept: OrderedDict[str, str] = OrderedDict()

    def request(self, request: CompletionRequest) -> CompletionRequest:
        """Redact what is sent; equal texts stay equal, so that a provider's cache still holds."""
        return replace(
            request,
            system=self._shared(request.system),
            prefix=self._shared(request.prefix),
            question=redact(request.question, self._secrets),
        )

    def completion(self, completion: Completion) -> Completion:
        """Redact an answer: a model may repeat what it was shown."""
        return replace(
            completion,
            text=redact(completion.text, self._secrets),
            model_answered=redact(completion.model_answered, self._secrets)[:200],
        )

    def failure(self, failure: Failure) -> Failure:
        """Redact and cut a provider's words: some repeat the key that they refuse."""
        message = " ".join(redact(failure.message, self._secrets).split())
        return replace(failure, message=message[:_LONGEST_MESSAGE])

    def _shared(self, text: str) -> str:
        """Redact a text that many calls share, once."""
        if text not in self._kept:
            self._kept[text] = redact(text, self._secrets)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return self._kept[text]
