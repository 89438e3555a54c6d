"""The door of the analyser's process, opened in this one; and who is charged for what it does."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from typing_extensions import override

from reviewer.adapters.analyser.fit import fit_review
from reviewer.adapters.analyser.wire import Outcome, Task, read_outcome, write_task
from reviewer.bootstrap.analyser import (
    account_of,
    catalogue_of,
    request_of,
    terms_of,
)
from reviewer.bootstrap.model import ModelRequest
from reviewer.config import Settings
from reviewer.domain.budget import Amount
from reviewer.domain.history import History
from reviewer.domain.material import ModelTerms, Question, QuestionKind
from reviewer.entrypoints.analyser import run
from reviewer.errors import UserError
from tests.e2e.model_server import model_server
from tests.integration.analyser_job import MATERIAL, job_variables

pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    return job_variables(tmp_path)


def test_a_pull_request_is_charged_with_what_a_signed_history_says() -> None:
    signed = History(spent=Decimal("0.4"), tokens=900, trusted=True)
    account = account_of(replace(MATERIAL, before=signed))
    assert (account.repository, account.pull_request) == ("octo/shop", 7)
    assert (account.before.dollars, account.before.tokens) == (Decimal("0.4"), 900)
    unsigned = account_of(replace(MATERIAL, before=replace(signed, trusted=False)))
    assert unsigned.before == Amount()


def test_the_wishes_of_a_door_travel_and_a_cassette_does_not() -> None:
    request = ModelRequest(
        name="openai:x", most_dollars=Decimal(1), language="de", fast=True, suggestions=True
    )
    assert request_of(terms_of(request)) == request
    assert request_of(terms_of(ModelRequest(without=True))) == ModelRequest(without=True)
    with pytest.raises(UserError, match="cassette"):
        terms_of(replace(request, replay=Path("x")))


class Kept(io.BytesIO):
    """A stream whose content outlives its closing."""

    content = b""

    @override
    def close(self) -> None:
        self.content = self.content or self.getvalue()
        super().close()


def at_the_door(variables: Mapping[str, str], content: bytes) -> Outcome:
    """Do a task in this process, as the child does."""
    answer = Kept()
    assert run(io.BytesIO(content), answer, Settings.from_environment(variables)) == 0
    return read_outcome(answer.content)


def test_the_door_gives_back_a_review(variables: dict[str, str]) -> None:
    outcome = at_the_door(variables, write_task(Task(material=MATERIAL))[0])
    assert outcome.review is not None
    assert fit_review(outcome.review, MATERIAL, catalogue_of(MATERIAL)).shown


def test_the_door_gives_back_a_reply(variables: dict[str, str]) -> None:
    question = Question(kind=QuestionKind.PLAN, text="Plan.")
    terms = ModelTerms(without=True)
    task = Task(material=MATERIAL, question=question, terms=terms)
    outcome = at_the_door({**variables, "REVIEWER_MODEL": "openai:x"}, write_task(task)[0])
    assert outcome.reply is not None
    assert "REVIEWER_MODEL" in outcome.reply.problem


@pytest.mark.loopback
def test_the_door_asks_a_model(variables: dict[str, str]) -> None:
    question = Question(kind=QuestionKind.PLAN, text="Plan.")
    with model_server(lambda _: "1. Why?") as server:
        terms = ModelTerms(name=server.model)
        task = Task(material=MATERIAL, question=question, terms=terms)
        outcome = at_the_door(variables, write_task(task)[0])
    assert outcome.reply is not None
    assert outcome.reply.text == "1. Why?"


@pytest.mark.parametrize("content", [b"", b"[]", b"[{}]", b"\xff"])
def test_a_task_that_is_none_is_told_to_whoever_sent_it(
    variables: dict[str, str], content: bytes
) -> None:
    assert at_the_door(variables, content).error is not None


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_door_that_nobody_can_be_told_through_says_so_in_its_log(
    variables: dict[str, str], debug: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = io.BytesIO()
    answer.close()
    settings = Settings.from_environment({**variables, "REVIEWER_DEBUG": debug})
    assert run(io.BytesIO(b"[]"), answer, settings) == 70
    log = capsys.readouterr().err
    assert "Internal error of the analyser: ValueError at " in log
    assert ("Traceback" in log) == bool(debug)
