"""The API under schemathesis: what its own document allows, and what it does not."""

from __future__ import annotations

import asyncio
from typing import Any

import hypothesis
import schemathesis
from schemathesis.specs.openapi import checks as openapi_checks

from reviewer.entrypoints.server.application import OPENAPI_PATH
from reviewer.entrypoints.server.frame import SECURITY_HEADERS
from tests.store_example import INSTALLATION, a_finding, a_repository, a_run, a_verdict
from tests.unit.server_stage import OPERATOR_TOKEN, Stage, assert_keeps_secrets, set_up


def filled_stage() -> Stage:
    stage = set_up(
        request_burst_by_address=100_000,
        webhook_burst_by_address=100_000,
        webhook_burst=100_000,
    )

    async def fill() -> None:
        async with stage.store.begin() as work:
            await work.installations.put(INSTALLATION)
            await work.installations.put_repositories([a_repository()])
            for number in range(3):
                run = a_run(f"run-{number}")
                await work.runs.add(run)
                await work.runs.keep_verdicts(run.id, [a_verdict()])
                await work.findings.keep(run.id, [a_finding()])

    asyncio.run(fill())
    return stage


STAGE = filled_stage()
SCHEMA = schemathesis.openapi.from_asgi(OPENAPI_PATH, STAGE.application)


#: Where more is wanted than a schema can say: a signature, a cursor of ours, days in their order.
BEYOND_SCHEMAS = {"/webhooks/github", "/api/runs", "/api/costs"}


@SCHEMA.exclude(path="/ready").parametrize()  # says 503 as soon as a client of tests has left
@hypothesis.settings(max_examples=12)
def test_nothing_that_is_sent_breaks_the_api(case: schemathesis.Case[Any]) -> None:
    answer = case.call(headers={"Authorization": f"Bearer {OPERATOR_TOKEN}"})

    excluded: list[Any] = (
        [openapi_checks.positive_data_acceptance] if case.path in BEYOND_SCHEMAS else []
    )
    case.validate_response(answer, excluded_checks=excluded)
    assert answer.status_code < 500
    headers = {name.lower(): value for name, (value, *_) in answer.headers.items()}
    assert {name: headers.get(name.lower()) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert_keeps_secrets(answer.text)


@SCHEMA.include(path_regex="^/(api|runs)").parametrize()
@hypothesis.settings(max_examples=6)
def test_without_a_token_nothing_opens_whatever_is_sent(case: schemathesis.Case[Any]) -> None:
    answer = case.call(headers={"Authorization": ""})
    assert answer.status_code in {401, 404, 405}
