"""Wires who reviews a pull request's material: this process, or a child without our token."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from reviewer.bootstrap import built_in_personas, examiners_of
from reviewer.bootstrap.model import Books, ModelRequest, model_setup, read_operator_file
from reviewer.config import Settings, process_environment
from reviewer.errors import ReviewerError, UserError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from reviewer.domain.material import Material, ModelTerms
    from reviewer.domain.persona import Persona
    from reviewer.llm.ceilings import Account
    from reviewer.ports.analyser import Analyser
    from reviewer.ports.progress import Progress
    from reviewer.service.model_setup import ModelSetup


def analyser_here(
    request: ModelRequest,
    settings: Settings,
    *,
    progress: Progress | None = None,
    charge: Callable[[Material], Account] | None = None,
    books: Books | None = None,
) -> Analyser:
    """Return an analyser that works in this process.

    Args:
        request: What the door asks for of models.
        settings: What the environment says.
        progress: Who is told how far it is.
        charge: Says who is charged; None for the pull request alone.
        books: Where runs are written down instead of the user's own ledger.
    """
    from reviewer.ports.onlooker import NoOnlooker
    from reviewer.service.analyse import DirectAnalyser

    charged = charge or account_of
    onlooker = NoOnlooker() if books is None else books.onlooker

    @asynccontextmanager
    async def set_up(material: Material) -> AsyncIterator[ModelSetup | None]:
        account = charged(material)
        async with model_setup(request, settings, Path(), account, books=books) as setup:
            yield setup

    return DirectAnalyser(
        built_in=built_in_personas,
        examiners=examiners_of(()),
        set_up=set_up,
        progress=progress,
        onlooker=onlooker,
    )


def analyser_in_child(
    request: ModelRequest,
    settings: Settings,
    *,
    tell: Callable[[str], None],
    environment: Mapping[str, str] | None = None,
) -> Analyser:
    """Return an analyser that works in a child process, which gets neither token nor state key.

    A door that does so calls `hide_this_process` first.

    Args:
        request: What the door asks for of models.
        settings: What the environment says.
        tell: Is told what the child prints, one sanitised line at a time.
        environment: Instead of this process's own.

    Raises:
        UserError: A cassette is asked for, or a model's key is a token of the code host.
    """
    from reviewer.adapters.analyser.environment import analyser_environment
    from reviewer.adapters.analyser.process import ProcessAnalyser

    given = analyser_environment(process_environment() if environment is None else environment)
    secrets = (*settings.keys.values(), settings.github.token, settings.github.state_key)
    return ProcessAnalyser(
        environment=given,
        catalogue=catalogue_of,
        tell=tell,
        terms=terms_of(request),
        secrets=tuple(secret for secret in secrets if secret),
        suggestions=wants_suggestions(request, settings),
    )


def wants_suggestions(request: ModelRequest, settings: Settings) -> bool:
    """Tell whether findings may propose new lines: by the door's word, else the operator's."""
    if request.suggestions is not None:
        return request.suggestions
    return read_operator_file(settings).model.suggestions


def answer_task(content: bytes, settings: Settings) -> bytes:
    """Do what another process asks for; the child's side.

    Args:
        content: The task, as `adapters.analyser.wire` writes it.
        settings: What the environment says.

    Returns:
        What came of it; what a person can mend is a part of that.
    """
    from reviewer.adapters.analyser.wire import (
        Outcome,
        SentError,
        SentReview,
        read_task,
        write_outcome,
    )

    async def done() -> bytes:
        task = read_task(content)
        analyser = analyser_here(request_of(task.terms), settings)
        if task.question is None:
            review = await analyser.review(task.material)
            return write_outcome(Outcome(review=SentReview.of(review)))
        return write_outcome(Outcome(reply=await analyser.answer(task.material, task.question)))

    try:
        return asyncio.run(done())
    except ReviewerError as error:
        return write_outcome(Outcome(error=SentError.of(error)))


def hide_this_process() -> None:
    """Keep a child from reading what this process was started with; for doors that hold a token.

    It holds for the rest of the process: debuggers and ``/proc/self`` are closed to it, too.
    """
    from reviewer.adapters.analyser.confinement import hide_process

    hide_process()


def confine_this_process() -> None:
    """Let a child give up what it does not need: ways to more rights, a life without its parent.

    It hides its environment, too: the linters that it starts read hostile text and need no key.
    """
    from reviewer.adapters.analyser.confinement import confine_process, hide_process

    hide_process()
    confine_process()


def account_of(material: Material) -> Account:
    """Return who is charged for a pull request, with what its earlier rounds spent.

    What an unsigned history says of money is not believed (security.md S15).
    """
    from reviewer.domain.budget import Amount
    from reviewer.llm.ceilings import Account

    before = material.before
    spent = Amount(tokens=before.tokens, dollars=before.spent) if before.trusted else Amount()
    return Account(
        run_id=uuid4().hex,
        repository=str(material.name.repository),
        pull_request=material.name.number,
        before=spent,
    )


def catalogue_of(material: Material) -> Sequence[Persona]:
    """Return every persona that can review a material: those that ship, and the base's own."""
    from reviewer.service.read_base import read_catalogue

    personas, _ = read_catalogue(built_in_personas(), material.base_texts)
    return personas


def terms_of(request: ModelRequest) -> ModelTerms:
    """Return what another process can be told of a door's wishes.

    Raises:
        UserError: A cassette is asked for, which is written or read in one process.
    """
    from reviewer.domain.material import ModelTerms

    if request.record is not None or request.replay is not None:
        raise UserError("a cassette cannot be used where the analyser is another process")
    return ModelTerms(
        name=request.name,
        without=request.without,
        most_dollars=request.most_dollars,
        language=request.language,
        fast=request.fast,
        suggestions=request.suggestions,
    )


def request_of(terms: ModelTerms) -> ModelRequest:
    """Return a door's wishes, as another process told them."""
    return ModelRequest(
        name=terms.name,
        without=terms.without,
        most_dollars=terms.most_dollars,
        language=terms.language,
        fast=terms.fast,
        suggestions=terms.suggestions,
    )
