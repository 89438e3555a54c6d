"""Read what the base of a repository says about its own reviews: personas and policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reviewer.domain.agent_definition import AGENT_DEFINITION_GLOBS, parse_agent_definition
from reviewer.domain.base_files import FilesAtBase, is_looked_for
from reviewer.domain.change import Change
from reviewer.domain.glob import matches_any
from reviewer.domain.own_linter import CONFIGURATION_GLOBS as LINTER_GLOBS
from reviewer.domain.persona import Origin, Persona
from reviewer.domain.persona_file import parse_persona
from reviewer.domain.policy import Policy, PolicyLayer, effective
from reviewer.domain.repository_configuration import parse_repository_configuration, unknown_names
from reviewer.domain.vocabulary import known_words
from reviewer.errors import ConfigurationError

#: Nobody reads more of them in a review.
_MOST_NOTICES = 10

CONFIGURATION_PATH = ".reviewer.toml"
PERSONA_GLOB = ".reviewer/personas/*.toml"

#: Every file of the base that may configure a review.
CONFIGURATION_GLOBS = (
    CONFIGURATION_PATH,
    PERSONA_GLOB,
    *AGENT_DEFINITION_GLOBS,
    *LINTER_GLOBS,
)


def read_catalogue(
    built_in: Sequence[Persona], texts: Mapping[str, str]
) -> tuple[tuple[Persona, ...], tuple[str, ...]]:
    """Add the personas that the base of a repository brings to those that ship.

    Args:
        built_in: The personas that ship.
        texts: Files of the base by path.

    Returns:
        All personas, the built-in ones first, and a notice for every file that could not be
        used; a repository's persona never replaces a built-in one.
    """
    personas = list(built_in)
    notices: list[str] = []
    for path in sorted(texts):
        try:
            persona = _repository_persona(path, texts[path])
        except ConfigurationError as error:
            notices.append(f"This persona was not used: {error}")
            continue
        if persona is None:
            continue
        clash = _clash(persona, personas)
        if clash is None:
            personas.append(persona)
        else:
            notices.append(f"This persona was not used: {path}: {clash}")
    return tuple(personas), tuple(notices)


def _repository_persona(path: str, text: str) -> Persona | None:
    if path.startswith(".reviewer/personas/"):
        return parse_persona(text, path, origin=Origin.REPOSITORY, vocabulary=known_words())
    if path.endswith(".md"):
        return parse_agent_definition(text, path)
    return None


def _clash(persona: Persona, others: Sequence[Persona]) -> str | None:
    """Say what stops a persona from standing beside the others."""
    taken = {rule.id: other.name for other in others for rule in other.rules}
    if any(other.name == persona.name for other in others):
        return f"a persona named {persona.name!r} exists already"
    rule = next((rule.id for rule in persona.rules if rule.id in taken), None)
    return None if rule is None else f"rule {rule} belongs to {taken[rule]} already"


def read_policy(texts: Mapping[str, str], layer: PolicyLayer | None) -> Policy:
    """Merge the repository's configuration with what the door sets.

    A broken file never stops a review: its error becomes a notice of the policy, and the
    defaults hold.
    """
    layers = []
    notices: list[str] = []
    if CONFIGURATION_PATH in texts:
        try:
            layers.append(
                parse_repository_configuration(texts[CONFIGURATION_PATH], CONFIGURATION_PATH)
            )
        except ConfigurationError as error:
            notices.append(f"The configuration was not used, the defaults hold: {error}")
    if layer is not None:
        layers.append(layer)
    policy = effective(*layers)
    return replace(policy, notices=(*notices, *policy.notices))


def unread_notices(files: FilesAtBase) -> tuple[str, ...]:
    """Tell files that stand where a configuration is looked for, and that are not read."""
    notices = []
    for file in files.unread:
        if file.path == CONFIGURATION_PATH:
            what = "The configuration was not used, the defaults hold"
        elif is_looked_for((PERSONA_GLOB, *AGENT_DEFINITION_GLOBS), file.path):
            what = "No persona was read here"
        elif "/" not in file.path:
            what = "This file of the base was not read"
        else:
            # A linter's file in a folder says nothing of the whole repository.
            continue
        notices.append(f"{what}: {file.path}: {file.why.words}. {file.why.way_out}")
    if len(notices) > _MOST_NOTICES:
        more = len(notices) - _MOST_NOTICES
        notices = [*notices[:_MOST_NOTICES], f"{more:,} more files of the base were not used."]
    return tuple(notices)


def misspelt(texts: Mapping[str, str], catalogue: Sequence[Persona]) -> tuple[str, ...]:
    """Tell names in a configuration that is right otherwise and that nobody has."""
    if CONFIGURATION_PATH not in texts:
        return ()
    try:
        wrong = unknown_names(texts[CONFIGURATION_PATH], CONFIGURATION_PATH, catalogue)
    except ConfigurationError:
        return ()  # the policy tells it
    return tuple(f"This line of the configuration has no effect: {error}" for error in wrong)


def edited_here(change: Change) -> tuple[str, ...]:
    """Say that a change to our own configuration takes no effect before it is merged."""
    own = [
        file.path
        for file in change.files
        if file.path == CONFIGURATION_PATH
        or file.path.startswith(".reviewer/")
        or matches_any(AGENT_DEFINITION_GLOBS, file.path) is not None
    ]
    if not own:
        return ()
    return (
        f"This change edits {', '.join(own)}; the review was made with the version at the base.",
    )
