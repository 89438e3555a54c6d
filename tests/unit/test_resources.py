"""The shipped files: found in the checkout, and missed in words."""

from __future__ import annotations

import pytest

from reviewer.errors import ResourceError
from reviewer.resources import folder, persona_files
from tests.guards import ROOT


def test_a_checkout_uses_its_own_files() -> None:
    assert str(folder("personas")) == str(ROOT / "personas")
    assert str(folder("prompts")) == str(ROOT / "prompts")


def test_personas_come_in_the_order_of_their_names() -> None:
    paths = [path for path, _ in persona_files()]

    assert paths == sorted(paths)
    assert len(paths) == 11


def test_a_broken_installation_is_told() -> None:
    with pytest.raises(ResourceError, match="install persona-reviewer again"):
        folder("nothing")
