"""What a run with a model needs: the client, the models, the prompts, and how to go about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from reviewer.domain.budget import Scope
from reviewer.domain.completion import CompletionRequest, ModelName, PromptIdentity
from reviewer.domain.model_use import ModelUse
from reviewer.domain.operator_configuration import Pace
from reviewer.domain.persona import Origin, Persona
from reviewer.domain.plan import Limits
from reviewer.errors import UserError
from reviewer.llm.client import LLMClient
from reviewer.llm.profiles import ModelProfile
from reviewer.prompting.prompt_catalogue import PromptCatalogue, PromptWishes
from reviewer.prompting.request_text import Composition, Framing
from reviewer.prompting.suggestion import Parses

#: What a prompt asks for at most; a model that holds little gives less (`ModelSetup.limits`).
_ANSWER_TOKENS = 8_000
_SMALLEST_ANSWER = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSetup:
    """Everything about models that an operator settles, wired for one run.

    Args:
        client: The metered client; all calls go through it.
        model: Who answers.
        verify_model: Who tries to refute findings.
        persona_models: Who answers for single personas.
        allowed_models: Models that imported personas may choose, as configuration writes them.
        prompts: Every prompt.
        wishes: Which versions people settle.
        repository: ``owner/name`` or the folder's name; decides roll-outs.
        run_id: The run.
        today: The date that models are told.
        draw_nonce: Returns a new random word of letters and digits at each call.
        language: Tag of the language of findings.
        pace: Whether the others of a batch wait for the first persona's cache.
        effort: How hard a model that reasons thinks; None for its own default.
        suggestions: Whether findings propose new lines.
        parses: Tells whether a text is a program of a language; for suggestions.
        context_tokens: What the model holds, where its profile does not know.
        output_tokens: The longest answer; None for the prompt's.
        secrets: Secrets of our own, which no text may hold.
    """

    client: LLMClient
    model: ModelName
    verify_model: ModelName
    persona_models: Mapping[str, ModelName] = field(default_factory=dict)
    allowed_models: frozenset[str] = frozenset()
    prompts: PromptCatalogue
    wishes: PromptWishes = field(default_factory=PromptWishes)
    repository: str
    run_id: str
    today: date
    draw_nonce: Callable[[], str]
    language: str = "en"
    pace: Pace = Pace.COST
    effort: str | None = None
    suggestions: bool = False
    parses: Parses = field(default=lambda _text, _language: None)
    context_tokens: int | None = None
    output_tokens: int | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def model_of(self, persona: Persona) -> ModelName:
        """Return who answers for a persona.

        An imported persona's own model is used only where the operator allows it.
        """
        if persona.name in self.persona_models:
            return self.persona_models[persona.name]
        wanted = persona.model.model
        if persona.origin is not Origin.BUILT_IN and wanted in self.allowed_models:
            from reviewer.domain.model_name import parse_model_name  # noqa: PLC0415 - rare

            return parse_model_name(wanted)
        return self.model

    def profile(self) -> ModelProfile:
        """Return what the model takes and holds."""
        return self.client.profiles(self.model)

    def answer_tokens(self) -> int:
        """Return how long an answer may be: less where the model holds little."""
        profile = self.profile()
        wanted = self.output_tokens or _ANSWER_TOKENS
        context = self.context_tokens or profile.context_tokens
        if context is not None and self.output_tokens is None:
            wanted = max(_SMALLEST_ANSWER, min(wanted, context // 4))
        return min(wanted, profile.max_output_tokens)

    def pinned(self, pins: Mapping[str, int]) -> tuple[ModelSetup, tuple[str, ...]]:
        """Add the versions of prompts that a repository pins.

        Args:
            pins: Versions by the prompt's name.

        Returns:
            The same with the pins that can be had, and a notice for each that cannot.
        """
        good: dict[str, int] = {}
        notices: list[str] = []
        for name, version in pins.items():
            wishes = replace(self.wishes, repository={name: version})
            try:
                self.prompts.choose(name, repository=self.repository, wishes=wishes)
            except UserError as error:
                notices.append(f"This pin of the configuration has no effect: {error.message}.")
            else:
                good[name] = version
        wishes = replace(self.wishes, repository=good)
        return replace(self, wishes=wishes), tuple(notices)

    def limits(self) -> Limits:
        """Return what bounds the plan: the model, and what is left under the ceilings."""
        tokens, dollars, call = [], [], []
        for ceiling in self.client.ceilings:
            if ceiling.scope.value == "call":
                call += [] if ceiling.tokens is None else [ceiling.tokens]
                continue
            if ceiling.tokens is not None:
                tokens.append(max(0, ceiling.tokens - ceiling.already.tokens))
            if ceiling.dollars is not None:
                spent = ceiling.already.dollars or 0
                dollars.append(max(ceiling.dollars - spent, ceiling.dollars * 0))
        return Limits(
            output_tokens=self.answer_tokens(),
            context_tokens=self.context_tokens or self.profile().context_tokens,
            call_tokens=min(call, default=None),
            run_tokens=min(tokens, default=None),
            run_dollars=min(dollars, default=None),
        )

    def use_of(self, models: Iterable[str], prompts: Iterable[PromptIdentity]) -> ModelUse:
        """Account for the run, from the meter that every attempt went through.

        Args:
            models: Who was asked, as configuration writes them.
            prompts: With which prompts.
        """
        report = self.client.budget_report()
        ceilings = [c.dollars for c in report.ceilings if c.scope is Scope.RUN]
        total = report.total
        return ModelUse(
            models=tuple(dict.fromkeys(models)),
            prompts=tuple(dict.fromkeys(prompts)),
            usage=total.usage,
            cost=total.cost,
            known_cost=total.known_cost,
            ceiling=ceilings[0] if ceilings else None,
            calls=total.attempts,
            cached=total.cached,
            failed=total.failed,
            uncertain=total.uncertain,
        )

    def composition(self, name: str, nonce: str) -> Composition:
        """Return the version of a prompt that this repository gets, ready to be filled in."""
        prompt = self.prompts.choose(name, repository=self.repository, wishes=self.wishes)
        return Composition(
            prompt=prompt,
            contract=self.prompts.contract_of(prompt),
            framing=Framing(today=self.today, nonce=nonce, language=self.language),
        )

    def fitted(self, request: CompletionRequest) -> CompletionRequest:
        """Return a request with the operator's word on effort and length."""
        most = min(request.parameters.max_output_tokens, self.answer_tokens())
        effort = self.effort or request.parameters.effort
        return replace(
            request,
            parameters=replace(request.parameters, max_output_tokens=most, effort=effort),
        )
