"""The prompts that ship, and which version a repository gets.

The first of these that says something decides:

1. the operator's pin (``review = 1``);
2. the repository's pin;
3. a roll-out, where the repository is in its share; one that is not gets an older version;
4. the newest released version.

Which repositories are in a share follows from a hash of prompt, version and repository alone: it
stays the same from run to run, and a larger share takes in all of a smaller one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from reviewer.domain.toml_document import one_of
from reviewer.errors import ConfigurationError, UserError
from reviewer.prompting.prompt_file import Prompt, parse_prompt
from reviewer.prompting.prompt_lock import PromptLock, lock_faults, parse_lock
from reviewer.prompting.prompt_schema import SAME
from reviewer.resources import prompt_files, prompt_lock

#: A share is given in percent; the hash tells a hundred times as many groups apart.
_GROUPS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A new version for a share of the repositories.

    Args:
        version: The new version.
        share_percent: From 0 to 100.
    """

    version: int
    share_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptWishes:
    """What people settle about versions, by the prompt's name.

    Args:
        operator: Versions that the operator pins.
        repository: Versions that the repository pins.
        rollouts: Versions that the operator gives to a share of the repositories.
    """

    operator: Mapping[str, int] = field(default_factory=dict)
    repository: Mapping[str, int] = field(default_factory=dict)
    rollouts: Mapping[str, Rollout] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptCatalogue:
    """Every prompt that is there, and which of them are released.

    Args:
        prompts: By name, then by version.
        lock: The released ones.
    """

    prompts: tuple[Prompt, ...]
    lock: PromptLock

    def get(self, key: str) -> Prompt:
        """Return a prompt by ``review/v1``, or by ``review`` in its newest version.

        Raises:
            UserError: There is none; tells the nearest.
        """
        name, slash, version = key.partition("/")
        found = [p for p in self.prompts if p.identity.name == name]
        if not found:
            names = list(dict.fromkeys(p.identity.name for p in self.prompts))
            raise UserError(f"there is no prompt {name!r}", hint=one_of(name, names))
        if not slash:
            return found[-1]
        for prompt in found:
            if f"v{prompt.identity.version}" == version:
                return prompt
        known = ", ".join(prompt.key for prompt in found)
        raise UserError(f"there is no prompt {key!r}", hint=f"Known are: {known}.")

    def choose(
        self, name: str, *, repository: str = "", wishes: PromptWishes | None = None
    ) -> Prompt:
        """Return the version of a prompt that a repository gets.

        Args:
            name: The prompt's name.
            repository: The repository's full name; the same one gets the same version.
            wishes: What people settle.

        Raises:
            UserError: There is no such prompt, or a version that somebody wants is not released.
        """
        wishes = wishes or PromptWishes()
        for owner, pins in (("operator", wishes.operator), ("repository", wishes.repository)):
            if name in pins:
                return self._released(name, pins[name], f"the {owner} pins")
        rollout = wishes.rollouts.get(name)
        if rollout is None:
            return self._newest(name, below=None)
        if in_share(name, rollout, repository):
            return self._released(name, rollout.version, "a roll-out names")
        return self._newest(name, below=rollout.version)

    def contract_of(self, prompt: Prompt) -> Prompt:
        """Return the prompt whose system text goes before the data: itself, or another.

        Raises:
            UserError: It names one that is not there.
        """
        if prompt.contract is None or prompt.contract == SAME:
            return prompt
        return self.get(prompt.contract)

    def _newest(self, name: str, *, below: int | None) -> Prompt:
        found = [
            p
            for p in self.prompts
            if p.identity.name == name
            and self.lock.has(p)
            and (below is None or p.identity.version < below)
        ]
        if not found:
            self.get(name)  # a name that is not there at all has a better answer
            older = "" if below is None else f" before v{below}"
            raise UserError(f"no version of the prompt {name!r}{older} is released")
        return found[-1]

    def _released(self, name: str, version: int, who: str) -> Prompt:
        prompt = self.get(f"{name}/v{version}")
        if not self.lock.has(prompt):
            raise UserError(f"{who} {prompt.key}, which is not released")
        return prompt


def in_share(name: str, rollout: Rollout, repository: str) -> bool:
    """Tell whether a repository is in the share that gets a new version.

    Args:
        name: The prompt's name.
        rollout: The new version and its share.
        repository: The repository's full name.
    """
    ingredients = f"{name}\0{rollout.version}\0{repository.lower()}"
    digest = hashlib.sha256(ingredients.encode("utf-8", "surrogatepass")).digest()
    group = int.from_bytes(digest[:8], "big") % _GROUPS
    return group < rollout.share_percent * _GROUPS / 100


def read_prompts(
    files: Sequence[tuple[str, str]], lock: tuple[str, str]
) -> tuple[PromptCatalogue | None, tuple[ConfigurationError, ...]]:
    """Read prompt files and their lock, and tell all that is wrong.

    Args:
        files: Path and text of each file.
        lock: Path and text of the lock.

    Returns:
        The catalogue, None where a file cannot be read at all; and what is wrong.
    """
    prompts: list[Prompt] = []
    wrong: list[ConfigurationError] = []
    for path, text in files:
        try:
            prompts.append(parse_prompt(text, path))
        except ConfigurationError as error:
            wrong.append(error)
    try:
        known = parse_lock(lock[1], lock[0])
    except ConfigurationError as error:
        return None, (*wrong, error)
    if wrong:
        return None, tuple(wrong)
    prompts.sort(key=lambda prompt: (prompt.identity.name, prompt.identity.version))
    catalogue = PromptCatalogue(prompts=tuple(prompts), lock=known)
    return catalogue, (*lock_faults(known, prompts), *_contract_faults(catalogue))


@cache
def shipped_prompts() -> PromptCatalogue:
    """Return the prompts that ship.

    Raises:
        ConfigurationError: One of them is broken: somebody edited it.
    """
    catalogue, wrong = read_prompts(prompt_files(), prompt_lock())
    if wrong or catalogue is None:
        raise ConfigurationError.of(wrong)
    return catalogue


def _contract_faults(catalogue: PromptCatalogue) -> tuple[ConfigurationError, ...]:
    """Tell prompts whose contract is not there, or is none."""
    wrong: list[ConfigurationError] = []
    for prompt in catalogue.prompts:
        try:
            contract = catalogue.contract_of(prompt)
        except UserError as error:
            wrong.append(
                ConfigurationError(f"contract: {error.message}", path=prompt.path, hint=error.hint)
            )
            continue
        if contract is not prompt and contract.output.value != "none":
            wrong.append(ConfigurationError(f"{contract.key} is no contract", path=prompt.path))
    return tuple(wrong)
