"""Anthropic Messages.

https://platform.claude.com/docs/en/api/messages, streaming:
https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from typing_extensions import override

from reviewer.adapters.http import HttpClient
from reviewer.adapters.providers.exchange import (
    Answer,
    Call,
    ReportedError,
    exchange,
    request_parameters,
    text_at,
)
from reviewer.adapters.providers.key import ApiKey
from reviewer.adapters.providers.usage import anthropic_usage, mapping
from reviewer.domain.completion import Completion, CompletionRequest, Finish

BASE_URL = "https://api.anthropic.com"
#: https://platform.claude.com/docs/en/api/versioning
VERSION = "2026-10-21"

_FINISH = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "refusal": Finish.REFUSAL,
}
_CACHED = {"type": "ephemeral"}


class AnthropicMessages:
    """Speaks Messages.

    The end of the system text and the end of the prefix are cache breakpoints. A part that is
    too short to be cached is ignored by the server, at no cost.

    Args:
        http: Carries the requests.
        key: Sent as bearer token, as the vendor's own client does.
        base_url: Where ``/v1/messages`` stands.
    """

    def __init__(self, http: HttpClient, key: ApiKey, *, base_url: str = BASE_URL) -> None:
        self._http = http
        self._key = key
        self._url = f"{base_url.rstrip('/').removesuffix('/v1')}/v1/messages"

    @override
    def __repr__(self) -> str:
        """Name the address, never the key."""
        return f"AnthropicMessages({self._url})"

    async def complete(
        self,
        request: CompletionRequest,
        *,
        timeout_seconds: float,
        on_first_byte: Callable[[], None] | None = None,
    ) -> Completion:
        """Send the request and read the whole answer; see `ports.model.Model`."""
        return await exchange(
            self._http,
            self.call(request),
            MessageReader(),
            timeout_seconds=timeout_seconds,
            on_first_byte=on_first_byte,
        )

    def call(self, request: CompletionRequest) -> Call:
        """Write the request in this wire format."""
        headers = {"anthropic-version": VERSION}
        if self._key.value:
            headers["Authorization"] = f"Bearer {self._key.value}"
        return Call(
            url=self._url,
            headers=headers,
            body=_body(request),
            sent_parameters=request_parameters(request),
            secrets=self._key.secrets,
        )


def _body(request: CompletionRequest) -> dict[str, object]:
    parameters = request.parameters
    optional = {"temperature": parameters.temperature, "top_p": parameters.top_p}
    body: dict[str, object] = {
        "model": request.model.model,
        "max_tokens": parameters.max_output_tokens,
        "messages": [{"role": "user", "content": _content(request)}],
        "stream": True,
        **{name: value for name, value in optional.items() if value is not None},
    }
    if request.system:
        body["system"] = [_text(request.system, cached=True)]
    output: dict[str, object] = {}
    if parameters.effort is not None:
        output["effort"] = parameters.effort
    if request.schema is not None:
        output["format"] = {"type": "json_schema", "schema": request.schema}
    if output:
        body["output_config"] = output
    return body


def _content(request: CompletionRequest) -> list[dict[str, object]]:
    prefix = [_text(request.prefix, cached=True)] if request.prefix else []
    return [*prefix, _text(request.question, cached=False)]


def _text(text: str, *, cached: bool) -> dict[str, object]:
    block: dict[str, object] = {"type": "text", "text": text}
    return {**block, "cache_control": _CACHED} if cached else block


class MessageReader:
    """Takes the events of one message; holds its usage, which comes in two parts."""

    def __init__(self) -> None:
        self._usage: dict[str, object] = {}
        self._reason: object = None

    def __call__(self, name: str, document: Mapping[str, object], answer: Answer) -> None:
        """Take one event.

        Raises:
            ReportedError: It is an error.
        """
        match text_at(document, "type") or name:
            case "error":
                raise ReportedError(document)
            case "message_start":
                self._start(mapping(document.get("message")), answer)
            case "content_block_start":
                # Begins with an empty text; some servers put the first piece there.
                block = mapping(document.get("content_block"))
                answer.texts.append(text_at(block, "text"))
            case "content_block_delta":
                delta = mapping(document.get("delta"))
                if delta.get("type") == "text_delta":
                    answer.texts.append(text_at(delta, "text"))
            case "message_delta":
                self._reason = mapping(document.get("delta")).get("stop_reason") or self._reason
                self._use(document.get("usage"), answer)
            case "message_stop":
                self._stop(answer)
            case _:
                pass  # ping, content_block_stop, and what is added later

    def _start(self, message: Mapping[str, object], answer: Answer) -> None:
        answer.model = text_at(message, "model")
        answer.request_id = answer.request_id or text_at(message, "id")
        self._use(message.get("usage"), answer)

    def _use(self, said: object, answer: Answer) -> None:
        """Lay a later usage over an earlier one: its counts are sums, and null says nothing."""
        news = {name: count for name, count in mapping(said).items() if count is not None}
        self._usage.update(news)
        answer.usage = anthropic_usage(self._usage)

    def _stop(self, answer: Answer) -> None:
        answer.over = True
        answer.complete = self._reason is not None
        reason = self._reason if isinstance(self._reason, str) else ""
        answer.finish = _FINISH.get(reason, Finish.OTHER)
