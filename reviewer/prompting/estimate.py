"""How many tokens a text has, about: its bytes over what a token of the model holds.

No vendor publishes a tokeniser for its newest models, so none is shipped. Of diffs, a token of
OpenAI's, Google's and the open models holds some 3.2 characters, one of Claude 4.7 and later some
1.9: a diff of 607 characters is 185 tokens in OpenAI's ``o200k`` and 312 in Claude's.
What a provider counts corrects the average: `Estimator.corrected` takes the client's factor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

#: Characters of a diff that one token holds.
CHARACTERS_PER_TOKEN = 3.2
CHARACTERS_PER_TOKEN_OF_CLAUDE = 1.9

#: Claude models from before the tokeniser of 4.7; see the profiles of the model client.
_OLDER_CLAUDE = ("claude-3", "claude-opus-4-", "claude-sonnet-4", "claude-haiku-4")
_CLAUDE_4_NEW = ("claude-opus-4-7", "claude-opus-4-8")
_OLDER_CLAUDE_RATIO = 2.4

#: Counts the tokens of a text; the model client's calibrated counter is one, too.
CountTokens = Callable[[str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimator:
    """Counts tokens for one model.

    Args:
        characters_per_token: What a token holds on average; of other scripts, bytes count.
        factor: Measured tokens over estimated ones.
    """

    characters_per_token: float = CHARACTERS_PER_TOKEN
    factor: float = 1.0

    @classmethod
    def of(cls, model: str) -> Estimator:
        """Return the estimator of a model by its name, wherever it runs."""
        name = model.lower()
        position = name.find("claude-")
        if position < 0:
            return cls()
        name = name[position:]
        if name.startswith(_OLDER_CLAUDE) and not name.startswith(_CLAUDE_4_NEW):
            return cls(characters_per_token=_OLDER_CLAUDE_RATIO)
        return cls(characters_per_token=CHARACTERS_PER_TOKEN_OF_CLAUDE)

    def corrected(self, factor: float) -> Estimator:
        """Return an estimator that knows what was measured.

        Args:
            factor: Measured tokens over estimated ones.

        Raises:
            ValueError: The factor is not positive.
        """
        if factor <= 0:
            message = "a factor of tokens is positive"
            raise ValueError(message)
        return replace(self, factor=factor)

    def tokens(self, text: str) -> int:
        """Return about how many tokens a text has, rounded up."""
        size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        return -int(-size * self.factor // self.characters_per_token)

    def characters(self, tokens: int) -> int:
        """Return how many characters about so many tokens hold."""
        return max(1, int(tokens * self.characters_per_token / self.factor))
