"""``reviewer serve`` on PostgreSQL: the same deliveries, the same end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("psycopg")

from tests.e2e.service_scene import SECRET, Town, interpreter, town, wait_for
from tests.guards import Guard

pytestmark = [pytest.mark.loopback, pytest.mark.postgres, pytest.mark.exhaustive]


@pytest.fixture
def place(
    tmp_path: Path,
    postgres_store_url: str,
    guard: Guard,
    allowed_program: Callable[[Path | str], None],
) -> Iterator[Town]:
    allowed_program(interpreter())
    settings = {
        "DATABASE_URL": postgres_store_url,
        "STATE_KEY": "an example of a state key of workers",
        "TAKEOVER_SECONDS": "5",
    }
    with town(tmp_path, settings) as built:
        built.service.start(guard)
        yield built


def test_a_storm_of_one_delivery_and_a_kill_in_its_middle_end_in_one_review(
    place: Town, guard: Guard
) -> None:
    pull = place.open_pull()
    reached: list[str] = []
    place.hub.fault("*", ".*/pulls/1/reviews", act=lambda: reached.append("reviews"))
    event = place.hub.event("pull_request", "opened", pull, installation=place.installation)
    headers, body = place.hub.signed(event, SECRET)
    with ThreadPoolExecutor(10) as storm:
        answers = list(storm.map(lambda _: place.service.send(headers, body), range(20)))
    assert set(answers) <= {HTTPStatus.OK, HTTPStatus.ACCEPTED}
    wait_for(lambda: reached, lambda: place.service.log[-3000:])
    place.service.end(signal.SIGKILL)
    place.service.start(guard)
    place.reviewed(pull)
    assert place.service.send(headers, body) in {HTTPStatus.OK, HTTPStatus.ACCEPTED}
    assert (len(pull.reviews), len(pull.comments), len(pull.checks)) == (1, 1, 1)
    assert not place.service.secrets_in(place.service.log, place.hub)
