"""A trial: one review of one change with one model, in every output that people read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache

from reviewer.adapters.facts.examiner import FactExaminer
from reviewer.adapters.patterns.examiner import PatternExaminer
from reviewer.adapters.patterns.parses import parses
from reviewer.adapters.secrets.examiner import SecretExaminer
from reviewer.bootstrap import built_in_personas
from reviewer.domain.change import Change
from reviewer.domain.completion import ModelName
from reviewer.domain.operator_configuration import Pace
from reviewer.domain.persona import Persona
from reviewer.domain.policy import Policy
from reviewer.domain.review import Review
from reviewer.llm.ceilings import Account
from reviewer.llm.client import LLMClient
from reviewer.llm.journal import JustRun
from reviewer.llm.pricing import Pricing, StatedPrice
from reviewer.ports.completion_cache import CompletionCache
from reviewer.ports.model import Model
from reviewer.prompting.prompt_catalogue import shipped_prompts
from reviewer.rendering.document import ReviewDocument
from reviewer.rendering.html import render_html
from reviewer.rendering.json_document import render_json
from reviewer.rendering.markdown import render_inline_comment, render_markdown
from reviewer.rendering.sarif import render_sarif
from reviewer.rendering.terminal import render_terminal
from reviewer.service.model_setup import ModelSetup
from reviewer.service.prepare_review import Wishes
from reviewer.service.review_change import review_change
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_workspace import FakeWorkspace
from reviewer.testing.memory_ledger import MemoryLedger
from tests.guards import CANARIES

MODEL = ModelName(provider="compatible", model="example", base_url="http://127.0.0.1:9/v1")
PRICE = StatedPrice(input=Decimal(1), output=Decimal(10))
SECRETS = tuple(CANARIES.values())


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of one review.

    Args:
        change: What was reviewed.
        review: The review.
        policy: The policy that judged it.
        ledger: What was written down of its calls.
    """

    change: Change
    review: Review
    policy: Policy
    ledger: MemoryLedger = field(repr=False)

    @property
    def outputs(self) -> Mapping[str, str]:
        """Every output that a person or a machine reads, by its name."""
        document = ReviewDocument(
            review=self.review, repository_url="https://github.com/example/shop"
        )
        inline = [render_inline_comment(document, placed) for placed in self.review.shown]
        return {
            "markdown": render_markdown(document),
            **{f"inline {number}": text for number, text in enumerate(inline, 1)},
            "terminal": render_terminal(document, width=100),
            "terminal, verbose": render_terminal(document, width=100, verbose=True),
            "json": render_json(document),
            "sarif": render_sarif(document),
            "html": render_html(document),
        }


@cache
def personas() -> tuple[Persona, ...]:
    """Return the personas that ship, read once."""
    return built_in_personas()


async def review_of(  # noqa: PLR0913 - what trials differ in, by name
    change: Change,
    model: Model | None,
    *,
    chosen: tuple[str, ...] = (),
    cache: CompletionCache | None = None,
    suggestions: bool = False,
    run_id: str = "run",
    context_tokens: int | None = None,
    pace: Pace = Pace.COST,
    description: tuple[str, str] | None = None,
) -> Trial:
    """Review a change, with the examiners that start no program.

    Args:
        change: The change.
        model: Who answers; None for nobody.
        chosen: Personas by name; empty lets the selection choose.
        cache: Kept answers.
        suggestions: Whether findings propose new lines.
        run_id: The run; decides its nonces.
        context_tokens: What the model holds.
        pace: Whether the others of a batch wait for the first.
        description: Title and body.
    """
    ledger = MemoryLedger()
    setup = None
    if model is not None:
        answering: Model = model
        client = LLMClient(
            models=lambda _: answering,
            ledger=ledger,
            journal=JustRun(),
            clock=FakeClock(),
            account=Account(run_id=run_id, repository="example/shop"),
            pricing=Pricing(stated={str(MODEL): PRICE}),
            cache=cache,
            secrets=SECRETS,
        )
        nonces = iter(f"nonce{number:08}" for number in range(9))
        setup = ModelSetup(
            client=client,
            model=MODEL,
            verify_model=MODEL,
            prompts=shipped_prompts(),
            repository="example/shop",
            run_id=run_id,
            today=date(2026, 11, 21),
            draw_nonce=nonces.__next__ if run_id == "run" else lambda: f"other{run_id}x",
            suggestions=suggestions,
            parses=parses,
            secrets=SECRETS,
            context_tokens=context_tokens,
            pace=pace,
        )
    judged = await review_change(
        FakeWorkspace(given=change),
        personas(),
        (FactExaminer(), PatternExaminer(), SecretExaminer()),
        Wishes(personas=chosen, model_configured=model is not None),
        setup=setup,
        description=description,
    )
    return Trial(change=change, review=judged.review, policy=judged.policy, ledger=ledger)
