"""Facts about a change, by the names that persona files use: one pure function each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reviewer.domain.facts.observation import Fact, Observation, Sighting

__all__ = ["FACTS", "Fact", "Observation", "Sighting"]

#: Every fact by its name; a persona file that names another one is refused.
FACTS: Mapping[str, Fact] = MappingProxyType({})
