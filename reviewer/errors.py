"""Every exception that this program raises on purpose.

::

    ReviewerError               something that we know how to name
    ├── UserError               a person can mend it; the text may be shown as it is
    │   └── ConfigurationError  a file that a person wrote is wrong, with its place
    ├── CommunicationError      an outside thing did not answer as agreed
    │   ├── ProviderError       … a model provider
    │   └── GitHubError         … GitHub
    └── ResourceError           a limit of ours was reached (time, memory, size)

Anything else that reaches an entry point is a defect of ours and is reported as one.
"""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override


class ReviewerError(Exception):
    """Root of everything that this program raises on purpose."""


class UserError(ReviewerError):
    """A mistake of a person, told so that the person can mend it.

    Args:
        message: What is wrong, in one sentence, without a trailing hint.
        path: The file that is wrong, as the person knows it.
        line: The line in that file, counted from 1.
        hint: The way out, in one sentence.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        line: int | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line
        self.hint = hint

    @override
    def __str__(self) -> str:
        """Return ``path:line: message`` and, on a line of its own, the way out."""
        place = "" if self.path is None else f"{self.path}: "
        if self.path is not None and self.line is not None:
            place = f"{self.path}:{self.line}: "
        text = f"{place}{self.message}"
        return text if self.hint is None else f"{text}\n  {self.hint}"


#: Nobody mends more at one look, and these texts stand in reviews.
_MOST_TOLD = 20


class ConfigurationError(UserError):
    """A configuration, persona or prompt file is wrong; names file, line and the way out.

    Args:
        message: What is wrong, in one sentence, without a trailing hint.
        path: The file that is wrong, as the person knows it.
        line: The line in that file, counted from 1.
        hint: The way out, in one sentence.
        others: What else is wrong in the same file, so that one look mends all of it.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        line: int | None = None,
        hint: str | None = None,
        others: Sequence[ConfigurationError] = (),
    ) -> None:
        super().__init__(message, path=path, line=line, hint=hint)
        self.others = tuple(others)

    @classmethod
    def of(cls, errors: Sequence[ConfigurationError]) -> ConfigurationError:
        """Put several errors into the first of them; of very many, the first few and a count."""
        first, *others = errors
        if len(errors) > _MOST_TOLD:
            more = f"and {len(errors) - _MOST_TOLD:,} more"
            others = [*errors[1:_MOST_TOLD], cls(more, path=first.path)]
        return cls(first.message, path=first.path, line=first.line, hint=first.hint, others=others)

    @override
    def __str__(self) -> str:
        """Return every error, each beginning on a line of its own."""
        return "\n".join([super().__str__(), *(str(other) for other in self.others)])


class CommunicationError(ReviewerError):
    """An outside thing did not answer as agreed."""


class ProviderError(CommunicationError):
    """A model provider did not answer as agreed."""


class GitHubError(CommunicationError):
    """GitHub did not answer as agreed."""


class ResourceError(ReviewerError):
    """A limit of ours was reached: time, memory or size."""
