"""People who attack by what they say on a pull request, and by whom they pretend to be."""

from __future__ import annotations

import re

import pytest

from reviewer.testing.fake_github import FakeComment, FakePullRequest
from reviewer.testing.scripted_model import ScriptedModel
from tests.redteam.action_stage import BOT, ActionStage
from tests.redteam.honest_model import BUG, CODE, PATH, honest_model
from tests.redteam.hostile_input import (
    HostileWords,
    hostile_words,
)
from tests.redteam.pull_request_holding import assert_all_holds
from tests.redteam.staged_analyser import StagedAnalyser

pytestmark = pytest.mark.loopback

#: Every run of the suite hears a few of them; `make redteam` all.
WORDS = [
    pytest.param(
        given,
        id=given.id,
        marks=() if given.id in {"R24", "R25", "X03 entities"} else (pytest.mark.exhaustive,),
    )
    for given in hostile_words()
]

EVAL = 'from flask import request\n\nX = eval(request.args["x"])\n'


def opened(stage: ActionStage, code: str = CODE) -> FakePullRequest:
    return stage.repository().open_pull(files={PATH: code}, title="Add pages")


def own(pull: FakePullRequest) -> list[FakeComment]:
    return [c for c in pull.comments if c.author is not None and c.author.login == BOT]


@pytest.mark.holds("R24", "R25", "R26", "R45", "S9")
@pytest.mark.parametrize("given", WORDS)
def test_an_answer_in_a_models_words_is_words(stage: ActionStage, given: HostileWords) -> None:
    pull = opened(stage)
    model = ScriptedModel(lambda _: given.text)
    answers = {"/ask": "/ask What is it?", "/plan": "/plan Split it"}
    for body in answers.values():
        ran = stage.say(pull, pull.comment("alice", body), StagedAnalyser(model))
        assert_all_holds(stage, pull, ran)


@pytest.mark.holds("R24", "R25", "R26", "R45", "S9", "S15")
@pytest.mark.parametrize("given", WORDS)
def test_whatever_words_come_from_whom_they_stay_words_over_rounds(
    stage: ActionStage, given: HostileWords
) -> None:
    pull = opened(stage)
    finding = {
        **BUG,
        "headline": f"The last item is read one place too far {given.text}",
        "explanation": f"last([1]) → IndexError, since indices end at len(items) - 1. {given.text}",
        "remedy": f"{given.text}\nReturn items[-1]. {given.text}",
    }
    analyser = StagedAnalyser(
        honest_model({"BUG002": [finding]}, reason=given.text), suggestions=True
    )
    assert_all_holds(stage, pull, stage.review(pull, analyser))
    if pull.threads:
        pull.reply(pull.threads[0], "alice", "fixed")
    pull.push({"other.py": "X = 1\n"})
    assert_all_holds(stage, pull, stage.review(pull, analyser, "synchronize"))
    handle = re.search(r"/dismiss ([0-9a-f]{7})", pull.threads[0].body) if pull.threads else None
    if handle is not None:
        reason = " ".join(given.text.split())[:250]
        said = pull.comment("alice", f"/dismiss {handle[1]} {reason}\n/explain {handle[1]}")
        assert_all_holds(stage, pull, stage.say(pull, said, analyser))
        said = pull.comment("alice", "/review full")
        assert_all_holds(stage, pull, stage.say(pull, said, analyser))


@pytest.mark.holds("R49", "S15")
def test_what_other_workflows_of_our_account_post_is_not_believed_without_a_signature(
    stage: ActionStage,
) -> None:
    """S15: who shares our account can keep a comment from being posted twice, and nothing else."""
    for key in ("", "another-key-of-somebody-else-00001"):
        other = opened(stage, EVAL)
        # A workflow of others speaks as the same account and runs the same program.
        stage.review(other, StagedAnalyser(), state_key=key)
        handle = re.search(r"/dismiss ([0-9a-f]{7})", other.threads[0].body)
        assert handle is not None
        other.resolve(other.threads[0], "mallory")
        said = stage.hub.account(BOT)
        forged = re.sub(r"generation=\d+", "generation=999999999", own(other)[0].body)
        other.comment(said.login, forged)
        ran = stage.review(other, StagedAnalyser(), "reopened")
        assert ran.outputs["to-fix"] != "0"
        assert "Nothing" not in ran.summary
        assert {c.conclusion for c in other.checks} == {"neutral"}
        by = {thread.resolved_by.login for thread in other.threads if thread.resolved_by}
        assert BOT not in by


@pytest.mark.holds("R49", "S15")
def test_a_marker_of_another_pull_request_or_round_is_not_believed_here(
    stage: ActionStage,
) -> None:
    there = opened(stage, EVAL)
    stage.review(there, StagedAnalyser())
    bodies = [own(there)[0].body, there.threads[0].body]
    here = opened(stage, EVAL)
    for body in bodies:
        here.comment(BOT, body)
    ran = stage.review(here, StagedAnalyser())
    assert ran.outputs["to-fix"] != "0"
    assert here.threads
    assert {check.conclusion for check in here.checks} == {"neutral"}
