"""Logs of libraries: they go our way, as loud as we let them, and many alike are counted."""

from __future__ import annotations

import logging

import pytest

from reviewer.adapters.logs.door_log import DoorLog
from reviewer.adapters.logs.run_event_log import RunEventLog
from reviewer.domain.run_event import EventKind, EventStatus, RunEvent
from reviewer.ports.door_watch import HANDLED, REFUSED
from tests.unit.operations.log_example import NOW, logging_to_memory


def test_libraries_that_made_their_own_handlers_lose_them_for_the_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    own = logging.StreamHandler()
    logger = logging.getLogger("dbos")
    logger.addHandler(own)
    logger.propagate = False
    try:
        with logging_to_memory() as written:
            logger.warning("recovered")
            logging.getLogger("uvicorn.access").error("GET /?token=x")
            logging.getLogger("httpx").info("HTTP Request: GET https://x/?key=y")
        assert [line["event"] for line in written.lines] == ["recovered"]
        assert own in logger.handlers
    finally:
        logger.removeHandler(own)
        logger.propagate = True
    assert capsys.readouterr().err == ""


def test_debug_is_ours_alone() -> None:
    with logging_to_memory(level="debug") as written:
        logging.getLogger("reviewer.x").debug("ours")
        logging.getLogger("sqlalchemy.engine").debug("SELECT")
        logging.getLogger("urllib3.connectionpool").debug("GET")
    assert [line["event"] for line in written.lines] == ["ours"]


def test_a_level_that_somebody_set_before_has_no_say_and_is_given_back() -> None:
    logger = logging.getLogger("uvicorn.error")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with logging_to_memory() as written:
            logger.info("heard")
        assert [line["event"] for line in written.lines] == ["heard"]
        assert logger.level == logging.ERROR
    finally:
        logger.setLevel(before)


@pytest.mark.holds("S17")
@pytest.mark.parametrize("library", ["aiosqlite", "psycopg.pq", "somebody.unheard.of"])
def test_a_library_that_nobody_thought_of_tells_no_details_either(library: str) -> None:
    with logging_to_memory(level="debug") as written:
        logging.getLogger(library).debug("executing INSERT INTO finding VALUES ('code')")
        logging.getLogger(library).info("connected")
        logging.getLogger("reviewer.x").debug("ours")
    assert [line["event"] for line in written.lines] == ["connected", "ours"]


def test_of_alike_lines_the_first_of_a_stretch_are_written_and_the_rest_counted() -> None:
    with logging_to_memory(most_alike=3) as written:
        logger = logging.getLogger("uvicorn.error")
        for number in range(10_000):
            logger.info("connection %d opened", number)
        logger.warning("a warning")
        written.seconds = 11
        logger.info("connection %d opened", 1)
        logger.info("connection %d opened", 2)
    events = [line["event"] for line in written.lines]
    assert events[:4] == [*(f"connection {n} opened" for n in range(3)), "a warning"]
    assert written.lines[4]["left_out"] == 9_997
    assert "left_out" not in written.lines[5]


def test_warnings_and_accounts_of_runs_are_never_left_out() -> None:
    with logging_to_memory(most_alike=2) as written:
        log = RunEventLog()
        for number in range(20):
            for kind, status in (
                (EventKind.REVIEW_STARTED, EventStatus.RUNNING),
                (EventKind.REVIEW_PROGRESS, EventStatus.RUNNING),
                (EventKind.REVIEW_COMPLETED, EventStatus.COMPLETED),
            ):
                log.heard(RunEvent(run_id=f"r{number}", kind=kind, status=status, at=NOW))
            logging.getLogger("x").warning("again")
    events = [line["event"] for line in written.lines]
    assert [events.count(name) for name in ("review.started", "review.progress", "again")] == [
        20,
        2,
        20,
    ]


def test_what_became_of_a_delivery_is_never_left_out() -> None:
    with logging_to_memory(most_alike=2) as written:
        for number in range(20):
            DoorLog().log("info", HANDLED, outcome=f"outcome {number}")
            DoorLog().log("info", "delivery accepted", number=number)
    events = [line["event"] for line in written.lines]
    assert [events.count(name) for name in (HANDLED, "delivery accepted")] == [20, 2]


@pytest.mark.holds("S19")
def test_lines_that_strangers_cause_are_bounded_whatever_their_level() -> None:
    with logging_to_memory(most_alike=5) as written:
        for _ in range(1_000):
            for said in sorted(REFUSED):
                DoorLog().log("warning", said, reason="the signature is not of this body")
        DoorLog().log("error", "delivery unavailable", reason="it was not written down")
        written.seconds = 11
        DoorLog().log("warning", "delivery unsigned")
    assert len(written.lines) == 5 * len(REFUSED) + 2
    assert written.last["left_out"] == 995


def test_kinds_of_lines_are_bounded() -> None:
    with logging_to_memory(most_alike=1) as written:
        for number in range(3_000):
            logging.getLogger("x").info(f"line {number}")  # noqa: G004 - the worst way
    assert len(written.lines) == 3_000
