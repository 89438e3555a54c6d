"""Secrets that are encoded more than once, packed or not, are found where they stand, in bounds."""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.encoded_run import opened_runs
from reviewer.domain.redactor import OWN, redact

OURS = "ghp_" + "c4n4ryXq7Zt2Lw9Rk5Vb8Np3Hs6Jd1G"
RAW = OURS.encode()
SURROUNDED = b"PATH=/usr/bin\nGITHUB_TOKEN=" + RAW + b"\nHOME=/home/runner\nSHELL=/bin/sh\n" * 4

Wrap = Callable[[bytes], bytes]
WRAPS: dict[str, Wrap] = {
    "base64": base64.b64encode,
    "base64 for addresses": base64.urlsafe_b64encode,
    "base32": base64.b32encode,
    "hexadecimal": base64.b16encode,
    "gzip in base64": lambda data: base64.b64encode(gzip.compress(data, mtime=0)),
    "gzip in hexadecimal": lambda data: gzip.compress(data, mtime=0).hex().encode(),
    "zlib in base64": lambda data: base64.b64encode(zlib.compress(data)),
    "the best of zlib in base64": lambda data: base64.urlsafe_b64encode(zlib.compress(data, 9)),
}

pytestmark = pytest.mark.holds("S9", "R27")


@pytest.mark.parametrize("inner", WRAPS)
@pytest.mark.parametrize("outer", WRAPS)
def test_a_secret_that_is_wrapped_twice_is_found(outer: str, inner: str) -> None:
    wrapped = WRAPS[outer](WRAPS[inner](RAW)).decode()
    assert redact(f"see {wrapped} there", (OURS,)) == f"see {OWN} there"


@pytest.mark.parametrize("wrap", WRAPS)
def test_a_secret_among_other_words_is_found_in_what_wraps_them_all(wrap: str) -> None:
    wrapped = WRAPS[wrap](SURROUNDED).decode()
    shown = redact(f"data:{wrapped}", (OURS,))
    assert OWN in shown
    assert not any(OURS in (inner or "") for _, _, inner in opened_runs(shown))


def test_lines_as_programs_break_them_are_read_together() -> None:
    wrapped = base64.encodebytes(gzip.compress(SURROUNDED * 3, mtime=0)).decode()
    shown = redact(f"{wrapped}after\n", (OURS,))
    assert shown == f"{OWN}\n" * wrapped.count("\n") + "after\n"


def test_letters_before_a_packed_secret_do_not_hide_it() -> None:
    wrapped = base64.b64encode(gzip.compress(RAW, mtime=0)).decode()
    assert redact(f"abcde{wrapped}", (OURS,)) == OWN


def test_what_is_cut_off_is_read_as_far_as_it_goes() -> None:
    wrapped = base64.b64encode(gzip.compress(RAW + b" and more " * 40, mtime=0))[:-6].decode()
    assert redact(wrapped, (OURS,)) == OWN


@pytest.mark.parametrize(
    "harmless",
    [
        "0123456789abcdef0123456789abcdef01234567",
        "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        base64.b64encode(gzip.compress(b"nothing to hide in here", mtime=0)).decode(),
        base64.b64encode(b"eJ" * 40).decode(),
        "H4sI" + "A" * 40,
        "x" * 61 + "\n" + "y" * 61 + "\n",
    ],
)
def test_what_holds_none_of_our_secrets_stays_as_it_is(harmless: str) -> None:
    assert redact(harmless, (OURS,)) == harmless


def test_what_unpacks_to_very_much_is_opened_within_a_bound_and_the_rest_is_taken_out() -> None:
    bomb = base64.b64encode(gzip.compress(b"A" * 99_000, mtime=0)).decode()
    text = " ".join([bomb] * 300)
    opened = list(opened_runs(text))
    assert sum(len(inner or "") for _, _, inner in opened) <= len(text) + 300_000
    assert [inner for _, _, inner in opened][-1] is None
    wrapped = base64.b64encode(gzip.compress(RAW, mtime=0)).decode()
    assert redact(f"{text} {wrapped}", (OURS,)).endswith(f" {OWN}")


@given(st.text(alphabet="ABab01+/=_-\n H4sIeJ", max_size=300))
def test_any_text_of_such_letters_keeps_its_lines(text: str) -> None:
    shown = redact(text, (OURS,))
    assert shown.count("\n") == text.count("\n")
    assert redact(shown, (OURS,)) == shown
