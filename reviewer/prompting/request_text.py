"""The text of a model call, from a prompt, what is asked, and the batch that all personas share.

::

    system      the contract: the same for all calls of a run
    prefix      the batch of the change, as the layout rendered it: the same for all that get it
    question    who looks, the checklist, the task; then the contract again, after all data

Nothing of a persona stands before the question, so that a provider's cache pays for system and
prefix once (mission.md, "Calls"). Text of others goes in as values, between lines that mark data.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from reviewer.domain.completion import CompletionRequest, ModelName, Parameters, PromptIdentity
from reviewer.domain.persona import Origin, Persona, Wakes
from reviewer.errors import ConfigurationError
from reviewer.prompting.batch import BatchText
from reviewer.prompting.described_schema import described, form_of
from reviewer.prompting.fence import PLACE_OF_NONCE
from reviewer.prompting.prompt_file import Prompt
from reviewer.prompting.prompt_schema import SectionName

#: A language tag (https://www.rfc-editor.org/info/bcp47); it goes into the system text, so that
#: nothing else may.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
DEFAULT_LANGUAGE = "en"

#: Stands for the date where texts are compared: the answer does not hang on it.
_NEUTRAL_DATE = "0000-00-00"
_ECHO = "[…]"

#: A broken answer is shown again up to this length, in characters: the repair must not cost more
#: than the answer did.
_MOST_REPAIRED = 24_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """What is the same in every call of a run.

    Args:
        today: The date that the model is told.
        nonce: The word that marks data; it occurs in no text of the change.
        language: Tag of the language in which prose is written (``en``, ``de``, ``pt-BR``).
    """

    today: date
    nonce: str
    language: str = DEFAULT_LANGUAGE

    def __post_init__(self) -> None:
        """Refuse what is no language tag: this value comes from configuration files.

        Raises:
            ConfigurationError: The language is none.
        """
        if _LANGUAGE.fullmatch(self.language) is None:
            raise ConfigurationError(
                f"{self.language[:40]!r} is no language tag", hint="Like: en, de, pt-BR"
            )

    @property
    def values(self) -> Mapping[str, object]:
        """The inputs that a run gives to every prompt."""
        return {
            "today": self.today.isoformat(),
            "nonce": self.nonce,
            "language": self.language,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedText:
    """The batch of a change, as all personas that get it read it.

    Args:
        text: The rendered batch, fenced.
        content_key: Equal for equal content, whatever the nonce.
        paths: The files that it shows.
    """

    text: str
    content_key: str
    paths: tuple[str, ...] = ()

    @classmethod
    def of_batch(cls, batch: BatchText, nonce: str) -> SharedText:
        """Return a batch with the run's nonce in its fences."""
        return cls(text=batch.render(nonce), content_key=batch.key, paths=batch.paths)


NOTHING_SHARED = SharedText(text="", content_key="")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestText:
    """Everything of a call but the model.

    Args:
        prompt: Which prompt made it.
        system: See `CompletionRequest`.
        prefix: See `CompletionRequest`.
        question: See `CompletionRequest`.
        schema_name: The form of the answer.
        schema: The same as JSON Schema; None for plain text.
        parameters: What the prompt and the persona set.
        persona: The persona's name, empty where none looks.
        rules: The rules that are asked.
        content_key: Equal for equal content, whatever nonce and date.
    """

    prompt: PromptIdentity
    system: str
    prefix: str
    question: str
    schema_name: str
    schema: Mapping[str, object] | None = field(hash=False)
    parameters: Parameters
    persona: str = ""
    rules: tuple[str, ...] = ()
    content_key: str = ""

    @property
    def characters(self) -> int:
        """The length of all text that is sent, the schema left out."""
        return len(self.system) + len(self.prefix) + len(self.question)

    def request(self, model: ModelName, *, run_id: str = "") -> CompletionRequest:
        """Return the call of a model.

        Args:
            model: Which model.
            run_id: The run that it belongs to.
        """
        return CompletionRequest(
            model=model,
            prompt=self.prompt,
            system=self.system,
            prefix=self.prefix,
            question=self.question,
            schema_name=self.schema_name,
            schema=self.schema,
            parameters=self.parameters,
            run_id=run_id,
            persona=self.persona,
            purpose=self.prompt.name,
            rules=self.rules,
            content_key=_digest(str(model), self.content_key),
        )


def prompt_name(persona: Persona) -> str:
    """Return the prompt by which a persona works."""
    if not persona.rules:
        return "plan"
    return "hunt" if persona.match.wakes is Wakes.WITH_MODEL else "review"


def is_trusted(persona: Persona) -> bool:
    """Tell whether a persona's text is ours; any other is data (security.md S10)."""
    return persona.origin is Origin.BUILT_IN


def parameters_of(prompt: Prompt, persona: Persona | None = None) -> Parameters:
    """Return what a call sets: the persona's own word where it has one, else the prompt's.

    Raises:
        ConfigurationError: The prompt is a contract, which nobody is asked by itself.
    """
    if prompt.parameters is None:
        raise ConfigurationError("this prompt is a contract and asks nothing", path=prompt.path)
    if persona is None:
        return prompt.parameters
    own = persona.model
    return replace(
        prompt.parameters,
        temperature=prompt.parameters.temperature if own.temperature is None else own.temperature,
        top_p=prompt.parameters.top_p if own.top_p is None else own.top_p,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """A prompt with its contract, ready to be filled in for one run.

    Args:
        prompt: The prompt.
        contract: The prompt whose system text goes before the data; may be the same.
        framing: What is the same in every call of the run.
    """

    prompt: Prompt
    contract: Prompt
    framing: Framing

    def compose(
        self,
        values: Mapping[str, object],
        *,
        shared: SharedText = NOTHING_SHARED,
        persona: Persona | None = None,
        rules: Sequence[str] = (),
        asked: Sequence[str] = (),
    ) -> RequestText:
        """Fill in a prompt.

        Args:
            values: The inputs besides those of the run.
            shared: The batch that stands before the question.
            persona: Who looks.
            rules: The rules that are asked.
            asked: What the answer's schema enumerates: rules or handles of findings.

        Raises:
            ConfigurationError: The prompt wants an input that this work does not give.
        """
        framed = {**values, **self.framing.values}
        neutral = {**framed, "today": _NEUTRAL_DATE, "nonce": PLACE_OF_NONCE}
        fields = self.contract.described_fields(self.prompt.output, framed)
        suggest = bool(values.get("suggest"))
        form = form_of(self.prompt.output.value, asked, shared.paths, suggest=suggest)
        schema = None if form is None else described(form, fields)
        parameters = parameters_of(self.prompt, persona)
        return RequestText(
            prompt=self.prompt.identity,
            system=self.contract.render(SectionName.SYSTEM, framed),
            prefix=shared.text,
            question=self._question(framed),
            schema_name=self.prompt.output.value,
            schema=schema,
            parameters=parameters,
            persona="" if persona is None else persona.name,
            rules=tuple(rules),
            content_key=_digest(
                str(self.prompt.identity.sha256),
                self.contract.render(SectionName.SYSTEM, neutral),
                shared.content_key,
                self._question(neutral),
                json.dumps(schema, sort_keys=True),
                repr(parameters),
            ),
        )

    def _question(self, values: Mapping[str, object]) -> str:
        parts = (SectionName.QUESTION, SectionName.CLOSING)
        return "\n\n".join(self.prompt.render(part, values) for part in parts)


def repaired(
    prompt: Prompt, original: CompletionRequest, *, answer: str, problem: str, nonce: str
) -> CompletionRequest:
    """Return the one more try after an answer that could not be read.

    System text, batch and schema are those of the call that failed, so that a cache pays for them.

    Args:
        prompt: The prompt ``repair``.
        original: The call that failed.
        answer: What came back; untrusted.
        problem: What the parser says about it; may quote the answer.
        nonce: The run's nonce; a model that repeats it cannot close the fence with it.
    """
    values = {
        "original": original.question,
        "answer": without(nonce, answer[:_MOST_REPAIRED]),
        "problem": without(nonce, problem[:_MOST_REPAIRED]),
        "nonce": nonce,
    }
    parts = (SectionName.QUESTION, SectionName.CLOSING)
    parameters = parameters_of(prompt)
    return replace(
        original,
        prompt=prompt.identity,
        question="\n\n".join(prompt.render(part, values) for part in parts),
        parameters=replace(parameters, max_output_tokens=original.parameters.max_output_tokens),
        purpose=prompt.identity.name,
        content_key=_digest(
            original.content_key, prompt.identity.sha256, values["answer"], values["problem"]
        ),
    )


def without(nonce: str, text: str) -> str:
    """Take a nonce out of a model's words, which alone can know it."""
    return re.sub(re.escape(nonce), _ECHO, text, flags=re.IGNORECASE)


def _digest(*ingredients: str) -> str:
    """Hash texts so that no two lists of them are taken for one another."""
    text = json.dumps(ingredients)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
