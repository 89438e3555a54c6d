"""A provider's key: held by that provider alone, shown by nobody."""

from __future__ import annotations

from dataclasses import dataclass, field

from reviewer.errors import UserError


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key whose value is in no representation.

    Args:
        value: The key; empty for servers that need none.
    """

    value: str = field(default="", repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be taken out of every text that comes back."""
        return (self.value,) if self.value else ()


def read_key(text: str | None, *, provider: str) -> ApiKey:
    """Check a key before it becomes a header.

    Args:
        text: The key as it was configured; blanks and line ends around it are taken off.
        provider: Whose key it is, for the message.

    Returns:
        The key.

    Raises:
        UserError: It holds what no header can carry.
    """
    value = (text or "").strip()
    if not all("!" <= mark <= "~" for mark in value):
        raise UserError(
            f"the key for {provider} holds a blank, a control or a foreign character",
            hint="Copy it again, without quotes and line breaks.",
        )
    return ApiKey(value)
