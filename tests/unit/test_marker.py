"""Markers: only what we sealed, for this pull request, is believed; the rest is a hint."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewer.domain.checklist import Verdict
from reviewer.domain.history import (
    HeardAnswer,
    HeardFinding,
    History,
    KnownFinding,
    KnownState,
    SeenFile,
)
from reviewer.domain.history_text import JSON_LIMIT, TEXT_LIMIT, decode, encode, text_size
from reviewer.domain.marker import (
    PREFIX,
    FindingMark,
    MarkKind,
    ReplyMark,
    Signer,
    Subject,
    SummaryMark,
    without_marker,
)
from reviewer.domain.persona import Severity
from reviewer.domain.pull_request import Account
from reviewer.domain.sanitiser import cell, fenced, inline_code, phrase, prose
from reviewer.domain.status import RunState
from reviewer.errors import ResourceError, UserError
from reviewer.testing.builders import HEAD, build_finding
from tests.unit.publishing_example import KEY, SIGNER, UNSIGNED, build_source

FINGERPRINT = "0123456789" * 4
MARK = FindingMark(
    fingerprint=FINGERPRINT,
    head_sha=HEAD,
    rule_id="SEC007",
    persona="security-sentinel",
    severity=Severity.CRITICAL,
)
HISTORY = History(
    generation=3,
    head_sha=HEAD,
    state=RunState.COMPLETED,
    look="abc",
    files=(SeenFile(path="app/ä.py", patch="12ab", lines=frozenset({"b", "a"})),),
    known=(
        KnownFinding(
            fingerprint=FINGERPRINT,
            rule_id="SEC007",
            persona="security-sentinel",
            severity=Severity.MAJOR,
            path="app/ä.py",
            headline="A <shell> -->",
            state=KnownState.DISMISSED,
            inline=True,
            by="alice",
            reason="`it is fine`",
        ),
    ),
    answers=(
        HeardAnswer(
            persona="p", rule_id="r", verdict=Verdict.PASS, reason="read", paths=frozenset()
        ),
    ),
    heard=(HeardFinding(finding=build_finding(build_source(3), 2), hunk=0, first=1, last=1),),
    paused=True,
    tokens=17,
)
OTHERS = {
    "another bot": replace(SIGNER, subject=replace(SIGNER.subject, bot="8")),
    "another repository": replace(SIGNER, subject=replace(SIGNER.subject, repository_id=1)),
    "another pull request": replace(SIGNER, subject=replace(SIGNER.subject, number=1)),
    "another key": replace(SIGNER, key=f"{KEY}!"),
}


@pytest.mark.parametrize("signer", [SIGNER, UNSIGNED], ids=["signed", "hint"])
def test_what_was_written_is_read(signer: Signer) -> None:
    reading = signer.read(f"Text\n\n{signer.write(MARK)}\n", MarkKind.FINDING)
    assert reading is not None
    assert reading.mark == MARK
    assert reading.trusted is signer.signs


def test_a_history_comes_back_as_it_was() -> None:
    mark = SummaryMark(head_sha=HEAD, history=HISTORY, text="0" * 16, check="f" * 16)
    reading = SIGNER.read(SIGNER.write(mark), MarkKind.SUMMARY)
    assert reading is not None
    assert reading.mark == mark


@pytest.mark.holds("S15")
def test_without_a_key_only_whose_turn_it_was_is_written_and_read() -> None:
    written = UNSIGNED.write(SummaryMark(head_sha=HEAD, history=HISTORY))
    reading = UNSIGNED.read(written, MarkKind.SUMMARY)
    assert reading is not None
    assert reading.mark == SummaryMark(head_sha=HEAD, history=History(generation=3))
    assert not reading.trusted


@pytest.mark.holds("S15", "R49")
def test_a_hint_that_holds_a_state_is_not_unpacked() -> None:
    forged = UNSIGNED.write(SummaryMark(head_sha=HEAD, history=History()))
    assert decode(forged.split("state=")[1].split(" ")[0]) == History()
    said = SIGNER.write(SummaryMark(head_sha=HEAD, history=HISTORY))
    reading = UNSIGNED.read(said, MarkKind.SUMMARY)
    assert reading is not None
    assert isinstance(reading.mark, SummaryMark)
    assert reading.mark.history == History(generation=3)


@pytest.mark.holds("S15", "R49")
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_marker_of_somebody_else_is_ignored(other: Signer) -> None:
    assert SIGNER.read(other.write(MARK), MarkKind.FINDING) is None


@pytest.mark.holds("S15", "R49")
def test_who_has_a_key_believes_no_hint() -> None:
    assert SIGNER.read(UNSIGNED.write(MARK), MarkKind.FINDING) is None


def test_who_has_no_key_any_more_takes_a_signed_marker_for_a_hint() -> None:
    reading = UNSIGNED.read(SIGNER.write(MARK), MarkKind.FINDING)
    assert reading is not None
    assert not reading.trusted


@pytest.mark.holds("S15", "R49")
@pytest.mark.parametrize(
    "changed",
    [
        ("fingerprint=0", "fingerprint=1"),
        (f"head={HEAD[:4]}", "head=ffff"),
        ("rule=SEC007", "rule=SEC008"),
        ("severity=critical", "severity=note"),
        ("persona-reviewer:finding", "persona-reviewer:reply"),
        (" rule=", " fingerprint=ff rule="),
        ("seal=hmac.", "seal=plain."),
    ],
)
def test_a_changed_marker_is_none(changed: tuple[str, str]) -> None:
    body = SIGNER.write(MARK).replace(*changed)
    assert body != SIGNER.write(MARK)
    assert SIGNER.read(body, MarkKind.FINDING) is None


@pytest.mark.holds("S15", "R24")
@pytest.mark.parametrize(
    "body",
    [
        "",
        "no marker",
        f"{SIGNER.write(MARK)}\nand a line after it",
        f"text {SIGNER.write(MARK)}",
        f"> {SIGNER.write(MARK)}",
        f"{PREFIX}finding seal=hmac.{'0' * 64} -->",
        SIGNER.write(MARK).replace("seal=hmac", "seal=hmäc"),
    ],
)
def test_a_marker_is_the_last_line_and_whole(body: str) -> None:
    assert SIGNER.read(body, MarkKind.FINDING) is None


def test_a_marker_counts_only_where_its_kind_belongs() -> None:
    reply = SIGNER.write(ReplyMark(head_sha=HEAD, fingerprint=FINGERPRINT))
    assert SIGNER.read(reply, MarkKind.FINDING) is None
    assert SIGNER.read(reply, MarkKind.SUMMARY) is None
    assert SIGNER.read(reply, MarkKind.REPLY) is not None


def test_lines_that_a_browser_sent_end_differently_and_are_read() -> None:
    body = f"Text\r\n\r\n{SIGNER.write(MARK)}\r\n"
    assert SIGNER.read(body, MarkKind.FINDING) is not None
    assert without_marker(body).strip() == "Text"


@pytest.mark.holds("S15")
def test_an_account_is_known_by_its_number_and_else_by_its_login() -> None:
    by_number = Subject.of(Account(id=5, login="x"), repository_id=1, number=2)
    by_login = Subject.of(Account(id=0, login="Reviewer"), repository_id=1, number=2)
    assert (by_number.bot, by_login.bot) == ("5", "reviewer")


@pytest.mark.holds("S15")
def test_a_key_that_could_be_guessed_is_refused_and_a_key_is_never_shown() -> None:
    with pytest.raises(UserError, match="16 bytes"):
        Signer(subject=SIGNER.subject, key="short")
    assert KEY not in repr(SIGNER)
    assert KEY not in SIGNER.write(MARK)


@pytest.mark.parametrize("name", ["a--b", "a b", "x>y", "ä"])
def test_a_name_that_could_end_the_marker_is_left_out(name: str) -> None:
    written = SIGNER.write(replace(MARK, rule_id=name, persona=name))
    assert written.count("--") == 2
    assert SIGNER.read(written, MarkKind.FINDING) is not None


@pytest.mark.holds("S15", "R24")
def test_a_marker_cannot_end_its_html_comment() -> None:
    written = SIGNER.write(SummaryMark(head_sha=HEAD, history=HISTORY))
    assert written.count("--") == 2
    assert written.count(">") == 1


def test_equal_histories_make_equal_texts() -> None:
    names = [f"n{i}" for i in range(40)]
    one, other = (
        replace(HISTORY, files=(SeenFile(path="a", patch="b", lines=frozenset(order)),))
        for order in (names, reversed(names))
    )
    assert encode(one) == encode(other)


@pytest.mark.holds("P31")
def test_secrets_do_not_hide_in_the_state() -> None:
    secret = "ghp_" + "a1B2c3D4" * 4 + "e5F6"
    finding = replace(build_finding(build_source(3), 2), quote=f'token = "{secret}"')
    text = encode(replace(HISTORY, heard=(HeardFinding(finding=finding, hunk=None),)))
    assert secret.encode() not in zlib.decompress(base64.b64decode(text))


def test_a_path_of_odd_bytes_is_kept_as_another_path() -> None:
    history = replace(HISTORY, files=(SeenFile(path="a\udcffb", patch="1"),))
    read = decode(encode(history))
    assert read is not None
    assert read.files[0].path == "a?b"


def test_a_history_that_is_too_long_is_refused_and_its_size_can_be_asked() -> None:
    files = tuple(SeenFile(path=f"{i * 7919:x}" * 5, patch=f"{i * 104729:x}") for i in range(4_000))
    history = replace(HISTORY, files=files)
    assert text_size(history) > TEXT_LIMIT
    with pytest.raises(ResourceError, match="does not fit"):
        encode(history)


@pytest.mark.holds("S19")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        base64.b64encode(b"no zlib").decode(),
        base64.b64encode(zlib.compress(b"{") + b"tail").decode(),
        base64.b64encode(zlib.compress(b"[]")).decode(),
        base64.b64encode(zlib.compress(b'{"generation": "3"}')).decode(),
        base64.b64encode(zlib.compress(b'{"generation": NaN}')).decode(),
        base64.b64encode(zlib.compress(b"[" * 100_000)).decode(),
        base64.b64encode(zlib.compress(b" " * (JSON_LIMIT + 1))).decode(),
        base64.b64encode(zlib.compress(b"{}")[:-3]).decode(),
        "A" * (TEXT_LIMIT + 4),
    ],
)
def test_what_is_no_history_is_none_within_bounds(text: str) -> None:
    assert decode(text) is None


def test_a_state_of_another_version_is_forgotten_and_its_turn_is_not() -> None:
    packed = base64.b64encode(zlib.compress(b'{"head_sha": 5}')).decode()
    mark = SummaryMark(head_sha=HEAD, history=replace(History(), generation=9))
    written = SIGNER.write(mark)
    said = written[len(f"{PREFIX}summary") : written.index(" seal=")]
    said = f"{said[: said.index('state=')]}state={packed}"
    how, seal = SIGNER._seal(MarkKind.SUMMARY, said)  # noqa: SLF001 - signed as by a later version
    reading = SIGNER.read(f"{PREFIX}summary{said} seal={how}.{seal} -->", MarkKind.SUMMARY)
    assert reading is not None
    assert isinstance(reading.mark, SummaryMark)
    assert reading.mark.history == History(generation=9)


@pytest.mark.holds("S15", "R24")
@settings(max_examples=150, derandomize=True)
@given(st.text(), st.sampled_from([PREFIX, "<!--", "<!-- persona", SIGNER.write(MARK)]), st.text())
def test_nothing_that_is_sanitised_can_begin_a_marker(before: str, part: str, after: str) -> None:
    text = f"{before}{part}{after}"
    for sanitise in (prose, phrase, cell, inline_code, fenced):
        said = sanitise(text)
        assert "<!--" not in said
        assert SIGNER.read(said, MarkKind.FINDING) is None


@pytest.mark.holds("S15", "R24")
@settings(max_examples=150, derandomize=True)
@given(st.text(alphabet="<!- persona:finding\n=.0a>", max_size=300))
def test_no_text_is_read_as_a_marker_or_breaks_the_reader(text: str) -> None:
    for signer in (SIGNER, UNSIGNED):
        for kind in MarkKind:
            assert signer.read(text, kind) is None


@pytest.mark.holds("S15", "R24")
@pytest.mark.parametrize("kind", list(MarkKind))
@pytest.mark.parametrize("without", ["head", "rule", "persona", "severity", "state", "check"])
def test_a_marker_of_our_own_account_that_lacks_something_breaks_no_reader(
    kind: MarkKind, without: str
) -> None:
    """Without a key anybody who has our account can seal: another workflow of the repository."""
    whole = UNSIGNED.write(MARK).rpartition(" seal=")[0].partition(kind.value)[2]
    values = "".join(f" {pair}" for pair in whole.split() if not pair.startswith(f"{without}="))
    values = values or " generation=1"
    how, seal = UNSIGNED._seal(kind, values)  # noqa: SLF001 - as somebody else would
    reading = UNSIGNED.read(f"{PREFIX}{kind.value}{values} seal={how}.{seal} -->", kind)
    assert reading is None or not reading.trusted
    if without == "head":
        assert reading is None
