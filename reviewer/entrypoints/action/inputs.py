"""The inputs of ``action.yml``: what a workflow sets, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches

from reviewer.domain.command_usage import CommandRules
from reviewer.domain.persona import PANELS, Severity
from reviewer.domain.policy import FailOn, LayerOwner, PolicyLayer
from reviewer.domain.posting import Permission
from reviewer.errors import UserError

_WORKFLOW = "the workflow"
_BOOLEANS = {"true": True, "false": False}
_MOST_DOLLARS = Decimal(100_000)
_SMALLEST_DOLLARS = Decimal("0.0001")
_MOST_SCORE = 100.0
#: A week.
_MOST_MINUTES = 10_080


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a workflow asks for.

    Args:
        personas: Exactly these review, by name; empty lets the change decide.
        panel: A panel's name; None for none.
        layer: What it sets of the policy; None where it says nothing.
        most_dollars: The most that one review may cost; None for the operator's word.
        language: Tag of the language of findings; None for the operator's word.
        rules: Who may use which slash command.
        dry_run: Post nothing.
        fail_on_error: The job fails when no review could be made.
        allow_head_checkout: Run beside a checkout of the pull request's own code.
    """

    personas: tuple[str, ...] = ()
    panel: str | None = None
    layer: PolicyLayer | None = None
    most_dollars: Decimal | None = None
    language: str | None = None
    rules: CommandRules = field(default_factory=CommandRules)
    dry_run: bool = False
    fail_on_error: bool = False
    allow_head_checkout: bool = False


def read_inputs(given: Mapping[str, str]) -> Inputs:
    """Read the inputs.

    Args:
        given: What is set, by the names of ``action.yml``; an empty value says nothing.

    Raises:
        UserError: One has a value that it cannot have, or is none of ours.
    """
    inputs = _Given(given)
    read = Inputs(
        personas=inputs.names("personas"),
        panel=inputs.word("panel", tuple(panel.name for panel in PANELS)),
        layer=_layer(inputs),
        most_dollars=inputs.dollars("max-cost"),
        language=inputs.text("language"),
        rules=_rules(inputs),
        dry_run=inputs.flag("dry-run"),
        fail_on_error=inputs.flag("fail-on-error"),
        allow_head_checkout=inputs.flag("allow-head-checkout"),
    )
    inputs.refuse_others()
    return read


def _layer(inputs: _Given) -> PolicyLayer | None:
    fail_on = inputs.word("fail-on", tuple(FailOn))
    min_score = inputs.percent("min-score")
    comment_on = inputs.word("comment-on", tuple(Severity))
    if fail_on is None and min_score is None and comment_on is None:
        return None
    return PolicyLayer(
        owner=LayerOwner.COMMAND_LINE,
        origin=_WORKFLOW,
        fail_on=None if fail_on is None else FailOn(fail_on),
        min_score=min_score,
        inline_severity=None if comment_on is None else Severity(comment_on),
    )


def _rules(inputs: _Given) -> CommandRules:
    least = inputs.word("command-permission", (Permission.WRITE, Permission.TRIAGE))
    return CommandRules(
        least=Permission.WRITE if least is None else Permission(least),
        author_review_minutes=inputs.minutes("author-review-minutes"),
    )


class _Given:
    """Reads one input after the other and knows in the end which nobody asked for."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self._known: list[str] = []

    def text(self, name: str) -> str | None:
        self._known.append(name)
        return self._given.get(name, "").strip() or None

    def names(self, name: str) -> tuple[str, ...]:
        parts = (part.strip() for part in (self.text(name) or "").replace("\n", ",").split(","))
        return tuple(dict.fromkeys(part for part in parts if part))

    def flag(self, name: str) -> bool:
        word = self.word(name, tuple(_BOOLEANS))
        return word is not None and _BOOLEANS[word]

    def word(self, name: str, words: tuple[str, ...]) -> str | None:
        text = self.text(name)
        if text is None:
            return None
        found = text.lower()
        if found not in words:
            near = get_close_matches(found, words, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"Write one of: {', '.join(words)}."
            raise _wrong(name, f"cannot be {text[:80]!r}", hint)
        return found

    def percent(self, name: str) -> float | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            number = float(text.removesuffix("%"))
        except ValueError:
            number = -1.0
        if not 0 <= number <= _MOST_SCORE:
            raise _wrong(name, f"is no score: {text[:80]!r}", "Write a number from 0 to 100.")
        return number

    def minutes(self, name: str) -> int | None:
        text = self.text(name)
        if text is None:
            return None
        if not text.isdecimal() or not 0 < int(text[:9]) <= _MOST_MINUTES:
            hint = f"Write a whole number from 1 to {_MOST_MINUTES}."
            raise _wrong(name, f"is no number of minutes: {text[:80]!r}", hint)
        return int(text)

    def dollars(self, name: str) -> Decimal | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            dollars = Decimal(text.removeprefix("$"))
        except ArithmeticError:
            dollars = Decimal(0)
        fits = dollars.is_finite() and 0 < dollars <= _MOST_DOLLARS
        if not fits or dollars != dollars.quantize(_SMALLEST_DOLLARS):
            raise _wrong(
                name,
                f"is no amount of US dollars: {text[:80]!r}",
                "Write for example 0.25: more than 0, at most 100000, at most four decimals.",
            )
        return dollars

    def refuse_others(self) -> None:
        for name in self._given:
            if name not in self._known:
                near = get_close_matches(name, self._known, n=1)
                raise _wrong(name, "is none of ours", f"Did you mean {near[0]}?" if near else None)


def _wrong(name: str, what: str, hint: str | None) -> UserError:
    return UserError(f"the input {name} {what}", hint=hint)
