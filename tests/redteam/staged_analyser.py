"""An analyser beside the tests: what it gets and gives travels as JSON, as between two processes.

Between the analyser and the publisher stands whoever has taken the analyser over: `forge` may put
anything in place of what was given back.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from itertools import count
from typing import Any

from reviewer.adapters.analyser.fit import fit_reply, fit_review
from reviewer.adapters.analyser.wire import (
    Outcome,
    SentError,
    SentReview,
    Task,
    UnreadableError,
    read_outcome,
    read_task,
    write_outcome,
    write_task,
)
from reviewer.adapters.facts.examiner import FactExaminer
from reviewer.adapters.patterns.examiner import PatternExaminer
from reviewer.adapters.patterns.parses import parses
from reviewer.adapters.secrets.examiner import SecretExaminer
from reviewer.domain.completion import CompletionRequest
from reviewer.domain.material import Material, Question, Reply
from reviewer.domain.review import Review
from reviewer.errors import ReviewerError
from reviewer.llm.ceilings import Account
from reviewer.llm.client import LLMClient
from reviewer.llm.journal import JustRun
from reviewer.llm.pricing import Pricing
from reviewer.ports.model import Model
from reviewer.prompting.prompt_catalogue import shipped_prompts
from reviewer.service.analyse import DirectAnalyser
from reviewer.service.model_setup import ModelSetup
from reviewer.service.read_base import read_catalogue
from reviewer.testing.evil_model import EvilModel
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.memory_ledger import MemoryLedger
from reviewer.testing.scripted_model import ScriptedModel
from tests.redteam.trial import MODEL, PRICE, SECRETS, personas

#: Changes what comes back, as whoever holds the child process may; gets the review's JSON.
Forge = Callable[[dict[str, Any]], None]


class StagedAnalyser:
    """Implements `ports.analyser.Analyser` in this process, over the wire of the real one.

    Args:
        model: Who answers; None for nobody.
        forge: What becomes of a review on its way back; None for nothing.
        suggestions: Whether findings propose new lines.

    Attributes:
        materials: What it was given, as it arrived.
        reviews: What the publisher got.
    """

    def __init__(
        self, model: Model | None = None, *, forge: Forge | None = None, suggestions: bool = False
    ) -> None:
        self.model = model
        self.materials: list[Material] = []
        self.reviews: list[Review] = []
        self.refusals: list[str] = []
        self._forge = forge
        self._suggestions = suggestions
        self._runs = count(1)

    @property
    def requests(self) -> list[CompletionRequest]:
        """What the model was sent so far."""
        if isinstance(self.model, EvilModel):
            return self.model.requests
        if isinstance(self.model, ScriptedModel):
            return [call.request for call in self.model.calls]
        return []

    async def review(self, material: Material) -> Review:
        """Review over the wire."""
        content, sent = write_task(Task(material=material))
        self.materials.append(read_task(content).material)
        try:
            given = await self._direct(self.model).review(self.materials[-1])
            outcome = Outcome(review=SentReview.of(given))
        except ReviewerError as error:
            outcome = Outcome(error=SentError.of(error))
        came = read_outcome(self._forged(write_outcome(outcome)))
        if came.error is not None:
            raise came.error.error
        assert came.review is not None
        try:
            catalogue, _ = read_catalogue(personas(), sent.material.base_texts)
            review = fit_review(came.review, sent.material, catalogue)
        except UnreadableError as error:
            self.refusals.append(str(error))
            raise
        self.reviews.append(review)
        return review

    async def answer(self, material: Material, question: Question) -> Reply:
        """Answer over the wire."""
        content, _ = write_task(Task(material=material, question=question))
        task = read_task(content)
        self.materials.append(task.material)
        assert task.question is not None
        reply = await self._direct(self.model).answer(task.material, task.question)
        came = read_outcome(write_outcome(Outcome(reply=reply))).reply
        assert came is not None
        return fit_reply(came)

    async def mechanically(self, material: Material) -> Review:
        """Review the same material without a model, over no wire."""
        return await self._direct(None).review(material)

    def _direct(self, model: Model | None) -> DirectAnalyser:
        @asynccontextmanager
        async def set_up(material: Material) -> AsyncIterator[ModelSetup | None]:
            yield None if model is None else self._setup(model, material)

        return DirectAnalyser(
            built_in=personas,
            examiners=(FactExaminer(), PatternExaminer(), SecretExaminer()),
            set_up=set_up,
        )

    def _setup(self, model: Model, material: Material) -> ModelSetup:
        run, repository = next(self._runs), str(material.name.repository)
        numbers = count()
        return ModelSetup(
            client=LLMClient(
                models=lambda _: model,
                ledger=MemoryLedger(),
                journal=JustRun(),
                clock=FakeClock(),
                account=Account(run_id=str(run), repository=repository),
                pricing=Pricing(stated={str(MODEL): PRICE}),
                secrets=SECRETS,
            ),
            model=MODEL,
            verify_model=MODEL,
            prompts=shipped_prompts(),
            repository=repository,
            run_id=str(run),
            today=date(2026, 11, 21),
            draw_nonce=lambda: f"nonce{next(numbers):08}",
            suggestions=self._suggestions,
            parses=parses,
            secrets=SECRETS,
        )

    def _forged(self, content: bytes) -> bytes:
        if self._forge is None:
            return content
        # One outcome in a list, see `wire`.
        (outcome,) = json.loads(content)
        assert outcome["review"] is not None, "there is no review to be forged"
        self._forge(outcome["review"])
        return json.dumps([outcome]).encode()
