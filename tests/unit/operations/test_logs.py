"""Logs: JSON lines that no value breaks out of and no secret gets into, whoever writes them."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import NoReturn
from uuid import UUID

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from reviewer.adapters.logs.cleaning import LONGEST_CONTENT, LONGEST_TEXT, Cleaner
from reviewer.adapters.logs.identification import LoggedIdentification
from reviewer.adapters.logs.json_lines import LogSettings, json_logs
from reviewer.adapters.logs.line import LONGEST_LINE, write_line
from reviewer.adapters.logs.run_event_log import RunEventLog
from reviewer.domain.completion import FailureKind
from reviewer.domain.redactor import OWN
from reviewer.domain.run_event import EventKind, EventStatus, RunEvent
from reviewer.ports.identification import NoIdentification
from tests.guards import CANARIES, find_canary
from tests.unit.operations.log_example import NOW, Written, logging_to_memory

SECRET = "opensesame-41c2" + "9f70aa1b"
PRIVATE_KEY = "\n".join(
    ["-----BEGIN RSA PRIVATE " + "KEY-----", *("q8Zt" * 16 for _ in range(26)), "-----END"]
)


@pytest.fixture
def written() -> Iterator[Written]:
    with logging_to_memory(secrets=(SECRET, *CANARIES.values())) as kept:
        yield kept


def raised(error: BaseException) -> BaseException:
    """Return the error as it is after it was raised."""
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


def test_a_line_says_when_how_bad_what_and_where(written: Written) -> None:
    structlog.stdlib.get_logger("reviewer.server").info("request", path="/health", status=200)
    assert list(written.last) == ["at", "level", "event", "logger", "path", "status"]
    assert written.last["at"] == NOW.isoformat()
    assert written.last["event"] == "request"
    assert written.last["logger"] == "reviewer.server"


def test_every_line_names_the_work_at_hand_also_in_tasks_that_it_began(written: Written) -> None:
    logger = logging.getLogger("uvicorn.error")

    async def inner() -> None:
        logger.info("inside")

    async def outer() -> None:
        named = LoggedIdentification()
        with named.working_on(request_id="q1", delivery_id="d1"):
            with named.working_on(run_id="r1", installation_id=7):
                await asyncio.create_task(inner())
            logger.info("between")
        logger.info("outside")

    asyncio.run(outer())
    inside, between, outside = written.lines
    ids = ("request_id", "delivery_id", "run_id", "installation_id")
    assert [inside.get(name) for name in ids] == ["q1", "d1", "r1", 7]
    assert [between.get(name) for name in ids] == ["q1", "d1", None, None]
    assert [outside.get(name) for name in ids] == [None] * 4


def test_without_logs_work_has_no_name() -> None:
    with NoIdentification().working_on(run_id="r"):
        pass


@pytest.mark.holds("S22", "R45")
@pytest.mark.parametrize(
    "hostile",
    [
        'x\n{"level":"info","msg":"approved"}',
        "\x1b[2J\x1b[31mred",
        "::set-output name=verdict::pass",
        "\n::add-mask::x",
        "::stop-commands::y",
        "##[error]failed",
        "a\r\nb\u2028c\u2029d\x85e",
        "\u202eevil\u2066",
        "\x00\x07\x9b31m",
        "EOF\n",
    ],
)
def test_no_value_breaks_out_of_its_line(written: Written, hostile: str) -> None:
    logging.getLogger("reviewer.x").warning(
        "%s", hostile, extra={hostile: hostile, "title": hostile}
    )
    structlog.stdlib.get_logger("reviewer.x").error(hostile, **{hostile: [hostile, {"k": hostile}]})
    lines = written.text.split("\n")
    assert len(lines) == 3
    assert lines[2] == ""
    for line in lines[:2]:
        assert line.isascii()
        assert line.isprintable()
        assert line.startswith("{")
        assert "::" not in line
        assert "##[" not in line
    assert written.lines[0]["title"] == hostile.encode("utf-8", "replace").decode()


@pytest.mark.holds("S22", "R45")
def test_half_a_pair_of_surrogates_is_written_as_ascii() -> None:
    # Set up in here and not by the fixture: what pytest captures it puts into its report, which
    # could not carry this.
    with logging_to_memory() as written:
        logging.getLogger("reviewer.x").warning("half %s", "\ud83d", extra={"title": "a\udc00"})
    assert written.text.isascii()
    assert len(written.text.splitlines()) == 1


@given(st.dictionaries(st.text(max_size=20), st.text(), max_size=4))
def test_a_line_reads_back_as_what_was_written(fields: dict[str, str]) -> None:
    line = write_line({**fields})
    assert json.loads(line) == fields
    assert line.isascii()
    assert "\n" not in line
    assert "::" not in line


@given(
    st.recursive(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.floats(),
            st.text(),
            st.binary(),
            st.decimals(allow_nan=False),
            st.builds(object),
        ),
        lambda inner: st.one_of(
            st.lists(inner), st.dictionaries(st.text(), inner), st.sets(st.text())
        ),
        max_leaves=20,
    )
)
def test_any_value_can_be_logged(value: object) -> None:
    json.loads(write_line(Cleaner().fields({"value": value})))


def test_plain_values_stay_and_objects_are_named_by_their_kind() -> None:
    class Loud:
        @override
        def __repr__(self) -> str:
            return "loud"

    fields = Cleaner().fields(
        {
            "text": "short",
            "count": 3,
            "ratio": 0.5,
            "endless": float("inf"),
            "cost": Decimal("0.10"),
            "huge": 10**5000,
            "when": datetime(2026, 1, 2, tzinfo=UTC),
            "path": PurePosixPath("a/b"),
            "id": UUID(int=5),
            "kind": FailureKind.BUDGET,
            "object": Loud(),
            "bytes": b"abc",
            "deep": {"a": {"b": {"c": {"d": 1}}}},
            "many": list(range(100)),
        }
    )
    assert fields["text"] == "short"
    assert (fields["count"], fields["ratio"], fields["cost"]) == (3, 0.5, "0.10")
    assert (fields["endless"], fields["huge"]) == ("inf", "<large number>")
    assert fields["when"] == "2026-01-02T00:00:00+00:00"
    assert (fields["path"], fields["kind"]) == ("a/b", "budget")
    assert fields["id"] == "00000000-0000-0000-0000-000000000005"
    assert (fields["object"], fields["bytes"]) == ("<Loud>", "<bytes>")
    assert fields["deep"] == {"a": {"b": {"c": "<dict>"}}}
    many = fields["many"]
    assert isinstance(many, list)
    assert many[-1] == "… and 60 more"


@pytest.mark.holds("S22")
def test_what_somebody_wrote_is_cut_and_content_more_than_the_rest() -> None:
    fields = Cleaner().fields({"reason": "r" * 9_000, "answer": "a" * 9_000, "body": "b" * 90})
    assert fields["reason"] == "r" * LONGEST_TEXT + "… (of 9000 characters)"
    assert fields["answer"] == "a" * LONGEST_CONTENT + "… (of 9000 characters)"
    assert fields["body"] == "b" * LONGEST_CONTENT + "… (of 90 characters)"


def test_a_line_of_very_many_fields_says_how_many_it_left_out() -> None:
    fields = Cleaner().fields({f"f{number}": "\u20ac" * 499 for number in range(100)})
    assert fields["more_fields"] == 60
    line = write_line({**fields, "event": "\x00" * 400, "run_id": "r"})
    assert len(line) <= LONGEST_LINE
    assert json.loads(line) == {"event": "\x00" * 100, "run_id": "r", "fields_left_out": 41}


@pytest.mark.holds("S17", "P31")
def test_no_form_of_a_secret_gets_into_a_line() -> None:
    secrets = (SECRET, CANARIES["GITHUB_TOKEN"])
    # Set up inside the test: pytest, too, listens to what is logged, and takes nothing out.
    with logging_to_memory(secrets=secrets) as written:
        logger = structlog.stdlib.get_logger("reviewer.x")
        for secret in secrets:
            logger.warning(
                "plain", text=f"a {secret}", reversed=secret[::-1], hex=secret.encode().hex()
            )
            logger.warning("a", b={"c": [f"https://x/?q={secret}", {secret: 1}]}, d=secret[:14])
            logging.getLogger("httpx").error("library %s", secret, extra={"header": secret})
            logging.getLogger(f"l.{secret}").error("named", exc_info=raised(ValueError(secret)))
    assert SECRET not in written.text
    assert SECRET[:12] not in written.text
    assert not find_canary(written.text)
    assert written.text.count(OWN) >= 16


@pytest.mark.holds("S17", "P31")
def test_a_private_key_is_found_by_any_of_its_lines_in_long_and_short_values() -> None:
    cleaner = Cleaner([PRIVATE_KEY])
    line = PRIVATE_KEY.split("\n")[5]
    assert cleaner.text(f"key {line[:16]} end") == f"key {OWN} end"
    assert line[:16] not in cleaner.text(f"{'long ' * 60}{line}")
    assert line[:12] not in cleaner.text("words " * 660 + line)


def test_a_secret_on_the_edge_of_what_is_searched_is_not_half_shown() -> None:
    token = "ghs_" + "a1B2" * 10
    for before in range(4 * LONGEST_TEXT, 8 * LONGEST_TEXT, 7):
        told = Cleaner().text(("ghs_" + "Zz9" * 13 + " ") * 90 + "y" * (before % 50) + token * 20)
        assert "a1B2a1B2" not in told


@pytest.mark.holds("S17", "P31")
def test_what_stands_under_the_name_of_a_secret_is_hidden_and_counts_are_not() -> None:
    fields = Cleaner().fields(
        {
            "authorization": "Bearer x",
            "Set-Cookie": "a=b",
            "webhook_secret": "abc",
            "tokens": 12,
            "tokens_input": 3,
            "headers": {"X-Hub-Signature": "sha1"},
        }
    )
    assert fields == {
        "authorization": "[redacted]",
        "Set-Cookie": "[redacted]",
        "webhook_secret": "[redacted]",
        "tokens": 12,
        "tokens_input": 3,
        "headers": {"X-Hub-Signature": "[redacted]"},
    }


@pytest.mark.holds("S17", "P31")
def test_an_exception_tells_kind_words_and_places_and_no_values(written: Written) -> None:
    def inner() -> NoReturn:
        password = SECRET
        raise OSError(5, f"cannot open {password}")

    try:
        try:
            inner()
        except OSError as error:
            raise RuntimeError("outer\nwords") from error
    except RuntimeError:
        logging.getLogger("uvicorn.error").exception("it broke")
    told = written.last["error"]
    assert isinstance(told, dict)
    assert told["type"] == "RuntimeError"
    assert told["words"] == "outer\nwords"
    (cause,) = told["causes"]
    assert cause["type"] == "OSError"
    assert cause["words"] == f"5 cannot open {OWN}"
    assert cause["places"][-1].startswith("test_logs.py:")
    assert cause["places"][-1].endswith("in inner")
    assert SECRET not in written.text


def test_an_exception_group_tells_its_first_parts(written: Written) -> None:
    group = ExceptionGroup("several", [ValueError("one"), KeyError("two")])
    structlog.stdlib.get_logger("x").error("broke", exc_info=raised(group))
    error = written.last["error"]
    assert isinstance(error, dict)
    assert [part["type"] for part in error["parts"]] == ["ValueError", "KeyError"]


def test_a_line_that_cannot_be_made_says_only_where_it_came_from() -> None:
    with logging_to_memory() as written:
        logging.getLogger("dbos").warning("%d of %s", SECRET, "x")
    assert written.last["event"] == "a line of the log could not be written"
    assert written.last["logger"] == "dbos"
    assert SECRET not in written.text


def test_a_stream_that_is_gone_stops_nobody() -> None:
    stream = io.StringIO()
    settings = LogSettings(stream=stream, time=lambda: 0.0)
    with json_logs(settings):
        stream.close()
        logging.getLogger("x").error("said into the void")


def test_the_exception_at_hand_is_found_and_none_is_none(written: Written) -> None:
    logger = structlog.stdlib.get_logger("x")
    try:
        raise_it()
    except LookupError:
        logger.exception("at hand")
    logger.error("none at hand", exc_info=True)  # noqa: LOG014 - what libraries do
    at_hand, none = written.lines
    error = at_hand["error"]
    assert isinstance(error, dict)
    assert error["type"] == "LookupError"
    assert "error" not in none


def raise_it() -> NoReturn:
    raise LookupError


def test_exceptions_that_cause_each_other_come_to_an_end(written: Written) -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    logging.getLogger("x").error("round", exc_info=raised(first))
    error = written.last["error"]
    assert isinstance(error, dict)
    assert [cause["words"] for cause in error["causes"]] == ["second"]


def test_what_nobody_caught_is_logged_and_not_printed(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> NoReturn:
        raise ValueError(f"{SECRET}\n::error::x")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    error = raised(ValueError(SECRET))
    sys.excepthook(type(error), error, None)
    stop = raised(KeyboardInterrupt())
    sys.excepthook(type(stop), stop, None)
    levels = [(line["level"], line["logger"]) for line in written.lines]
    assert levels == [("critical", "reviewer.uncaught")] * 2
    assert SECRET not in written.text
    assert capsys.readouterr().err == ""


def test_warnings_go_the_same_way(written: Written) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn(f"old {SECRET}", stacklevel=1)
    assert written.last["logger"] == "py.warnings"
    assert SECRET not in written.text


def test_an_event_is_a_line_with_its_status_and_data(written: Written) -> None:
    event = RunEvent(
        run_id="r1",
        sequence=4,
        kind=EventKind.REVIEW_FAILED,
        status=EventStatus.FAILED,
        at=NOW,
        data={"reason": "no answer", "event": "x", "exc_info": 1, "installation_id": 7},
    )
    RunEventLog().heard(event)
    line = written.last
    assert (line["level"], line["event"], line["status"]) == ("error", "review.failed", "failed")
    assert (line["run_id"], line["sequence"], line["installation_id"]) == ("r1", 4, 7)
    assert (line["reason"], line["data_event"], line["data_exc_info"]) == ("no answer", "x", 1)


def test_levels_of_lines_are_counted_and_traces_named() -> None:
    counted: list[str] = []
    with logging_to_memory(trace_id="4bf9") as written:
        logging.getLogger("x").info("traced")
    assert written.last["trace_id"] == "4bf9"
    settings = LogSettings(
        stream=written.stream, time=lambda: 0.0, now=lambda: NOW, counted=counted.append
    )
    with json_logs(settings):
        logging.getLogger("x").error("one")
    assert counted == ["error"]


def test_afterwards_everything_is_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level, sys.excepthook, warnings.showwarning)
    with logging_to_memory():
        assert root.handlers != before[0]
    assert (list(root.handlers), root.level, sys.excepthook, warnings.showwarning) == before
