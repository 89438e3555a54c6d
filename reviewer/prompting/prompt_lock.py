"""The lock of released prompts: a sha256 for each file, in the form that ``sha256sum -c`` reads.

A version that stands in the lock never changes again: a better wording is the next version. What
does not stand there is being written, and nobody is given it without asking.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reviewer.errors import ConfigurationError
from reviewer.prompting.prompt_file import Prompt
from reviewer.prompting.prompt_schema import SAME

_ENTRY = re.compile(r"(?P<sha256>[0-9a-f]{64})  (?P<key>[a-z][a-z0-9-]*/v[1-9][0-9]{0,3})\.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptLock:
    """Which versions are released.

    Args:
        path: The lock file, as people know it.
        released: The sha256 of each released file, by key (``review/v1``).
        lines: The line of each key.
    """

    path: str
    released: Mapping[str, str]
    lines: Mapping[str, int]

    def has(self, prompt: Prompt) -> bool:
        """Tell whether a prompt is released, just as it is."""
        return self.released.get(prompt.key) == prompt.identity.sha256


def parse_lock(text: str, path: str) -> PromptLock:
    """Read a lock.

    Args:
        text: Its text; empty where nothing is released.
        path: The file, as people know it.

    Raises:
        ConfigurationError: A line is no entry, or a file stands twice.
    """
    released: dict[str, str] = {}
    lines: dict[str, int] = {}
    wrong: list[ConfigurationError] = []
    for number, line in enumerate(text.splitlines(), 1):
        entry = _ENTRY.fullmatch(line)
        if entry is None:
            hint = "Like what sha256sum prints: 64 hex digits, two spaces, review/v1.md"
            wrong.append(
                ConfigurationError("this is no entry of a lock", path=path, line=number, hint=hint)
            )
        elif entry["key"] in released:
            message = f"{entry['key']}.md stands twice"
            wrong.append(ConfigurationError(message, path=path, line=number))
        else:
            released[entry["key"]] = entry["sha256"]
            lines[entry["key"]] = number
    if wrong:
        raise ConfigurationError.of(wrong)
    return PromptLock(path=path, released=released, lines=lines)


def lock_text(released: Mapping[str, str]) -> str:
    """Write a lock: one line a file, by name and number."""

    def order(key: str) -> tuple[str, int]:
        name, _, version = key.partition("/v")
        return name, int(version)

    return "".join(f"{released[key]}  {key}.md\n" for key in sorted(released, key=order))


def lock_faults(lock: PromptLock, prompts: Sequence[Prompt]) -> Iterator[ConfigurationError]:
    """Tell what breaks the promise that a released version never changes.

    Args:
        lock: The lock.
        prompts: Every prompt file that is there.
    """
    known = {prompt.key: prompt for prompt in prompts}
    for key, sha256 in lock.released.items():
        prompt = known.get(key)
        if prompt is None:
            message = f"{key} is released, and its file is gone"
            yield ConfigurationError(
                message, path=lock.path, line=lock.lines[key], hint="Bring the file back."
            )
        elif prompt.identity.sha256 != sha256:
            yield ConfigurationError(
                f"{key} is released and was changed afterwards",
                path=prompt.path,
                hint=f"Undo the change, and write it as {_next(prompt, known)} instead.",
            )
        else:
            yield from _contract_faults(lock, prompt)
    yield from _gaps(prompts)


def releasable(lock: PromptLock, prompts: Iterable[Prompt]) -> tuple[Prompt, ...]:
    """Return the prompts that are not released yet, in the order in which they can be.

    Args:
        lock: The lock.
        prompts: Every prompt file that is there.
    """
    open_ = [prompt for prompt in prompts if prompt.key not in lock.released]
    return tuple(
        sorted(open_, key=lambda p: (p.contract is not None, p.identity.name, p.identity.version))
    )


def _contract_faults(lock: PromptLock, prompt: Prompt) -> Iterator[ConfigurationError]:
    if prompt.contract not in {None, SAME} and prompt.contract not in lock.released:
        message = f"{prompt.key} is released, and its contract {prompt.contract} is not"
        yield ConfigurationError(message, path=lock.path, line=lock.lines[prompt.key])


def _gaps(prompts: Sequence[Prompt]) -> Iterator[ConfigurationError]:
    """Tell versions that are left out: numbers are given once, one after the other."""
    known = {prompt.key for prompt in prompts}
    for prompt in prompts:
        before = prompt.identity.version - 1
        if before and f"{prompt.identity.name}/v{before}" not in known:
            yield ConfigurationError(f"there is no v{before} before it", path=prompt.path)


def _next(prompt: Prompt, known: Mapping[str, Prompt]) -> str:
    """Return the first free version: ``review/v3``."""
    version = prompt.identity.version
    while f"{prompt.identity.name}/v{version}" in known:
        version += 1
    return f"{prompt.identity.name}/v{version}"
