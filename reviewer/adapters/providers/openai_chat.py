"""OpenAI chat completions, and every server that is compatible with them.

https://developers.openai.com/api/reference/resources/chat
"""

from __future__ import annotations

import hashlib
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
from reviewer.adapters.providers.usage import mapping, openai_usage
from reviewer.domain.completion import Completion, CompletionRequest, Finish

BASE_URL = "https://api.openai.com/v1"

_FINISH = {
    "stop": Finish.STOP,
    "length": Finish.LENGTH,
    "content_filter": Finish.FILTER,
    "refusal": Finish.REFUSAL,
}


class OpenAIChat:
    """Speaks chat completions.

    Args:
        http: Carries the requests.
        key: Sent as bearer token; an empty one is not sent, local servers need none.
        base_url: Where ``/chat/completions`` stands.
        compatible: Whether this is another vendor's server: then what only OpenAI knows is left
            out, the system text has the role that all know, and the text is one string.
        completion_limit: Whether the answer is bounded by ``max_completion_tokens`` and not by
            ``max_tokens``, which OpenAI's reasoning models refuse and older servers need.
        explicit_cache: Whether the end of the prefix is marked as what the cache keeps
            (GPT-5.6 and later, which charge for writing: unmarked, the question is written too).
        key_header: A second header for the key (Azure: ``api-key``).
    """

    def __init__(
        self,
        http: HttpClient,
        key: ApiKey,
        *,
        base_url: str = BASE_URL,
        compatible: bool = False,
        completion_limit: bool = True,
        explicit_cache: bool = False,
        key_header: str = "",
    ) -> None:
        self._http = http
        self._key = key
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._compatible = compatible
        self._limit = "max_completion_tokens" if completion_limit else "max_tokens"
        self._explicit_cache = explicit_cache
        self._key_header = key_header

    @override
    def __repr__(self) -> str:
        """Name the address, never the key."""
        return f"OpenAIChat({self._url})"

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
            read_event,
            timeout_seconds=timeout_seconds,
            on_first_byte=on_first_byte,
            end_mark="[DONE]",
        )

    def call(self, request: CompletionRequest) -> Call:
        """Write the request in this wire format."""
        headers: dict[str, str] = {}
        if self._key.value:
            headers["Authorization"] = f"Bearer {self._key.value}"
            if self._key_header:
                headers[self._key_header] = self._key.value
        return Call(
            url=self._url,
            headers=headers,
            body=self._body(request),
            sent_parameters=request_parameters(request),
            secrets=self._key.secrets,
        )

    def _body(self, request: CompletionRequest) -> dict[str, object]:
        parameters = request.parameters
        optional = {
            "temperature": parameters.temperature,
            "top_p": parameters.top_p,
            "reasoning_effort": parameters.effort,
        }
        body: dict[str, object] = {
            "model": request.model.model,
            "messages": self._messages(request),
            self._limit: parameters.max_output_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
            **{name: value for name, value in optional.items() if value is not None},
        }
        if request.schema is not None:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {
                    "name": request.schema_name,
                    "strict": True,
                    "schema": request.schema,
                },
            }
        if not self._compatible and request.prefix:
            # Calls with one key go to one machine, whose cache holds the prefix.
            digest = hashlib.sha256(
                f"{request.system}\0{request.prefix}".encode("utf-8", "replace")
            )
            body["prompt_cache_key"] = digest.hexdigest()[:32]
            if self._explicit_cache:
                body["prompt_cache_options"] = {"mode": "explicit"}
        return body

    def _messages(self, request: CompletionRequest) -> list[dict[str, object]]:
        messages: list[dict[str, object]] = []
        if request.system:
            role = "system" if self._compatible else "developer"
            messages.append({"role": role, "content": request.system})
        messages.append({"role": "user", "content": self._content(request)})
        return messages

    def _content(self, request: CompletionRequest) -> object:
        if not request.prefix:
            return request.question
        if self._compatible:
            gap = "" if request.prefix.endswith("\n") else "\n"
            return f"{request.prefix}{gap}{request.question}"
        prefix: dict[str, object] = {"type": "text", "text": request.prefix}
        if self._explicit_cache:
            prefix["prompt_cache_breakpoint"] = {"mode": "explicit"}
        return [prefix, {"type": "text", "text": request.question}]


def read_event(name: str, document: Mapping[str, object], answer: Answer) -> None:
    """Take one ``chat.completion.chunk``."""
    if name == "error" or document.get("error"):
        raise ReportedError(document)
    answer.model = text_at(document, "model") or answer.model
    answer.request_id = answer.request_id or text_at(document, "id")
    if document.get("usage") is not None:
        answer.usage = openai_usage(document["usage"])
    choices = document.get("choices")
    for item in choices if isinstance(choices, list) else ():
        choice = mapping(item)
        if choice.get("index", 0) == 0:
            _read_choice(choice, answer)


def _read_choice(choice: Mapping[str, object], answer: Answer) -> None:
    delta = mapping(choice.get("delta"))
    refusal = text_at(delta, "refusal")
    answer.texts.append(text_at(delta, "content") or refusal)
    if refusal:
        answer.finish = Finish.REFUSAL
    reason = choice.get("finish_reason")
    if reason is not None:
        answer.complete = True
        said = _FINISH.get(reason, Finish.OTHER) if isinstance(reason, str) else Finish.OTHER
        answer.finish = answer.finish or said
