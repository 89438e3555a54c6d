"""Wires the diagnosis: programs, folders, the operator's file and the model, as they are."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reviewer.bootstrap.model import ModelRequest, model_setup, read_operator_file
from reviewer.config import KEY_VARIABLES, Settings, process_environment
from reviewer.errors import UserError

if TYPE_CHECKING:
    from reviewer.domain.installed_program import InstalledProgram
    from reviewer.service.diagnose_model import ModelDiagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file or folder that this program uses.

    Args:
        path: Where it is.
        state: What is there.
        fault: What is wrong; empty where nothing is.
    """

    path: Path
    state: str
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found.

    Args:
        python: The version of Python.
        programs: What reviews start.
        state_folder: Where the ledger stands.
        operator_file: The operator's file.
        keys: The variables of the keys that are set; never their values.
        model: What was found about the model; None where none was asked.
        model_fault: Why no model was asked although one is named; empty where that is not so.
    """

    python: str
    programs: tuple[InstalledProgram, ...]
    state_folder: Place
    operator_file: Place
    keys: tuple[str, ...]
    model: ModelDiagnosis | None = None
    model_fault: str = ""


def diagnose(request: ModelRequest, settings: Settings) -> Diagnosis:
    """Look at everything that a review needs; what is wrong is told, not raised.

    Args:
        request: Which model is asked, if any.
        settings: What the environment says.
    """
    return asyncio.run(_diagnose(request, settings))


async def _diagnose(request: ModelRequest, settings: Settings) -> Diagnosis:
    from reviewer.adapters.git.inventory import installed_git
    from reviewer.adapters.linters.inventory import installed_linters

    here = Path.cwd()
    git, linters = await asyncio.gather(
        installed_git(here, process_environment()), installed_linters()
    )
    model, fault = await _model(request, settings, here)
    return Diagnosis(
        python=sys.version.split()[0],
        programs=(git, *linters),
        state_folder=_state_folder(settings),
        operator_file=_operator_file(settings),
        keys=tuple(KEY_VARIABLES[provider] for provider in settings.keys),
        model=model,
        model_fault=fault,
    )


async def _model(
    request: ModelRequest, settings: Settings, here: Path
) -> tuple[ModelDiagnosis | None, str]:
    try:
        async with model_setup(request, settings, here) as setup:
            if setup is None:
                return None, ""
            from reviewer.service.diagnose_model import diagnose_model

            return await diagnose_model(setup), ""
    except UserError as error:
        return None, str(error)


def _state_folder(settings: Settings) -> Place:
    folder = settings.state_folder
    if not folder.exists():
        return Place(path=folder, state="not there yet; made by the first review with a model")
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return Place(path=folder, state="", fault="it cannot be written")
    return Place(path=folder, state="can be written")


def _operator_file(settings: Settings) -> Place:
    path = settings.operator_file
    try:
        read_operator_file(settings)
    except UserError as error:
        return Place(path=path, state="", fault=str(error))
    there = path.exists()
    return Place(path=path, state="all right" if there else "not there: the defaults hold")
