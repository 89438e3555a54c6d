"""Rounds of reviews of one pull request with a model that reports what it is shown, no cache."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from reviewer.bootstrap import built_in_personas
from reviewer.domain.change import Change, FileChange
from reviewer.domain.completion import CompletionRequest, Failure, ModelName
from reviewer.domain.evidence import Evidence, EvidenceKind, Examination, Hit
from reviewer.domain.finding import OutcomeKind
from reviewer.domain.history import History, KnownState
from reviewer.domain.remember import after_round
from reviewer.domain.review import Review
from reviewer.llm.ceilings import Account
from reviewer.llm.client import LLMClient
from reviewer.llm.journal import JustRun
from reviewer.prompting.prompt_catalogue import shipped_prompts
from reviewer.service.model_setup import ModelSetup
from reviewer.service.prepare_review import Wishes
from reviewer.service.review_change import review_change
from reviewer.testing.builders import build_change
from reviewer.testing.fake_clock import FakeClock
from reviewer.testing.fake_workspace import FakeWorkspace
from reviewer.testing.memory_ledger import MemoryLedger
from reviewer.testing.scripted_model import Reply, ScriptedModel

MODEL = ModelName(provider="compatible", model="example", base_url="http://127.0.0.1:9/v1")
PERSONAS = built_in_personas()

Claim = Mapping[str, object]


def claim(path: str, quote: str, *, rule: str = "BUG002", **more: object) -> Claim:
    """Return a finding as a model would claim it, which every check lets pass."""
    return {
        "rule": rule,
        "path": path,
        "side": "head",
        "quote": quote,
        "headline": f"The wrong place is read in {quote.split(maxsplit=1)[0]}",
        "explanation": "f([1]) → IndexError, because indices end at len(items) - 1.",
        "remedy": "Count from zero.",
        "severity": "major",
        "suggestion": None,
        **more,
    }


def answering(
    finds: Sequence[Claim],
    *,
    refuted: Collection[str] = (),
    fails: Failure | None = None,
    pause: Callable[[], Awaitable[object]] | None = None,
) -> ScriptedModel:
    """Return a model that claims what it sees, and verifies all but some headlines.

    Args:
        finds: What it would claim; only what its quote shows in the text that it is sent.
        refuted: Headlines that it refutes.
        fails: What happens to every call instead.
        pause: What happens while it thinks.
    """

    def reply(request: CompletionRequest) -> Reply:
        if fails is not None:
            return fails
        if request.purpose == "verify":
            return _verdicts(request, refuted)
        seen = [
            found
            for found in finds
            if str(found["quote"]).split("\n", maxsplit=1)[0] in request.prefix
            and f"## {found['path']} |" in request.prefix
        ]
        return json.dumps(
            {
                "answers": [
                    {
                        "rule_id": rule,
                        "verdict": "fail" if own else "pass",
                        "reason": "read line by line",
                        "findings": own,
                    }
                    for rule in request.rules
                    for own in [
                        [
                            {key: value for key, value in found.items() if key != "rule"}
                            for found in seen
                            if found["rule"] == rule
                        ]
                    ]
                ]
            }
        )

    return ScriptedModel(reply, pause=pause)


def _verdicts(request: CompletionRequest, refuted: Collection[str]) -> str:
    blocks = re.split(r"^finding: ", request.question, flags=re.MULTILINE)[1:]
    return json.dumps(
        {
            "verdicts": [
                {
                    "finding": block.split()[0],
                    "holds": not any(headline in block for headline in refuted),
                    "severity": "critical",
                    "reason": "run through",
                }
                for block in blocks
            ]
        }
    )


@dataclass(frozen=True, kw_only=True)
class WordLinter:
    """Evidence of one kind: reports a code on each added line with a word."""

    kind: EvidenceKind
    words: Mapping[str, str] = field(default_factory=dict)

    async def examine(self, change: Change, evidence: Sequence[Evidence]) -> Examination:
        """Report the words."""
        del evidence
        return Examination(
            hits=tuple(
                Hit(kind=self.kind, code=code, path=file.path, start_line=number, end_line=number)
                for file in change.reviewed
                for number, text in file.added.items()
                for word, code in self.words.items()
                if word in text
            )
        )


#: Every kind of evidence can be given, and one linter finds something.
LINTERS = (
    WordLinter(kind=EvidenceKind.RUFF, words={"shell=True": "S602"}),
    *(WordLinter(kind=kind) for kind in EvidenceKind if kind is not EvidenceKind.RUFF),
)


@dataclass(kw_only=True)
class Rounds:
    """A pull request that is reviewed again and again.

    Args:
        personas: Who reviews.
        configuration: The repository's configuration.
        suggestions: Whether findings propose new lines.
        history: What the last round left behind.
        linters: Who gives evidence.
        calls: Purposes of the calls of the last round.
        requests: The same, whole.
    """

    personas: tuple[str, ...] = ("bug-hunter",)
    configuration: str = "schema = 1\n"
    suggestions: bool = False
    history: History = field(default_factory=History)
    linters: tuple[WordLinter, ...] = ()
    calls: list[str] = field(default_factory=list)
    requests: list[CompletionRequest] = field(default_factory=list)
    posted: dict[str, int] = field(default_factory=dict)
    number: int = 0

    async def look(
        self,
        *files: FileChange,
        model: ScriptedModel | None = None,
        mechanical: bool = False,
        full: bool = False,
        description: tuple[str, str] | None = None,
    ) -> Review:
        """Review the files, remember the round, and post what is new."""
        self.number += 1
        model = model or answering(())
        judged = await review_change(
            FakeWorkspace(
                given=build_change(*files, head=f"{self.number:040x}"),
                base={".reviewer.toml": self.configuration},
            ),
            PERSONAS,
            self.linters,
            Wishes(personas=self.personas, model_configured=not mechanical),
            setup=None if mechanical else self._setup(model),
            before=self.history,
            description=description,
            full=full,
        )
        self.requests = [call.request for call in model.calls]
        self.calls = [request.purpose for request in self.requests]
        known = {entry.fingerprint for entry in self.history.known if entry.inline}
        for placed in judged.review.shown:
            name = placed.finding.fingerprint
            if placed.outcome.kind is OutcomeKind.INLINE and name not in known:
                self.posted[name] = self.posted.get(name, 0) + 1
        self.history = after_round(self.history, judged.review)
        return judged.review

    def _setup(self, model: ScriptedModel) -> ModelSetup:
        client = LLMClient(
            models=lambda _: model,
            ledger=MemoryLedger(),
            journal=JustRun(),
            clock=FakeClock(),
            account=Account(run_id="run", repository="example"),
        )
        return ModelSetup(
            client=client,
            model=MODEL,
            verify_model=MODEL,
            prompts=shipped_prompts(),
            repository="example",
            run_id=f"run {self.number}",
            today=date(2026, 11, 21),
            draw_nonce=lambda: f"nonce{self.number:08}",
            suggestions=self.suggestions,
            parses=lambda _text, _language: True,
        )

    def dismiss(self, fingerprint: str, *, by: str = "alice", reason: str = "") -> None:
        """Dismiss a finding, as a person's command does."""
        self.history = replace(
            self.history,
            known=tuple(
                replace(entry, state=KnownState.DISMISSED, by=by, reason=reason)
                if entry.fingerprint == fingerprint
                else entry
                for entry in self.history.known
            ),
        )

    def undismiss(self, fingerprint: str) -> None:
        """Take a dismissal back."""
        self.history = replace(
            self.history,
            known=tuple(
                replace(entry, state=KnownState.OPEN) if entry.fingerprint == fingerprint else entry
                for entry in self.history.known
            ),
        )
