"""A language model behind a provider's wire format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from reviewer.domain.completion import Completion, CompletionRequest, Failure
from reviewer.errors import ProviderError


class CompletionError(ProviderError):
    """One attempt failed; the failure says whether to try again."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Model(Protocol):
    """Sends one request, once. No retries, no metering, no bounds: those are the client's."""

    async def complete(
        self,
        request: CompletionRequest,
        *,
        timeout_seconds: float,
        on_first_byte: Callable[[], None] | None = None,
    ) -> Completion:
        """Send the request and read the whole answer.

        Args:
            request: What is asked.
            timeout_seconds: Upper bound for the whole call.
            on_first_byte: Called once, when the answer begins: from then on the provider's
                prompt cache holds the prefix.

        Raises:
            CompletionError: The attempt failed in a way that its failure names.
        """
        ...
