"""How many tokens a text has: an estimate that real usage corrects, and a worst case.

No tokeniser is shipped: vendors publish none for their newest models. The estimate divides the
bytes of a text by what a token of this model holds on average; each answer's usage moves that
average. The worst case is for reservations and does not trust an average, since a change's
author chooses the text: digits, capitals, signs and line ends count as a token each, foreign
characters as one a byte, small letters and blanks as what random ones take.

Measured with ``o200k`` and a reconstruction of Claude's tokeniser: the worst case of diffs is 2.3
and 2.6 times what they have; of hexadecimal, base64, random letters, signs, Chinese and emoji
never less than they have; of letters that each stand on a line of their own 0.9 with Claude.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from reviewer.domain.completion import CompletionRequest, ModelName, Usage
from reviewer.llm.profiles import ModelProfile, profile_of

#: What providers add around the text: roles, separators, their own words about the schema.
OVERHEAD_TOKENS = 500

_SAFETY = 1.5
_WEIGHT_OF_NEWEST = 0.3
#: Shorter requests are mostly overhead and say little about the text.
_SHORTEST_SAMPLE_BYTES = 2_000
_LEAST, _MOST = 1.0, 8.0
#: Characters that make up the long tokens, and how many of them random ones make a token.
_LOOSE = b"abcdefghijklmnopqrstuvwxyz "
_LOOSEST = 1.9

#: A server that counts less than half of what was expected did not read it all.
_TOO_FEW = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEstimator:
    """Counts tokens for one model.

    Args:
        bytes_per_token: The average of this model, as far as it is known.
    """

    bytes_per_token: float

    def tokens(self, text: str) -> int:
        """Return about how many tokens a text has."""
        return round(_size(text) / self.bytes_per_token)

    def worst(self, text: str) -> int:
        """Return how many tokens a text has at most, whoever wrote it."""
        data = text.encode("utf-8", "surrogatepass")
        dense = len(data.translate(None, _LOOSE))
        held = min(max(self.bytes_per_token / _SAFETY, _LEAST), _LOOSEST)
        loose = (len(data) - dense) / held
        return min(len(data), dense + round(loose))

    def input_tokens(self, request: CompletionRequest) -> int:
        """Return about how many input tokens a request has."""
        return sum(self.tokens(text) for text in _texts(request))

    def worst_usage(self, request: CompletionRequest) -> Usage:
        """Return the most that a request can use."""
        most = OVERHEAD_TOKENS + sum(self.worst(text) for text in _texts(request))
        return Usage(fresh_input=most, output=request.parameters.max_output_tokens)


class Calibration:
    """What a token of each model holds, learnt from usage; shared by the runs of a process.

    Args:
        profile: Where the averages begin.
    """

    def __init__(self, profile: Callable[[ModelName], ModelProfile] = profile_of) -> None:
        self._profile = profile
        self._ratios: dict[ModelName, float] = {}

    def estimator(self, model: ModelName) -> TokenEstimator:
        """Return an estimator that knows what is known now."""
        start = self._profile(model).characters_per_token
        return TokenEstimator(bytes_per_token=self._ratios.get(model, start))

    def learn(self, request: CompletionRequest, usage: Usage) -> None:
        """Correct the average by what a provider counted."""
        size = sum(_size(text) for text in _texts(request))
        if size < _SHORTEST_SAMPLE_BYTES or usage.input <= 0:
            return
        seen = min(max(size / usage.input, _LEAST), _MOST)
        before = self.estimator(request.model).bytes_per_token
        self._ratios[request.model] = before + _WEIGHT_OF_NEWEST * (seen - before)

    def is_cut(self, request: CompletionRequest, usage: Usage) -> bool:
        """Tell whether a server silently read a part of the request only.

        Ollama cuts what exceeds ``num_ctx`` and says nothing
        (https://docs.ollama.com/context-length). The vendors' own services refuse instead, so
        that only compatible servers are asked.
        """
        if request.model.provider != "compatible":
            return False
        # The schema may or may not be counted, so that it is left out.
        size = _size(request.system) + _size(request.prefix) + _size(request.question)
        expected = size / self.estimator(request.model).bytes_per_token
        return size >= _SHORTEST_SAMPLE_BYTES and usage.input * _TOO_FEW < expected


def _texts(request: CompletionRequest) -> tuple[str, ...]:
    schema = "" if request.schema is None else json.dumps(request.schema)
    return request.system, request.prefix, request.question, schema


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
