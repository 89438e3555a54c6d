"""The redactor lets no secret through, keeps the shape of a text, and may be asked twice."""

from __future__ import annotations

import base64
import codecs
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reviewer.domain.redactor import OWN, SHORTEST, redact
from tests.unit.test_secret_pattern import SAMPLES

OURS = "s3Cr3t/Va1ue+" + "For=Canary,Zq81"
SECRETS = st.text(
    alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=60
).filter(lambda text: len(set(text)) > 8)


def encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.holds("P31")
@pytest.mark.parametrize("kind", SAMPLES)
def test_a_known_kind_is_replaced_by_its_name(kind: str) -> None:
    text = f"before\n{SAMPLES[kind]}\nafter"
    shown = redact(text)
    assert f"[redacted {kind}]" in shown
    assert shown.startswith("before\n")
    assert shown.endswith("\nafter")
    assert shown.count("\n") == text.count("\n")


@pytest.mark.holds("S9", "R27", "P31")
@pytest.mark.parametrize(
    "form",
    [
        OURS,
        OURS[::-1],
        codecs.encode(OURS, "rot13"),
        OURS.encode().hex(),
        OURS.encode().hex().upper(),
        encode(OURS),
        encode(f"x{OURS}"),
        encode(f"xy{OURS}z"),
        base64.urlsafe_b64encode(OURS.encode()).decode(),
        quote(OURS, safe=""),
        quote(OURS, safe="").replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d"),
        " ".join(OURS),
        "\n".join(OURS),
        "-".join(OURS),
        "\u200b".join(OURS),
        OURS[7:],
        OURS[:-7],
        f"https://evil.example/?d={quote(OURS, safe='')}&x=1",
    ],
)
def test_our_own_secret_is_found_in_every_form(form: str) -> None:
    shown = redact(f"a {form} b", [OURS])
    assert OWN in shown
    assert form not in shown
    assert shown.startswith(("a ", "a h"))
    assert shown.endswith(" b")
    assert shown.count("\n") == form.count("\n")


def test_short_values_are_words_and_stay() -> None:
    assert redact("the true value", ["true", "value"[:SHORTEST]]) == "the true value"


@pytest.mark.holds("P31")
def test_ordinary_text_stays_as_it_is() -> None:
    text = "def total(items: list[int]) -> int:\r\n    return sum(items)\r\n"
    assert redact(text, [OURS]) == text


def test_line_ends_are_kept() -> None:
    text = SAMPLES["private-key"].replace("\n", "\r\n")
    assert redact(text).count("\r\n") == text.count("\r\n")


@pytest.mark.holds("S9", "R27", "P31")
@given(SECRETS, st.text(max_size=200), st.text(max_size=200))
@example("0123456789abcdef!", "0123456789ab", "")
def test_no_form_of_a_secret_survives(secret: str, before: str, after: str) -> None:
    raw = secret.encode()
    for form in (secret, secret[::-1], raw.hex(), encode(secret), quote(secret, safe="")):
        text = f"{before} {form} {after}"
        shown = redact(text, [secret])
        assert form not in shown
        assert shown.count("\n") == text.count("\n")


@given(SECRETS, st.text(max_size=200), st.sampled_from(sorted(SAMPLES)))
def test_redacting_again_changes_nothing(secret: str, text: str, kind: str) -> None:
    once = redact(f"{text} {secret} {SAMPLES[kind]} {text}", [secret])
    assert redact(once, [secret]) == once


@given(SECRETS, st.integers(0, 40), st.integers(12, 40), st.text(max_size=20))
def test_a_part_is_found_in_a_short_text_as_in_a_long_one(
    secret: str, start: int, length: int, around: str
) -> None:
    # Short texts are screened before they are searched; the screen lets no part through.
    part = secret[start : start + length]
    text = f"{around}\0{part}\0{around}"
    padding = "\0" * 20_000
    assert redact(text, [secret]) + padding == redact(text + padding, [secret])
