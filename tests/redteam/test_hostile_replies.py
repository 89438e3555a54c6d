"""Replies that attack: whatever a model says, nothing of it is live, raised, secret or unanchored.

All of them speak of one small file with one real bug, so that their words have a way out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

import pytest

from reviewer.domain.checklist import Verdict
from reviewer.domain.completion import CompletionRequest
from reviewer.domain.status import RunState
from reviewer.testing.builders import build_change, build_file
from reviewer.testing.evil_model import EvilModel, secret_forms
from reviewer.testing.scripted_model import ScriptedModel
from tests.redteam.holding import assert_holds
from tests.redteam.honest_model import BUG, CODE, PATH, Finding, honest, honest_model
from tests.redteam.speaking import saying
from tests.redteam.trial import SECRETS, Trial, review_of

CHANGE = build_change(build_file(PATH, after=CODE))
HUNTER = ("bug-hunter",)
RULE = "BUG002"

#: The longest that a review of the worst reply may take, in seconds of the processor.
WORST_SECONDS = 15.0


async def reviewed(model: ScriptedModel | EvilModel) -> Trial:
    """Review the small file and hold everything that always holds."""
    mechanical = await review_of(CHANGE, None, chosen=HUNTER)
    trial = await review_of(CHANGE, model, chosen=HUNTER, suggestions=True)
    asked = (
        model.requests if isinstance(model, EvilModel) else [call.request for call in model.calls]
    )
    assert_holds(trial, mechanical, asked)
    return trial


@pytest.mark.holds("R27", "S9")
@pytest.mark.parametrize("secret", SECRETS)
async def test_no_form_of_a_secret_of_ours_comes_out(secret: str) -> None:
    trial = await reviewed(saying(" ".join(secret_forms(secret))))
    assert len(trial.review.shown) == 1


@pytest.mark.holds("R27", "S9")
async def test_a_secret_that_is_split_over_fields_and_a_suggestion_stays_hidden() -> None:
    secret = SECRETS[0]
    third = len(secret) // 3
    finding = {
        **BUG,
        "headline": f"The last item is read one place too far {secret[: third + 3]}",
        "explanation": f"last([1]) → IndexError: {secret[third - 3 : 2 * third + 3]}",
        "remedy": f"Return items[-1]. {secret[2 * third - 3 :]}",
        "suggestion": f'    return "{secret}"',
    }
    trial = await reviewed(honest_model({RULE: [finding]}))
    for output in trial.outputs.values():
        assert secret[: third + 3] not in output
        assert secret[2 * third - 3 :] not in output


@pytest.mark.holds("R29", "S4")
async def test_a_severity_is_never_raised_by_a_finding_or_a_second_look() -> None:
    raised = {**BUG, "severity": "critical"}
    trial = await reviewed(honest_model({RULE: [raised]}))
    (placed,) = trial.review.shown
    rules = {rule.id: rule for persona in trial.review.personas for rule in persona.rules}
    assert placed.finding.severity is rules[RULE].severity


def flood() -> list[Finding]:
    """Return ten thousand findings, of which one could be true."""
    return [{**BUG, "headline": f"Finding {number} of an index"} for number in range(10_000)]


@pytest.mark.exhaustive
@pytest.mark.holds("R30", "S19")
async def test_ten_thousand_findings_are_one_at_most_and_take_bounded_time() -> None:
    began = time.process_time()
    trial = await reviewed(honest_model({RULE: flood()}))
    assert time.process_time() - began < WORST_SECONDS
    assert len(trial.review.shown) <= 1
    assert max(map(len, trial.outputs.values())) < 8_000_000


@pytest.mark.exhaustive
@pytest.mark.holds("R30", "S19")
async def test_one_message_of_five_megabytes_takes_bounded_time() -> None:
    began = time.process_time()
    finding = {**BUG, "explanation": "last([1]) → IndexError. " + "@org/team " * 500_000}
    trial = await reviewed(honest_model({RULE: [finding]}))
    assert time.process_time() - began < WORST_SECONDS
    assert max(map(len, trial.outputs.values())) < 1_000_000


@pytest.mark.holds("R30", "P03")
async def test_a_reply_that_is_cut_anywhere_is_never_a_pass_of_what_is_missing() -> None:
    whole = honest({RULE: [BUG]})

    def cut_at(end: int) -> ScriptedModel:
        def reply(request: CompletionRequest) -> str:
            text = whole(request)
            return text if request.purpose == "verify" else text[:end]

        return ScriptedModel(reply)

    for end in range(0, 1_000, 97):
        trial = await review_of(CHANGE, cut_at(end), chosen=HUNTER)
        assert trial.review.state is RunState.PARTIAL, end
        assert Verdict.NOT_ASSESSED in {a.verdict for a in trial.review.answers}


@pytest.mark.holds("R29", "S3", "S4")
@pytest.mark.parametrize(
    ("id_", "extra"),
    [
        ("R29 top", {"score": 100, "event": "APPROVE", "repo": "other/one", "pull_number": 1}),
        ("R29 twice", {"answers2": []}),
    ],
)
async def test_fields_that_an_answer_has_not_have_no_effect(
    id_: str, extra: Mapping[str, object]
) -> None:
    del id_
    answer = honest({RULE: [BUG]})

    def reply(request: CompletionRequest) -> str:
        return json.dumps({**json.loads(answer(request)), **extra})

    trial = await reviewed(ScriptedModel(reply))
    assert trial.review.score.percent != 100
    for output in trial.outputs.values():
        assert "APPROVE" not in output
        assert "other/one" not in output
