"""Gemini generateContent.

https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

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
from reviewer.adapters.providers.usage import gemini_usage, mapping
from reviewer.domain.completion import Completion, CompletionRequest, Finish

BASE_URL = "https://generativelanguage.googleapis.com"
#: What the vendor's own client uses since 3.0. Preview models and aliases such as
#: ``gemini-flash-latest`` exist on v1beta alone: name that version in the address for them.
_API_VERSION = "v1"
_VERSIONED = re.compile(r"/v\d+(?:alpha|beta)?\d*$")

#: https://ai.google.dev/api/generate-content#FinishReason; what is not here ended in another way.
_FINISH = {
    "STOP": Finish.STOP,
    "MAX_TOKENS": Finish.LENGTH,
    "CONTINUATION": Finish.LENGTH,
    **dict.fromkeys(
        (
            *("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"),
            *("ESCALATION", "MODEL_ARMOR", "PUP_LIMITED_DISABLED"),
        ),
        Finish.FILTER,
    ),
}


class GeminiGenerate:
    """Speaks generateContent, streamed.

    Args:
        http: Carries the requests.
        key: Sent as ``x-goog-api-key``, never in the URL.
        base_url: Where the API stands, with or without its version.
    """

    def __init__(self, http: HttpClient, key: ApiKey, *, base_url: str = BASE_URL) -> None:
        self._http = http
        self._key = key
        base = base_url.rstrip("/")
        self._base = base if _VERSIONED.search(base) else f"{base}/{_API_VERSION}"

    @override
    def __repr__(self) -> str:
        """Name the address, never the key."""
        return f"GeminiGenerate({self._base})"

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
        )

    def call(self, request: CompletionRequest) -> Call:
        """Write the request in this wire format."""
        name = request.model.model
        path = name if name.startswith(("models/", "tunedModels/")) else f"models/{name}"
        return Call(
            url=f"{self._base}/{quote(path, safe='/')}:streamGenerateContent?alt=sse",
            headers={"x-goog-api-key": self._key.value} if self._key.value else {},
            body=_body(request),
            sent_parameters=request_parameters(request),
            secrets=self._key.secrets,
        )


def _body(request: CompletionRequest) -> dict[str, object]:
    parameters = request.parameters
    optional = {"temperature": parameters.temperature, "topP": parameters.top_p}
    generation: dict[str, object] = {
        "maxOutputTokens": parameters.max_output_tokens,
        **{name: value for name, value in optional.items() if value is not None},
    }
    if parameters.effort is not None:
        generation["thinkingConfig"] = {"thinkingLevel": parameters.effort.upper()}
    if request.schema is not None:
        generation["responseMimeType"] = "application/json"
        generation["responseJsonSchema"] = request.schema
    parts = [{"text": text} for text in (request.prefix, request.question) if text]
    body: dict[str, object] = {
        "contents": [{"role": "user", "parts": parts}],
        "generationConfig": generation,
    }
    if request.system:
        body["systemInstruction"] = {"role": "user", "parts": [{"text": request.system}]}
    return body


def read_event(name: str, document: Mapping[str, object], answer: Answer) -> None:
    """Take one ``GenerateContentResponse``; the stream has no last event but its end.

    Raises:
        ReportedError: It is an error.
    """
    if name == "error" or document.get("error"):
        raise ReportedError(document)
    answer.model = text_at(document, "modelVersion") or answer.model
    answer.request_id = answer.request_id or text_at(document, "responseId")
    if document.get("usageMetadata") is not None:
        answer.usage = gemini_usage(document["usageMetadata"])
    if mapping(document.get("promptFeedback")).get("blockReason"):
        answer.finish = Finish.FILTER
        answer.complete = True
    candidates = document.get("candidates")
    for item in candidates if isinstance(candidates, list) else ():
        candidate = mapping(item)
        if candidate.get("index", 0) == 0:
            _read_candidate(candidate, answer)


def _read_candidate(candidate: Mapping[str, object], answer: Answer) -> None:
    parts = mapping(candidate.get("content")).get("parts")
    for item in parts if isinstance(parts, list) else ():
        part = mapping(item)
        if not part.get("thought"):
            answer.texts.append(text_at(part, "text"))
    reason = candidate.get("finishReason")
    if reason is not None and reason != "FINISH_REASON_UNSPECIFIED":
        answer.complete = True
        answer.finish = (
            _FINISH.get(reason, Finish.OTHER) if isinstance(reason, str) else Finish.OTHER
        )
