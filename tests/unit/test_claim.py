"""What a model claims is believed only where code can confirm it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from reviewer.domain.change import Side
from reviewer.domain.checklist import Verdict
from reviewer.domain.finding import Confidence
from reviewer.domain.persona import Severity
from reviewer.prompting.answer import CheckedAnswers, ClaimedAnswer, ClaimedFinding
from reviewer.prompting.claim import Question, check_answers
from tests.unit.claim_example import (
    CHANGE,
    CODE,
    HUNTER,
    ORDERS,
    QUESTION,
    REAL,
    SENT,
    claim,
    failing,
    of_base,
    saying,
    sent_of,
)

KNOWN_FALSE: list[Mapping[str, str]] = tomllib.loads(
    (Path(__file__).parent / "answers" / "known_false.toml").read_text(encoding="utf-8")
)["claim"]


def verdict_of(checked: CheckedAnswers, rule_id: str = "TST102") -> tuple[Verdict, str]:
    return next((verdict, why) for rule, verdict, why in checked.verdicts if rule == rule_id)


def check(*answers: ClaimedAnswer, question: Question = QUESTION) -> CheckedAnswers:
    return check_answers(answers, question)


def test_a_true_claim_becomes_a_finding_on_its_line() -> None:
    checked = check(failing(REAL, reason="Line 32 builds a command."))
    [finding] = checked.findings

    assert verdict_of(checked) == (Verdict.FAIL, "Line 32 builds a command.")
    assert finding.location is not None
    assert ORDERS.text_at(finding.location) == finding.quote == REAL.quote
    assert finding.confidence is Confidence.LOW
    assert finding.severity is Severity.MAJOR
    assert finding.sources == ("model",)
    assert (finding.persona, finding.family) == ("order-keeper", "TST102")
    assert (finding.headline, finding.remedy) == (REAL.headline, REAL.remedy)
    assert not checked.dropped


@pytest.mark.holds("P04")
@pytest.mark.parametrize("known", KNOWN_FALSE, ids=lambda known: known["name"])
def test_a_known_false_claim_is_dropped_with_its_reason(known: Mapping[str, str]) -> None:
    claimed = ClaimedFinding(
        path=known["path"],
        side=Side(known.get("side", "head")),
        quote=known["quote"],
        headline=known["headline"],
        explanation=known["explanation"],
        remedy="Mend it.",
        severity=Severity.MAJOR,
    )
    checked = check(failing(claimed, rule_id=known["rule_id"]))
    [dropped] = checked.dropped

    assert not checked.findings
    assert known["reason"] in dropped.reason
    assert verdict_of(checked, known["rule_id"])[0] is Verdict.NOT_ASSESSED
    assert dropped.reason in verdict_of(checked, known["rule_id"])[1]


@pytest.mark.holds("P04")
def test_twenty_known_false_claims_are_held() -> None:
    assert len(KNOWN_FALSE) >= 20


def test_every_rule_that_was_asked_gets_exactly_one_verdict_in_order() -> None:
    checked = check(failing(REAL), saying(Verdict.PASS, rule_id="TST101"))

    assert [rule for rule, _, _ in checked.verdicts] == list(QUESTION.asked)
    assert all(reason for _, _, reason in checked.verdicts)


@pytest.mark.holds("P03")
def test_no_answer_is_not_assessed_with_the_callers_reason() -> None:
    checked = check_answers((), QUESTION, missing="the answer was cut off")

    assert verdict_of(checked) == (Verdict.NOT_ASSESSED, "the answer was cut off")


def test_a_rule_without_a_file_among_the_shown_is_not_applicable_by_code() -> None:
    checked = check(failing(REAL, rule_id="TST104"))

    assert verdict_of(checked, "TST104")[0] is Verdict.NOT_APPLICABLE
    assert not checked.findings
    assert len(checked.dropped) == 1


@pytest.mark.holds("S4", "R07", "R47")
def test_a_model_cannot_talk_a_rule_away() -> None:
    checked = check(saying(Verdict.NOT_APPLICABLE))

    assert verdict_of(checked)[0] is Verdict.NOT_ASSESSED


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.NOT_ASSESSED])
def test_other_verdicts_stand(verdict: Verdict) -> None:
    assert verdict_of(check(saying(verdict)))[0] is verdict


def test_a_fail_without_a_place_is_not_assessed() -> None:
    checked = check(failing())

    assert verdict_of(checked) == (
        Verdict.NOT_ASSESSED,
        "the model says fail and shows no place",
    )


@pytest.mark.holds("P03")
def test_a_pass_that_shows_a_fault_contradicts_itself() -> None:
    checked = check(saying(Verdict.PASS, REAL))

    assert verdict_of(checked) == (Verdict.NOT_ASSESSED, "the model contradicts itself")
    assert [dropped.reason for dropped in checked.dropped] == ["its own verdict is pass"]


def test_a_pass_with_praise_stays_a_pass() -> None:
    praise = claim("Good use of a shell", "The code correctly handles the name.")
    checked = check(saying(Verdict.PASS, praise))

    assert verdict_of(checked)[0] is Verdict.PASS
    assert len(checked.dropped) == 1


def test_of_two_answers_a_confirmed_fail_counts_and_else_neither() -> None:
    assert verdict_of(check(saying(Verdict.PASS), failing(REAL)))[0] is Verdict.FAIL
    unconfirmed = failing(replace(REAL, quote="nowhere"))
    assert verdict_of(check(saying(Verdict.PASS), unconfirmed))[0] is Verdict.NOT_ASSESSED
    both = check(saying(Verdict.PASS), saying(Verdict.NOT_APPLICABLE))
    assert verdict_of(both) == (
        Verdict.NOT_ASSESSED,
        "the model answered twice, and differently",
    )


@pytest.mark.holds("P01", "P04")
def test_unknown_and_unasked_rules_are_dropped_and_counted() -> None:
    question = replace(QUESTION, asked=("TST101",))
    checked = check(
        failing(REAL, rule_id="XYZ999"), failing(REAL), failing(rule_id="ABC1"), question=question
    )

    assert [dropped.reason for dropped in checked.dropped] == [
        "there is no such rule",
        "the rule was not asked",
        "there is no such rule",
    ]
    assert not checked.findings
    assert len(checked.verdicts) == 1


@pytest.mark.holds("S4", "P01")
def test_a_model_lowers_a_severity_and_never_raises_it() -> None:
    lowered = check(failing(replace(REAL, severity=Severity.NOTE)))
    raised = check(failing(replace(REAL, severity=Severity.CRITICAL)))
    silent = check(failing(replace(REAL, severity=None)))

    assert lowered.findings[0].severity is Severity.NOTE
    assert raised.findings[0].severity is silent.findings[0].severity is Severity.MAJOR
    assert "critical taken back to the rule's major" in raised.notes[0]
    assert not lowered.notes


def test_a_second_finding_of_one_rule_on_the_same_lines_is_dropped() -> None:
    wider = replace(REAL, quote=f"    total = sum_of(order)\n{REAL.quote}", headline="It runs")
    checked = check(failing(REAL, wider, REAL))

    assert len(checked.findings) == 1
    assert [d.reason for d in checked.dropped] == [
        "it says the same as another finding of its rule"
    ] * 2


def test_two_rules_may_speak_of_one_line() -> None:
    checked = check(failing(REAL), failing(REAL, rule_id="TST101"))

    assert len(checked.findings) == 2
    assert len({finding.fingerprint for finding in checked.findings}) == 2


def test_a_quote_of_context_stands_for_the_file_and_is_noted() -> None:
    claimed = replace(REAL, quote="        self.ready = True")
    checked = check(failing(claimed))
    [finding] = checked.findings

    assert finding.location is None
    assert finding.quote == "        self.ready = True"
    assert "holds no changed line" in checked.notes[0]


def test_removed_code_counts_where_the_removal_is_the_matter() -> None:
    claimed = of_base(
        claim(
            "The owner of an order is no longer checked",
            "Any user who knows an id gets the order of another one.",
        ),
        "    check_owner(order)",
    )
    [finding] = check(failing(claimed)).findings

    assert finding.location is not None
    assert finding.location.side is Side.BASE


@pytest.mark.holds("P01")
def test_a_bug_needs_a_trigger_where_bugs_are_hunted() -> None:
    question = replace(QUESTION, persona=HUNTER)
    vague = claim("The command is unsafe", "String concatenation is a weakness of this design.")

    assert check(failing(vague)).findings
    [dropped] = check(failing(vague), question=question).dropped
    assert dropped.reason.startswith("it names no input")
    assert check(failing(REAL), question=question).findings


def test_a_finding_has_at_most_eighty_words_and_one_line_each() -> None:
    claimed = replace(
        REAL,
        headline="TST102: word " * 30,
        explanation="A name of `;id`\n\nruns id. " + "Because it does, and so on. " * 60,
        remedy="Use a list. " * 60,
    )
    [finding] = check(failing(claimed)).findings
    texts = (finding.headline, finding.explanation, finding.remedy)

    assert sum(len(text.split()) for text in texts) <= 80
    assert not any("\n" in text for text in texts)
    assert not finding.headline.startswith("TST102")


@pytest.mark.holds("S9", "R27")
def test_secrets_and_hidden_characters_leave_no_claim() -> None:
    own = "correct-horse-battery"
    token = "ghp_" + "Zk8vQw2LxT5rNs9YbM3cFj" + "7HdPa4GuEt6WiK"
    claimed = replace(
        REAL,
        headline=f"The shell sees {token}",
        explanation=f"A name of `;id` runs `id` with {own[::-1]}\u202e and {own}.",
    )
    question = replace(QUESTION, secrets=(own,))
    checked = check(failing(claimed, reason=own), failing(claimed, rule_id=own), question=question)
    shown = repr(checked)

    assert own not in shown
    assert own[::-1] not in shown
    assert token not in shown
    assert "\u202e" not in shown


def test_an_empty_headline_or_remedy_is_filled_by_the_rule() -> None:
    [finding] = check(failing(replace(REAL, headline="TST102", remedy="Ensure safety."))).findings

    assert finding.headline == CODE.problem
    assert finding.remedy == CODE.remedy


def test_a_suggestion_is_carried_beside_its_finding() -> None:
    checked = check(failing(replace(REAL, suggestion="    run(order.name)")))
    [proposal] = checked.proposals

    assert proposal.fingerprint == checked.findings[0].fingerprint
    assert proposal.location == checked.findings[0].location
    assert proposal.text == "    run(order.name)"


def test_a_part_of_a_line_carries_no_suggestion() -> None:
    part = replace(REAL, quote='os.system("print "', suggestion="run()")
    checked = check(failing(part))

    assert len(checked.findings) == 1
    assert not checked.proposals


def test_the_same_answers_give_the_same_result() -> None:
    answers = (failing(REAL, claim("It runs twice", "When called twice, both run.")),)

    assert check(*answers) == check(*answers)


@pytest.mark.holds("R13", "R28")
def test_a_hostile_path_is_compared_and_never_resolved() -> None:
    for path in ("./app/orders.py", "app//orders.py", "/app/orders.py", "APP/orders.py", "a\nb"):
        [dropped] = check(failing(replace(REAL, path=path))).dropped
        assert dropped.reason == "there is no such file in this change"
        assert not re.search(r"[\n\x00]", dropped.path)


@pytest.mark.holds("P06", "P28")
def test_a_file_left_out_of_the_call_is_not_judged() -> None:
    question = replace(QUESTION, sent=sent_of(CHANGE, "app/orders.py"))
    [dropped] = check(failing(REAL), question=question).dropped

    assert "app/orders.py" in SENT.by_path
    assert dropped.reason == "the file was not shown"
