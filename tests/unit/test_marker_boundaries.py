"""Markers letter by letter: an older and a newer release must read each other's."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest

from reviewer.domain.history import History
from reviewer.domain.history_text import encode
from reviewer.domain.marker import (
    FindingMark,
    Mark,
    MarkKind,
    Reading,
    ReplyMark,
    Signer,
    Subject,
    SummaryMark,
    comment_name,
    without_marker,
)
from reviewer.domain.persona import Severity
from reviewer.domain.pull_request import Account
from reviewer.errors import UserError

pytestmark = pytest.mark.holds("S15")

HEAD = "0123456789abcdef" * 2 + "01234567"
PRINT = "fedcba9876543210" * 2 + "fedcba98"
SUBJECT = Subject.of(Account(id=41, login="Reviewer"), repository_id=1234, number=56)
KEY = "sixteen bytes ok"
SIGNED = Signer(subject=SUBJECT, key=KEY)
HINTS = Signer(subject=SUBJECT)
HISTORY = History(generation=12, head_sha=HEAD)
FINDING = FindingMark(
    fingerprint=PRINT, head_sha=HEAD, rule_id="SEC007", persona="guard", severity=Severity.MAJOR
)
REPLY = ReplyMark(head_sha=HEAD, fingerprint=PRINT, comment="r7")
SUMMARY = SummaryMark(head_sha=HEAD, history=HISTORY, text="ab" * 8, check="cd" * 8)

VALUES = {
    "finding": f" fingerprint={PRINT} head={HEAD} rule=SEC007 persona=guard severity=major",
    "reply": f" head={HEAD} fingerprint={PRINT} comment=r7",
    "summary": (
        f" generation=12 head={HEAD} text={'ab' * 8} check={'cd' * 8} state={encode(HISTORY)}"
    ),
}
MARKS: dict[str, Mark] = {"finding": FINDING, "reply": REPLY, "summary": SUMMARY}


def sealed(
    kind: str, values: str, *, key: str | None = KEY, subject: str = "41\x001234\x0056"
) -> str:
    """Write a marker by its description alone."""
    message = f"{kind}\0{subject}\0{values}".encode()
    seal = f"plain.{hashlib.sha256(message).hexdigest()}"
    if key is not None:
        derived = hashlib.sha256(f"persona-reviewer markers\0{key}".encode()).digest()
        seal = f"hmac.{hmac.new(derived, message, hashlib.sha256).hexdigest()}"
    return f"<!-- persona-reviewer:{kind}{values} seal={seal} -->"


@pytest.mark.parametrize("kind", ["finding", "reply", "summary"])
def test_a_signed_marker_is_written_as_described_and_read_back(kind: str) -> None:
    mark = MARKS[kind]
    written = SIGNED.write(mark)
    assert written == sealed(kind, VALUES[kind])
    assert SIGNED.read(f"words\n{written}\n", MarkKind(kind)) == Reading(mark=mark, trusted=True)
    assert SIGNED.read(f"words\r\n{written}\r\n", MarkKind(kind)) is not None


@pytest.mark.parametrize("kind", ["finding", "reply"])
def test_a_hint_is_written_as_described_and_read_back_as_one(kind: str) -> None:
    written = HINTS.write(MARKS[kind])
    assert written == sealed(kind, VALUES[kind], key=None)
    assert HINTS.read(written, MarkKind(kind)) == Reading(mark=MARKS[kind], trusted=False)
    assert SIGNED.read(written, MarkKind(kind)) is None
    assert HINTS.read(SIGNED.write(MARKS[kind]), MarkKind(kind)) == Reading(
        mark=MARKS[kind], trusted=False
    )


def test_a_hint_of_a_summary_says_whose_turn_it_was_and_no_more() -> None:
    written = HINTS.write(SUMMARY)
    bare = replace(SUMMARY, history=History(generation=12))
    assert f" state={encode(bare.history)} " in written
    read = HINTS.read(written, MarkKind.SUMMARY)
    assert read is not None
    assert isinstance(read.mark, SummaryMark)
    assert (read.mark.history.generation, read.trusted) == (12, False)
    assert (read.mark.text, read.mark.check) == (SUMMARY.text, SUMMARY.check)


@pytest.mark.parametrize(
    "subject",
    ["41\x001234\x0057", "41\x001235\x0056", "42\x001234\x0056", "reviewer\x001234\x0056"],
)
def test_a_marker_of_another_place_or_account_is_none(subject: str) -> None:
    for kind in MARKS:
        for key in (KEY, None):
            signer = SIGNED if key else HINTS
            copied = sealed(kind, VALUES[kind], key=key, subject=subject)
            assert signer.read(copied, MarkKind(kind)) is None


def test_the_subject_keeps_repository_and_number() -> None:
    assert Subject.of(Account(id=41, login="x"), repository_id=1234, number=56) == Subject(
        bot="41", repository_id=1234, number=56
    )


def test_a_key_has_at_least_sixteen_bytes() -> None:
    assert Signer(subject=SUBJECT, key="é" * 8).signs
    assert not HINTS.signs
    with pytest.raises(UserError) as raised:
        Signer(subject=SUBJECT, key="x" * 15)
    assert str(raised.value) == (
        "the state key has fewer than 16 bytes\n"
        "  Make one with `openssl rand -hex 32`, and keep it as a secret."
    )


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("finding", VALUES["finding"].replace(HEAD, HEAD[:-1])),
        ("finding", VALUES["finding"].replace(f"head={HEAD}", "rule2=x")),
        ("finding", VALUES["finding"].replace(HEAD, HEAD.upper())),
        ("finding", VALUES["finding"].replace(PRINT, PRINT[:-1])),
        ("finding", VALUES["finding"].replace(PRINT, f"{PRINT}0")),
        ("finding", VALUES["finding"].replace("major", "huge")),
        ("finding", VALUES["finding"].replace(" severity=major", "")),
        ("finding", f"{VALUES['finding']} rule=SEC008"),
        ("reply", VALUES["reply"].replace(PRINT, PRINT[:-1])),
        ("reply", VALUES["reply"].replace("r7", "x7")),
        ("reply", VALUES["reply"].replace("r7", f"r{'1' * 21}")),
        ("summary", VALUES["summary"].replace("generation=12", "generation=x")),
        ("summary", VALUES["summary"].replace("generation=12", f"generation={'1' * 10}")),
        ("summary", VALUES["summary"].replace("generation=12 ", "")),
        ("summary", VALUES["summary"].replace("ab" * 8, "ab" * 7)),
        ("summary", VALUES["summary"].replace("cd" * 8, "cd" * 7)),
    ],
)
def test_a_signed_line_that_we_would_not_write_is_no_marker(kind: str, values: str) -> None:
    assert SIGNED.read(sealed(kind, VALUES[kind]), MarkKind(kind)) is not None
    assert SIGNED.read(sealed(kind, values), MarkKind(kind)) is None


@pytest.mark.parametrize(
    ("kind", "values", "mark"),
    [
        ("reply", f" head={HEAD} fingerprint= comment=", ReplyMark(head_sha=HEAD)),
        ("reply", f" head={HEAD}", ReplyMark(head_sha=HEAD)),
        (
            "finding",
            f" fingerprint={PRINT} head={HEAD} severity=note",
            FindingMark(fingerprint=PRINT, head_sha=HEAD),
        ),
    ],
)
def test_what_an_older_release_left_out_is_empty(kind: str, values: str, mark: Mark) -> None:
    assert SIGNED.read(sealed(kind, values), MarkKind(kind)) == Reading(mark=mark, trusted=True)


def test_a_marker_counts_as_the_kind_that_was_asked_for_and_as_the_last_line() -> None:
    written = SIGNED.write(FINDING)
    assert SIGNED.read(written, MarkKind.REPLY) is None
    assert SIGNED.read(f"{written}\nmore", MarkKind.FINDING) is None
    assert SIGNED.read(f"more {written}", MarkKind.FINDING) is None
    assert SIGNED.read("words", MarkKind.FINDING) is None


def test_people_see_everything_but_the_marker() -> None:
    written = SIGNED.write(FINDING)
    assert without_marker(f"one\r\ntwo\r\n\r\n{written}\r\n") == "one\ntwo\n"
    assert without_marker("one\n ") == "one"
    assert without_marker(f"{written}\nmore") == f"{written}\nmore"


@pytest.mark.parametrize(("inline", "name"), [(True, "r7"), (False, "i7")])
def test_a_comment_s_name_tells_threads_from_the_rest(*, inline: bool, name: str) -> None:
    assert comment_name(7, inline=inline) == name
