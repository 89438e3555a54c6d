"""Commands, markers and secrets: what is written is read back, and nothing else is read."""

from __future__ import annotations

import base64
import codecs
import re
import string
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reviewer.domain.command import Command, CommandName, read_commands
from reviewer.domain.history import History, SeenFile
from reviewer.domain.marker import (
    PREFIX,
    FindingMark,
    Mark,
    MarkKind,
    ReplyMark,
    Signer,
    Subject,
    SummaryMark,
    without_marker,
)
from reviewer.domain.persona import Severity
from reviewer.domain.redactor import OWN, SHORTEST, redact
from tests.unit.properties.hostile_text import HOSTILE

NAME = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
FINDING = st.text("0123456789abcdef", min_size=7, max_size=40)
WORDS = st.text(string.ascii_letters + string.digits + " .,?'", max_size=60).map(str.strip)
#: What stands around a command and neither opens code, a quotation nor HTML.
PLAIN = st.lists(
    st.sampled_from(
        ["Hello.", "", "Please look /review this.", "/reviewer", "a / b", "/tmp/x", "—"]
    ),
    max_size=4,
)


@st.composite
def commands(draw: st.DrawFn) -> tuple[str, Command]:
    """Write one command with its meaning, as the grammar in `domain/command.py` has it."""
    name = draw(st.sampled_from(list(CommandName)))
    finding, text = "", ""
    personas: tuple[str, ...] = ()
    panel: str | None = None
    full = False
    rest = ""
    if name is CommandName.REVIEW:
        full = draw(st.booleans())
        rest = " full" if full else ""
        how = draw(st.sampled_from(["", "as", "panel"]))
        if how == "as":
            chosen = draw(st.lists(NAME, min_size=1, max_size=4, unique=True))
            personas = tuple(chosen)
            rest += " as " + draw(st.sampled_from([",", ", ", " ,\t"])).join(chosen)
        elif how == "panel":
            panel = draw(NAME)
            rest += f" panel {panel}"
    elif name in {CommandName.EXPLAIN, CommandName.UNDISMISS}:
        finding = draw(FINDING)
        rest = f" {finding}"
    elif name is CommandName.DISMISS:
        finding, text = draw(FINDING), draw(WORDS)
        rest = f" {finding} {text}"
    elif name in {CommandName.ASK, CommandName.PLAN}:
        text = draw(WORDS)
        assume(text or name is CommandName.PLAN)
        rest = f" {text}"
    command = Command(
        name=name, full=full, personas=personas, panel=panel, finding=finding, text=text
    )
    return f"{draw(st.sampled_from(['', ' ', '   ']))}/{name.value}{rest}", command


@pytest.mark.holds("R17", "R18")
@settings(max_examples=60)
@given(commands(), PLAIN, st.sampled_from(["\n", "\r\n", "\r"]))
def test_whatever_the_grammar_writes_is_read_as_it_was_meant(
    written: tuple[str, Command], before: list[str], end: str
) -> None:
    line, command = written
    reading = read_commands(end.join([*before, line]))
    assert reading.refused == ()
    assert reading.commands == (command,)


@pytest.mark.holds("R17", "R18", "R19")
@settings(max_examples=40)
@given(commands(), HOSTILE)
def test_one_letter_more_or_less_is_no_command_or_a_refusal(
    written: tuple[str, Command], text: str
) -> None:
    line = written[0].strip()
    name = written[1].name.value
    for broken in (
        f"x{line}",
        f"/{line}",
        f"\\{line}",
        line.upper().replace(name.upper(), name[:-1]),
    ):
        assert read_commands(broken).commands == ()
    hidden = (
        f"> {line}",
        f"    {line}",
        f"```\n{line}\n```",
        f"<!-- {line} -->",
        f"<!--\n{line}\n-->",
        f"<div>\n{line}",
        f"<details>\nmore\n{line}",
        f"> so it goes on\n{line}",
        f"<?x\n{line}",
    )
    for body in (*hidden, f"<pre>\n{line}\n</pre>", f"`\n{line}\n`", f"- ```\n{line}"):
        assert not read_commands(body).speaks_to_us
    # Whatever else a comment says, an option is never part of a command.
    reading = read_commands(f"{text}\n\n/review --config.model=x")
    assert all(command.name is not CommandName.REVIEW for command in reading.commands)


SIGNER = Signer(
    subject=Subject(bot="7", repository_id=8, number=9), key="a key of tests, long enough"
)
HINTS = Signer(subject=SIGNER.subject)
OTHERS = (
    Signer(subject=Subject(bot="8", repository_id=8, number=9), key=SIGNER.key),
    Signer(subject=Subject(bot="7", repository_id=9, number=9), key=SIGNER.key),
    Signer(subject=Subject(bot="7", repository_id=8, number=1), key=SIGNER.key),
    Signer(subject=SIGNER.subject, key="another key of tests, long enough"),
)
SHA = st.text("0123456789abcdef", min_size=40, max_size=40)
MARKS: st.SearchStrategy[Mark] = st.one_of(
    st.builds(
        FindingMark,
        fingerprint=SHA,
        head_sha=SHA,
        rule_id=st.just("SEC001"),
        persona=NAME,
        severity=st.sampled_from(list(Severity)),
    ),
    st.builds(ReplyMark, head_sha=SHA, fingerprint=SHA | st.just("")),
    st.builds(
        SummaryMark,
        head_sha=SHA,
        history=st.builds(
            History,
            generation=st.integers(0, 999),
            head_sha=SHA,
            files=st.lists(
                st.builds(
                    SeenFile,
                    path=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
                    patch=SHA,
                    lines=st.frozensets(SHA, max_size=3),
                ),
                max_size=3,
            ).map(tuple),
            tokens=st.integers(0, 10**9),
            paused=st.booleans(),
        ),
    ),
)
KINDS = {FindingMark: MarkKind.FINDING, ReplyMark: MarkKind.REPLY, SummaryMark: MarkKind.SUMMARY}


@pytest.mark.holds("S15", "R24")
@settings(max_examples=40)
@given(MARKS, HOSTILE)
def test_a_marker_is_read_back_behind_any_text_by_its_own_signer_alone(
    mark: Mark, text: str
) -> None:
    kind = KINDS[type(mark)]
    body = f"{text}\n\n{SIGNER.write(mark)}"
    reading = SIGNER.read(body, kind)
    assert reading is not None
    assert reading.trusted
    assert reading.mark == mark
    assert PREFIX not in without_marker(body).replace(text, "")
    assert all(other.read(body, kind) is None for other in OTHERS)
    assert all(SIGNER.read(body, other) is None for other in set(MarkKind) - {kind})
    assert SIGNER.read(f"{text}\n\n{HINTS.write(mark)}", kind) is None
    hint = HINTS.read(body, kind)
    assert hint is None or not hint.trusted


@pytest.mark.holds("S15")
@settings(max_examples=40)
@given(MARKS, st.data())
def test_a_marker_of_which_any_letter_is_another_is_none(mark: Mark, data: st.DataObject) -> None:
    written = SIGNER.write(mark)
    index = data.draw(st.integers(0, len(written) - 1))
    letter = data.draw(st.sampled_from('0aZ=/ ->\n\u00e9"'))
    assume(written[index] != letter)
    for changed in (
        written[:index] + letter + written[index + 1 :],
        written[:index] + written[index + 1 :],
        written[:index] + letter + written[index:],
    ):
        if changed.strip() != written:
            assert SIGNER.read(changed, KINDS[type(mark)]) is None


# --- secrets ---------------------------------------------------------------------------------

#: Few letters, so that windows repeat and overlap; and those that real keys are made of.
SECRETS = st.one_of(
    st.text("ab", min_size=SHORTEST, max_size=30),
    st.text("abc1+/", min_size=SHORTEST, max_size=40),
    st.text(string.ascii_letters + string.digits + "+/=_-.%", min_size=SHORTEST, max_size=60),
)
_ENOUGH = 12
APART = st.sampled_from(" \t\n\"'`+,.;:|/\\_-*\u200b\u2060")


def forms_of(secret: str) -> dict[str, str]:
    raw = secret.encode()
    return {
        "plain": secret,
        "reversed": secret[::-1],
        "rot13": codecs.encode(secret, "rot13"),
        "hexadecimal": raw.hex(),
        "HEXADECIMAL": raw.hex().upper(),
        # base64 is told by what does not depend on what stands beside the secret.
        **{
            f"base64 from {shift}": base64.b64encode(b"\0" * shift + raw + b"\0\0\0").decode()[
                (shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6
            ]
            for shift in range(3)
        },
        "in a URL": quote(secret, safe=""),
    }


@pytest.mark.holds("S9", "S17", "R27")
@settings(max_examples=60)
@given(SECRETS, st.data())
def test_no_part_of_a_secret_that_is_long_enough_stays_in_any_form(
    secret: str, data: st.DataObject
) -> None:
    own = st.text(secret, max_size=14)
    for name, form in forms_of(secret).items():
        if len(form) < SHORTEST:
            continue
        start = data.draw(st.integers(0, max(0, len(form) - _ENOUGH)))
        part = form[start : start + data.draw(st.integers(_ENOUGH, 40))]
        # Letters of the secret itself beside it: what is found there must not hide what is here.
        text = f"{data.draw(own)}{part}{data.draw(own)}\n{form}"
        shown = redact(text, [secret]).replace(OWN, "\0")
        least = min(_ENOUGH, len(form))
        pieces = {form[i : i + least] for i in range(len(form) - least + 1)}
        assert not [piece for piece in pieces if piece in shown], name
        assert shown.count("\n") == text.count("\n")


@pytest.mark.holds("S9", "R27")
@settings(max_examples=40)
@given(
    SECRETS, st.lists(st.sampled_from(" \t\n\"'`+,.;:|/\\_-*\u200b\u2060"), min_size=1, max_size=4)
)
def test_a_secret_whose_characters_are_set_apart_is_found(secret: str, between: list[str]) -> None:
    assume(not set(between) & set(secret))
    gap = "".join(between)
    for form in (secret, secret[::-1]):
        shown = redact(f"x {gap.join(form)} y", [secret])
        assert gap.join(form) not in shown
        assert OWN in shown
        assert shown.startswith("x ")
        assert shown.endswith(" y")


@pytest.mark.holds("S9", "S17")
@settings(max_examples=40)
@given(st.lists(SECRETS, min_size=2, max_size=4, unique=True), st.data())
def test_several_secrets_side_by_side_all_go(secrets: list[str], data: st.DataObject) -> None:
    order = data.draw(st.permutations(secrets))
    joint = data.draw(st.sampled_from(["", " ", "\n", "=", "x"]))
    shown = redact(joint.join(order), secrets)
    assert not [secret for secret in secrets if secret in shown.replace(OWN, "\0")]
    assert redact(shown, secrets) == shown


@settings(max_examples=40)
@given(SECRETS, st.text(max_size=60))
def test_text_that_holds_nothing_of_a_secret_stays(secret: str, text: str) -> None:
    assume(not set(text.lower()) & set(f"{secret}{secret.encode().hex()}".lower()))
    assume(not re.search(r"[A-Za-z0-9]{8}", text))
    assert redact(text, [secret]) == text
