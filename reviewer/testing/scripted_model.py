"""ScriptedModel: a model that answers from a script, as slowly and as badly as a test wants."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from reviewer.domain.completion import Completion, CompletionRequest, Failure, Finish, Usage
from reviewer.ports.clock import Clock
from reviewer.ports.model import CompletionError

#: A text answers, a failure is raised, a completion is given as it is.
Reply = str | Failure | Completion
Script = Sequence[Reply] | Callable[[CompletionRequest], Reply]

_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that the model received."""

    request: CompletionRequest
    started_seconds: float
    timeout_seconds: float


def usual_usage(request: CompletionRequest, text: str) -> Usage:
    """Return what an honest provider would count: four characters make a token."""
    asked = len(request.system) + len(request.prefix) + len(request.question)
    return Usage(
        fresh_input=asked // _CHARACTERS_PER_TOKEN,
        output=min(len(text) // _CHARACTERS_PER_TOKEN + 1, request.parameters.max_output_tokens),
    )


class ScriptedModel:
    """Answers by a sequence, whose last reply is repeated, or by a function of the request.

    Args:
        script: What it answers.
        clock: What it waits with; None answers at once.
        latency: Seconds until the last byte, fixed or a function of the request.
        first_byte: The share of the latency after which the answer begins.
        usage: What it says that a call used; None for a provider that does not say.
        pause: Awaited before everything else; for tests that hold a call up.
    """

    def __init__(
        self,
        script: Script = ("{}",),
        *,
        clock: Clock | None = None,
        latency: float | Callable[[CompletionRequest], float] = 0.0,
        first_byte: float = 0.5,
        usage: Callable[[CompletionRequest, str], Usage | None] = usual_usage,
        pause: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self.calls: list[Call] = []
        self.under_way = 0
        self.most_under_way = 0
        self._script = script
        self._clock = clock
        self._latency = latency
        self._first_byte = first_byte
        self._usage = usage
        self._pause = pause

    async def complete(
        self,
        request: CompletionRequest,
        *,
        timeout_seconds: float,
        on_first_byte: Callable[[], None] | None = None,
    ) -> Completion:
        """Answer the request as the script says.

        Args:
            request: What is asked.
            timeout_seconds: Kept for the test; not obeyed.
            on_first_byte: Called once, when the answer begins.

        Raises:
            CompletionError: The script says so.
        """
        started = 0.0 if self._clock is None else self._clock.monotonic()
        self.calls.append(
            Call(request=request, started_seconds=started, timeout_seconds=timeout_seconds)
        )
        position = len(self.calls) - 1
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            return await self._answer(request, position, on_first_byte)
        finally:
            self.under_way -= 1

    async def _answer(
        self,
        request: CompletionRequest,
        position: int,
        on_first_byte: Callable[[], None] | None,
    ) -> Completion:
        if self._pause is not None:
            await self._pause()
        latency = self._latency(request) if callable(self._latency) else self._latency
        await self._wait(latency * self._first_byte)
        reply = self._reply(request, position)
        if isinstance(reply, Failure):
            raise CompletionError(reply)
        if on_first_byte is not None:
            on_first_byte()
        await self._wait(latency * (1 - self._first_byte))
        if isinstance(reply, Completion):
            return reply
        return Completion(
            text=reply,
            finish=Finish.STOP,
            usage=self._usage(request, reply),
            model_answered=request.model.model,
            provider_request_id=f"scripted-{position + 1}",
            latency_seconds=latency,
        )

    def _reply(self, request: CompletionRequest, position: int) -> Reply:
        if callable(self._script):
            return self._script(request)
        return self._script[min(position, len(self._script) - 1)]

    async def _wait(self, seconds: float) -> None:
        if self._clock is not None and seconds > 0:
            await self._clock.sleep(seconds)
