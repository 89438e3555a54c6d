"""Kept answers: under which key, and a cache that lives as long as the process."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict

from reviewer.domain.completion import Completion, CompletionRequest, Finish
from reviewer.prompting.item_scanner import without_thoughts

_MOST_KEPT = 2_000


def cache_key(request: CompletionRequest, scope: str) -> str:
    """Return the key of an answer; empty if the request has none and must always be asked.

    The content key leaves the nonce out and holds the text, the persona and the rules. What the
    client itself decides, and whose answer it is, is added here (security.md S16, S20).

    Args:
        request: What is asked, as its bounds left it; what its model refuses is still in it, so
            that a key does not depend on what a process has learnt.
        scope: Whose it is: installation and repository.
    """
    if not request.content_key:
        return ""
    parameters = request.parameters
    parts = (
        scope,
        request.content_key,
        str(request.model),
        str(request.prompt),
        request.purpose,
        request.persona,
        request.schema_name,
        json.dumps(request.schema, sort_keys=True),
        repr((parameters.max_output_tokens, parameters.temperature)),
        repr((parameters.top_p, parameters.effort)),
    )
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def worth_keeping(request: CompletionRequest, completion: Completion) -> bool:
    """Tell whether the same content may be given this answer again.

    What was refused, filtered or broken off is no answer, and nobody is held to it: whoever asks
    for another look gets one. An answer that was too long would be so again.

    Args:
        request: What was asked.
        completion: What came back.
    """
    if completion.finish is Finish.LENGTH:
        return True
    if completion.finish is not Finish.STOP:
        return False
    return request.schema is None or _holds_object(completion.text)


def _holds_object(text: str) -> bool:
    """Tell whether a JSON object stands in a text, whole."""
    answer = without_thoughts(text)
    start = answer.find("{")
    if start < 0:
        return False
    try:
        json.JSONDecoder().raw_decode(answer, start)
    except (ValueError, RecursionError):
        return False
    return True


def call_name(request: CompletionRequest) -> str:
    """Return the name of a call within its run, equal when a run is taken up again."""
    content = request.content_key or request.system + request.prefix + request.question
    named = f"{request.model}\0{content}".encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(named).hexdigest()
    return f"complete:{request.purpose}:{request.persona or '-'}:{digest[:16]}"


class MemoryCompletionCache:
    """Keeps the newest answers in memory."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Completion] = OrderedDict()

    async def get(self, key: str) -> Completion | None:
        """Return what was kept under the key."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    async def put(self, key: str, completion: Completion) -> None:
        """Keep a completion; the first one under a key stays."""
        self._kept.setdefault(key, completion)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
