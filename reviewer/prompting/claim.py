"""The checks between what a model claims and what a person is shown; code decides, always.

A finding stays when all of these hold, in this order, and is dropped with the first that does not:

1.  its rule was asked, its file was shown, and the rule speaks about that file;
2.  its quote is in what was sent (`quote`); from the base side only where the claim or the rule
    speaks of removal: what else is said of old code is what the change has mended;
3.  it says something (`truism`), a bug with its trigger (`trigger`);
4.  it does not say that something is missing where nobody looked (`existence`);
5.  it is not a second one of its rule on the same lines.

Verdicts. Every rule that was asked gets exactly one:

- none of the shown files is the rule's: ``not_applicable``, by code, whatever the model says;
- ``fail`` with a finding that stays: ``fail``; without one: ``not_assessed``;
- ``pass``: ``pass``; beside findings that would stay, the model contradicts itself:
  ``not_assessed``;
- ``not_applicable`` from a model is ``not_assessed``: a text in the change can talk a model into
  it, and the precondition is code's to judge (security.md R07);
- two answers that differ: findings of the failing one are checked, else ``not_assessed``;
- no answer: ``not_assessed`` with the caller's reason.

A severity is the rule's or lower.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reviewer.domain.change import Change, Location, Side
from reviewer.domain.checklist import Verdict
from reviewer.domain.finding import Confidence, Finding, fingerprint
from reviewer.domain.persona import Persona, Rule, Wakes
from reviewer.domain.review import MODEL_SOURCE
from reviewer.prompting.answer import (
    CheckedAnswers,
    ClaimedAnswer,
    ClaimedFinding,
    DroppedClaim,
    Proposal,
)
from reviewer.prompting.claim_text import ClaimText, claim_text, clean, reason_text
from reviewer.prompting.existence import Context, unfounded
from reviewer.prompting.quote import Located, Unlocated, locate
from reviewer.prompting.sent import Sent, SentFile
from reviewer.prompting.trigger import has_trigger
from reviewer.prompting.truism import truism

#: What shows a finding that a model made.
SOURCE = MODEL_SOURCE

NO_ANSWER = "the model gave no answer"

_LABEL_LIMIT = 300

_REMOVAL = re.compile(
    r"\b(?:re-?mov\w+|delet\w+|drop(?:s|ped|ping)?|no longer|any ?more|lost|los(?:es|ing)|gone"
    r"|used to|strip(?:s|ped)?|disabl\w+|took away|taken away|takes away|previously|replac\w+"
    r"|restor\w+|bring\w* back|put\w* back|re-?add\w*|re-?instat\w+|retain\w*|renam\w+|weaken\w*"
    r"|unprotected|without (?:it|the|this|them))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What one call asked, and of what.

    Args:
        persona: The persona that was asked.
        asked: Ids of the rules that were asked, in order.
        sent: What of the change was shown.
        change: The whole change.
        secrets: Secrets of our own, which no output may hold.
    """

    persona: Persona
    asked: Sequence[str]
    sent: Sent
    change: Change
    secrets: Sequence[str] = field(default=(), repr=False)


def check_answers(
    answers: Sequence[ClaimedAnswer], question: Question, *, missing: str = NO_ANSWER
) -> CheckedAnswers:
    """Believe of a model's answers what code can confirm.

    Args:
        answers: What was read.
        question: What was asked.
        missing: Why a rule has no answer (the answer was cut off, the model refused, …).

    Returns:
        One verdict a rule, the findings that stay with low confidence, and everything else with
        the reason why not.
    """
    return _Check(question).run(answers, missing)


class _Check:
    """One run of the checks; collects what stays and what does not."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._needs_trigger = question.persona.match.wakes is Wakes.WITH_MODEL
        self._findings: list[Finding] = []
        self._dropped: list[DroppedClaim] = []
        self._proposals: list[Proposal] = []
        self._notes: list[str] = []
        self._repeats: Counter[str] = Counter()
        self._places: list[tuple[str, Location]] = []

    def run(self, answers: Sequence[ClaimedAnswer], missing: str) -> CheckedAnswers:
        """Check everything, rule by rule in the order of the question."""
        asked = dict.fromkeys(self._question.asked)
        for answer in answers:
            if answer.rule_id not in asked:
                self._refuse(answer)
        verdicts = []
        for rule_id in asked:
            said = [answer for answer in answers if answer.rule_id == rule_id]
            verdict, reason = self._verdict(rule_id, said, missing)
            verdicts.append((rule_id, verdict, reason))
        return CheckedAnswers(
            verdicts=tuple(verdicts),
            findings=tuple(self._findings),
            dropped=tuple(self._dropped),
            proposals=tuple(self._proposals),
            notes=tuple(self._notes),
        )

    def _refuse(self, answer: ClaimedAnswer) -> None:
        known = self._question.persona.rule(answer.rule_id) is not None
        reason = "the rule was not asked" if known else "there is no such rule"
        for claimed in answer.findings:
            self._drop(answer.rule_id, claimed, reason)
        if not answer.findings and answer.verdict is Verdict.FAIL:
            self._dropped.append(
                DroppedClaim(
                    rule_id=clean(answer.rule_id),
                    path="",
                    headline=reason_text(answer.reason, self._question.secrets),
                    reason=reason,
                )
            )

    def _verdict(
        self, rule_id: str, said: Sequence[ClaimedAnswer], missing: str
    ) -> tuple[Verdict, str]:
        rule = self._question.persona.rule(rule_id)
        if rule is None:
            return Verdict.NOT_ASSESSED, "there is no such rule"
        if not any(rule.applies.includes(sent.file) for sent in self._question.sent.files):
            for answer in said:
                for claimed in answer.findings:
                    self._drop(rule_id, claimed, "the rule speaks about no file that was shown")
            return Verdict.NOT_APPLICABLE, "no file that was shown is one that it speaks about"
        if not said:
            return Verdict.NOT_ASSESSED, missing
        return self._weigh(rule, said)

    def _weigh(self, rule: Rule, said: Sequence[ClaimedAnswer]) -> tuple[Verdict, str]:
        failing = [answer for answer in said if answer.verdict is Verdict.FAIL]
        others = [answer for answer in said if answer.verdict is not Verdict.FAIL]
        before, dropped = len(self._findings), len(self._dropped)
        for answer in failing:
            for claimed in answer.findings:
                self._check(rule, claimed)
        contradictions = [answer for answer in others if self._contradicts(rule, answer)]
        found = self._findings[before:]
        if found:
            reason = self._reason(failing[0]) or "; ".join(f.headline for f in found)
            return Verdict.FAIL, reason
        if failing:
            return Verdict.NOT_ASSESSED, self._unbelieved(failing, dropped)
        if contradictions:
            return Verdict.NOT_ASSESSED, "the model contradicts itself"
        if len({answer.verdict for answer in others}) > 1:
            return Verdict.NOT_ASSESSED, "the model answered twice, and differently"
        return self._unfailing(others[0])

    def _unfailing(self, answer: ClaimedAnswer) -> tuple[Verdict, str]:
        reason = self._reason(answer)
        if answer.verdict is Verdict.PASS:
            return Verdict.PASS, reason or "the model sees it kept"
        if answer.verdict is Verdict.NOT_APPLICABLE:
            return Verdict.NOT_ASSESSED, f"the model sees nothing to judge: {reason or 'no reason'}"
        return Verdict.NOT_ASSESSED, reason or "the model could not tell"

    def _unbelieved(self, failing: Sequence[ClaimedAnswer], dropped: int) -> str:
        reasons = dict.fromkeys(claim.reason for claim in self._dropped[dropped:])
        if not any(answer.findings for answer in failing):
            return "the model says fail and shows no place"
        return f"the model says fail, and code does not believe it: {'; '.join(reasons)}"

    def _contradicts(self, rule: Rule, answer: ClaimedAnswer) -> bool:
        """Drop the findings of an answer that is no fail; tell whether any was a real one."""
        real = False
        for claimed in answer.findings:
            checked = self._believe(rule, claimed)
            real = real or not isinstance(checked, str)
            said = answer.verdict.value.replace("_", " ")
            self._drop(rule.id, claimed, f"its own verdict is {said}")
        return real

    def _reason(self, answer: ClaimedAnswer) -> str:
        return reason_text(answer.reason, self._question.secrets)

    def _drop(self, rule_id: str, claimed: ClaimedFinding, reason: str) -> None:
        secrets = self._question.secrets
        self._dropped.append(
            DroppedClaim(
                rule_id=clean(rule_id, secrets),
                path=clean(claimed.path, secrets)[:_LABEL_LIMIT],
                headline=reason_text(claimed.headline, secrets),
                reason=reason,
            )
        )

    def _check(self, rule: Rule, claimed: ClaimedFinding) -> None:
        believed = self._believe(rule, claimed)
        if isinstance(believed, str):
            self._drop(rule.id, claimed, believed)
            return
        sent, located, text = believed
        if any(
            rule_id == rule.id and place.overlaps(located.quoted) for rule_id, place in self._places
        ):
            self._drop(rule.id, claimed, "it says the same as another finding of its rule")
            return
        self._places.append((rule.id, located.quoted))
        self._keep(rule, claimed, sent, located, text)

    def _believe(
        self, rule: Rule, claimed: ClaimedFinding
    ) -> tuple[SentFile, Located, ClaimText] | str:
        """Return what a claim comes to, or the first reason not to believe it."""
        sent = self._question.sent.by_path.get(claimed.path)
        if sent is None:
            known = claimed.path in self._question.change.by_path
            return "the file was not shown" if known else "there is no such file in this change"
        if not rule.applies.includes(sent.file):
            return "the rule does not speak about this file"
        located = locate(sent, claimed.side, claimed.quote)
        if isinstance(located, Unlocated):
            return located.reason
        text = claim_text(claimed, rule, self._question.secrets)
        context = Context(
            sent=self._question.sent,
            change=self._question.change,
            rule=rule,
            file=sent,
            located=located,
        )
        tests: tuple[Callable[[], str | None], ...] = (
            lambda: _about_old_code(claimed, rule),
            lambda: truism(text.headline, text.explanation, rule),
            lambda: self._untriggered(text),
            lambda: unfounded(text.headline, text.explanation, context),
        )
        reason = next((reason for test in tests if (reason := test()) is not None), None)
        return (sent, located, text) if reason is None else reason

    def _untriggered(self, text: ClaimText) -> str | None:
        if not self._needs_trigger or has_trigger(text.headline, text.explanation):
            return None
        return "it names no input and no order of events that leads to a wrong result"

    def _keep(
        self,
        rule: Rule,
        claimed: ClaimedFinding,
        sent: SentFile,
        located: Located,
        text: ClaimText,
    ) -> None:
        location = located.location
        first = fingerprint(rule_id=rule.id, file=sent.file, location=location, repeat=0)
        repeat = self._repeats[first]
        self._repeats[first] += 1
        name = fingerprint(rule_id=rule.id, file=sent.file, location=location, repeat=repeat)
        severity = claimed.severity or rule.severity
        if severity.weight > rule.severity.weight:
            self._notes.append(
                f"{rule.id} in {clean(claimed.path)}: {severity.value} taken back to the rule's "
                f"{rule.severity.value}"
            )
            severity = rule.severity
        if located.note:
            self._notes.append(f"{rule.id} in {clean(claimed.path)}: {located.note}")
        if claimed.suggestion is not None and location is not None and not located.partial:
            self._proposals.append(
                Proposal(fingerprint=name, location=located.quoted, text=claimed.suggestion)
            )
        self._findings.append(
            Finding(
                rule_id=rule.id,
                persona=self._question.persona.name,
                severity=severity,
                confidence=Confidence.LOW,
                path=sent.file.path,
                location=location,
                headline=text.headline,
                explanation=text.explanation,
                remedy=text.remedy,
                quote=located.text if location is None else sent.file.text_at(location),
                sources=(SOURCE,),
                family=rule.family or rule.id,
                fingerprint=name,
            )
        )


def _about_old_code(claimed: ClaimedFinding, rule: Rule) -> str | None:
    """Refuse what is said of old code as if it were there still."""
    if claimed.side is Side.HEAD:
        return None
    said = f"{claimed.headline}\n{claimed.explanation}\n{claimed.remedy}"
    if _REMOVAL.search(said) or _REMOVAL.search(f"{rule.title}\n{rule.check}"):
        return None
    return "it speaks of removed code as if it were there"
