"""Two repositories in one process that shares everything a process may share: they do not meet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from itertools import count

import pytest

from reviewer.bootstrap import built_in_personas
from reviewer.domain.material import Material
from reviewer.domain.pull_request import PullRequestName
from reviewer.llm.cache import MemoryCompletionCache
from reviewer.llm.ceilings import Account
from reviewer.llm.client import LLMClient, ModelMemory
from reviewer.llm.journal import JustRun
from reviewer.prompting.prompt_catalogue import shipped_prompts
from reviewer.service.analyse import DirectAnalyser
from reviewer.service.model_setup import ModelSetup
from reviewer.testing.builders import build_change, build_file
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.memory_ledger import MemoryLedger
from reviewer.testing.scripted_model import ScriptedModel
from tests.unit.model_example import MODEL, PRICING


class Process:
    """What outlives a run: kept answers, the ledger, what is known of models, and the model."""

    def __init__(self) -> None:
        self.model = ScriptedModel(['{"answers": []}'])
        self._cache = MemoryCompletionCache()
        self._ledger = MemoryLedger()
        self._memory = ModelMemory()
        self._runs = count(1)

    async def review(self, material: Material, *, installation: int) -> str:
        """Review, and return everything that the model was sent for it."""
        before = len(self.model.calls)

        @asynccontextmanager
        async def set_up(_: Material) -> AsyncIterator[ModelSetup]:
            yield self._setup(material, installation)

        analyser = DirectAnalyser(built_in=built_in_personas, examiners=(), set_up=set_up)
        await analyser.review(replace(material, personas=("bug-hunter",)))
        sent = [call.request for call in self.model.calls[before:]]
        return "".join(f"{each.system}{each.prefix}{each.question}" for each in sent)

    def _setup(self, material: Material, installation: int) -> ModelSetup:
        run, repository = f"run-{next(self._runs)}", str(material.name.repository)
        return ModelSetup(
            client=LLMClient(
                models=lambda _: self.model,
                ledger=self._ledger,
                journal=JustRun(),
                clock=FakeClock(),
                account=Account(run_id=run, repository=repository, installation=installation),
                pricing=PRICING,
                cache=self._cache,
                memory=self._memory,
            ),
            model=MODEL,
            verify_model=MODEL,
            prompts=shipped_prompts(),
            repository=repository,
            run_id=run,
            today=date(2026, 11, 21),
            draw_nonce=lambda: "nonce00000000",
        )


def material(name: str, word: str) -> Material:
    """Return a pull request in each of whose texts the word stands."""
    code = (
        f'"""Pages of {word}."""\n\n\ndef {word}(items: list[int]) -> int:\n    return items[1]\n'
    )
    return Material(
        name=PullRequestName.parse(name),
        title=f"Count {word}",
        body=f"Because of {word}.",
        change=build_change(build_file(f"app/{word}.py", after=code)),
        base_texts={},
    )


@pytest.mark.holds("S21", "S20")
async def test_a_model_is_told_of_one_repository_alone() -> None:
    process = Process()

    first = await process.review(material("octo/shop#7", "walnut"), installation=1)
    second = await process.review(material("acme/bank#7", "quince"), installation=2)

    assert first.count("walnut") >= 4
    assert second.count("quince") >= 4
    assert "quince" not in first
    assert not any(word in second for word in ("walnut", "octo", "shop"))


@pytest.mark.holds("S20", "S16")
@pytest.mark.parametrize(
    ("name", "installation"),
    [("acme/bank#7", 1), ("octo/shop#7", 2)],
    ids=["another repository", "another installation"],
)
async def test_an_answer_is_kept_for_one_repository_of_one_installation(
    name: str, installation: int
) -> None:
    process = Process()
    asked = await process.review(material("octo/shop#7", "walnut"), installation=1)

    assert await process.review(material("octo/shop#8", "walnut"), installation=1) == ""
    assert await process.review(material(name, "walnut"), installation=installation) == asked
