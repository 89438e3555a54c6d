"""What a fuzz target says when a property does not hold; an `assert` would vanish under ``-O``."""

from __future__ import annotations


class PropertyError(AssertionError):
    """A property that must hold for every input does not."""


def hold(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads like an assertion
    """Demand a property.

    Args:
        holds: Whether it does.
        otherwise: What is wrong where it does not.

    Raises:
        PropertyError: It does not hold.
    """
    if not holds:
        raise PropertyError(otherwise)
