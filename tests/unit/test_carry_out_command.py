"""What each command does: what is remembered, what is replied, what a model is asked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from reviewer.domain.completion import Usage
from reviewer.domain.history import KnownState
from reviewer.domain.material import QuestionKind, Reply
from reviewer.domain.model_use import ModelUse
from reviewer.domain.posting import Permission
from reviewer.errors import ReviewerError
from reviewer.service.carry_out_command import ReviewWish
from reviewer.service.handle_command import CommandState
from reviewer.testing.fake_code_host import Operation
from tests.unit.command_example import ALICE, KEY, REMEMBERED, SHELL, Scene, scene

USE = ModelUse(
    models=("anthropic:small",),
    usage=Usage(fresh_input=900, output=100),
    cost=Decimal("0.02"),
    known_cost=Decimal("0.02"),
)


def remembered(**options: object) -> Scene:
    there = scene(**options)  # type: ignore[arg-type]
    there.remember(REMEMBERED)
    return there


@pytest.mark.holds("P30")
async def test_a_dismissal_is_remembered_and_the_summary_is_to_be_made_anew() -> None:
    there = remembered()

    handled = await there.say("/dismiss f7c3a91 the caller checks")

    assert (handled.state, handled.refresh, handled.review) == (CommandState.DONE, True, None)
    entry, other = (await there.history()).known
    assert (entry.state, entry.by, entry.reason) == (
        KnownState.DISMISSED,
        "bob",
        "the caller checks",
    )
    assert other.state is KnownState.OPEN
    assert (there.replies, there.reactions) == ([], ["eyes", "+1"])
    assert there.analyser.calls == 0


async def test_a_dismissal_is_taken_back() -> None:
    there = remembered()
    await there.say("/dismiss f7c3a91")

    await there.say("/undismiss f7c3a91")

    assert (await there.history()).known[0].state is KnownState.OPEN


async def test_a_dismissal_and_a_review_go_together() -> None:
    there = remembered()

    handled = await there.say("/dismiss f7c3a91 no\n/review")

    assert (handled.review, handled.refresh) == (ReviewWish(), False)
    assert (await there.history()).known[0].state is KnownState.DISMISSED


@pytest.mark.holds("S15")
@pytest.mark.parametrize("body", ["/dismiss f7c3a91", "/undismiss f7c3a91", "/pause", "/resume"])
async def test_without_a_state_key_nothing_is_remembered_and_that_is_said(body: str) -> None:
    there = remembered(state_key=None)
    writes = there.host.count(Operation.EDIT_COMMENT)

    handled = await there.say(body)

    assert handled.state is CommandState.REFUSED
    assert "`state-key`" in there.replies[0]
    assert there.host.count(Operation.EDIT_COMMENT) == writes
    assert there.reactions == ["eyes", "confused"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("/dismiss 0000000", "Nobody was told of a finding 0000000"),
        ("/explain 0000000", "Nobody was told of a finding 0000000"),
        ("/undismiss f7c3a91", "is not dismissed"),
    ],
)
async def test_a_finding_that_is_not_meant_gets_one_short_reply(body: str, words: str) -> None:
    there = remembered()

    handled = await there.say(body)

    assert handled.state is CommandState.REFUSED
    (reply,) = there.replies
    assert words in reply
    assert len(reply.split("\n")[0]) < 120


@pytest.mark.holds("P12")
async def test_of_several_commands_all_are_done_or_none() -> None:
    there = remembered()

    handled = await there.say("/dismiss f7c3a91 no\n/pause\n/dismiss 0000000")

    assert handled.state is CommandState.REFUSED
    history = await there.history()
    assert (history.known, history.paused) == (REMEMBERED.known, False)


@pytest.mark.holds("P12")
async def test_a_slip_beside_a_question_asks_no_model() -> None:
    there = remembered()

    await there.say("/ask why\n/explain 0000000")

    assert there.analyser.calls == 0


async def test_a_pause_before_the_first_review_is_kept_too() -> None:
    there = scene()

    await there.say("/pause")

    history = await there.history()
    assert (history.paused, history.trusted, history.generation) == (True, True, 0)


@pytest.mark.holds("P30")
async def test_a_finding_is_explained_from_its_rule_without_a_model() -> None:
    there = remembered()

    await there.say("/explain f7c3a91")

    (reply,) = there.replies
    assert reply.startswith("**User input reaches a shell** · SEC007 critical · Security Sentinel")
    assert "It goes wrong in production." in reply
    assert "```\nbad()\n```" in reply
    assert "```\ngood()\n```" in reply
    assert there.analyser.calls == 0


async def test_a_rule_that_is_gone_cannot_be_explained() -> None:
    there = scene()
    there.remember(replace(REMEMBERED, known=(replace(SHELL, rule_id="OLD001"),)))

    await there.say("/explain f7c3a91")

    assert "Nobody has the rule OLD001 any more." in there.replies[0]


async def test_a_question_carries_the_change_and_what_is_known() -> None:
    there = remembered(reply=Reply(text="It changes `a`.", use=USE))

    handled = await there.say("/ask what changes?")

    assert handled.state is CommandState.DONE
    ((material, question),) = there.analyser.questions
    assert (question.kind, question.text) == (QuestionKind.ASK, "what changes?")
    assert (material.title, material.body) == ("Add a shop", "It sells.")
    assert material.change == there.host.change
    assert material.before.known == REMEMBERED.known
    (reply,) = there.replies
    assert reply.startswith("It changes `a`.\n")
    assert "anthropic:small" in reply


async def test_what_an_answer_cost_counts_for_the_pull_request() -> None:
    there = remembered(reply=Reply(text="Yes.", use=USE))

    await there.say("/ask why")
    await there.say("/ask why")

    history = await there.history()
    assert (history.spent, history.tokens) == (Decimal("0.04"), 12_400 + 2_000)
    await there.say("/cost")
    assert "$0.040** and 14.4 k tokens in 2 rounds" in there.replies[-1]


async def test_a_plan_without_words_plans_the_next_steps() -> None:
    there = scene()

    await there.say("/plan")

    ((_, question),) = there.analyser.questions
    assert question.kind is QuestionKind.PLAN
    assert question.text.startswith("Plan the next steps")


async def test_a_model_that_cannot_answer_is_told_so() -> None:
    there = scene(reply=Reply(problem="No model is configured."))

    await there.say("/ask why")

    assert there.replies[0].startswith("No model is configured.")


async def test_an_analyser_that_breaks_is_told_in_its_own_words() -> None:
    there = scene()
    there.analyser.reply = ReviewerError("the analyser ended early")

    handled = await there.say("/ask why")

    assert handled.state is CommandState.DONE
    assert there.replies[0].startswith("the analyser ended early")


async def test_who_reviews_is_told_with_the_reason() -> None:
    there = scene()
    there.base[".reviewer.toml"] = 'schema = 1\n[personas]\ndefault = ["type-guardian"]\n'

    await there.say("/personas")

    assert "| Type Guardian (`type-guardian`) | asked for |" in there.replies[0]


@pytest.mark.holds("S17")
async def test_what_holds_is_told_with_its_origin_and_no_secret() -> None:
    there = scene()
    there.base[".reviewer.toml"] = (
        "schema = 1\n[pull_request]\ndrafts = true\n[thresholds]\ninline_cap = 2\n"
    )

    await there.say("/config")

    (reply,) = there.replies
    assert "| pull_request.drafts | reviewed | .reviewer.toml:3 |" in reply
    assert "| thresholds.inline_cap | 2 | .reviewer.toml:5 |" in reply
    assert KEY not in reply


async def test_a_broken_configuration_is_told_by_config() -> None:
    there = scene()
    there.base[".reviewer.toml"] = "schema = 1\n[pull_request]\ndraft = true\n"

    await there.say("/config")

    assert "Did you mean 'drafts'?" in there.replies[0]


async def test_without_a_key_nobody_knows_what_all_rounds_cost() -> None:
    there = remembered(state_key=None)

    await there.say("/cost")

    assert "stands in its summary" in there.replies[0]


async def test_help_lists_every_command_and_commands_nothing() -> None:
    there = scene(permissions={"bob": Permission.TRIAGE})

    await there.say("/help")
    reply = there.replies[0]
    handled = await there.say(reply, who=ALICE)

    assert "`/undismiss FINDING`" in reply
    assert handled.state is CommandState.IGNORED


async def test_several_answers_stand_in_one_reply_in_the_order_of_the_commands() -> None:
    there = remembered()

    await there.say("/ask why\n/explain f7c3a91\n/cost")

    (reply,) = there.replies
    assert reply.index("It adds a shop.") < reply.index("SEC007") < reply.index("12.4 k tokens")
