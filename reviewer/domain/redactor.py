"""Takes secrets out of a text and leaves its shape, before it is shown, logged or published.

Two nets. What looks like a secret of a known kind is replaced by its kind, see
`domain.secret_pattern`. What is one of *our* secrets is replaced in whatever form it comes:
plain, in part, reversed, in base64, in hexadecimal, in rot13, quoted for a URL, with its
characters set apart, or packed by gzip or zlib and encoded, some layers deep.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from reviewer.domain.encoded_run import opened_runs
from reviewer.domain.secret_pattern import find_secrets

#: What replaces one of our own secrets.
OWN = "[redacted secret]"

#: Shorter values are words of the language, and taking them out would show that they are secret.
SHORTEST = 8

#: A piece of this length gives a secret away.
_PIECE = 12
_STEP = 6
#: A text of at most so many characters a window is screened first.
_SHORT = 2
#: What may stand between the characters of a secret that was set apart.
_APART = " \t\r\n\"'`+,.;:|/\\_-*\u200b\u200c\u200d\u2060\ufeff"
#: How often what was encoded is opened again.
_LAYERS = 3
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_TURNED = _ALPHABET[13:] + _ALPHABET[:13]
_ROT13 = str.maketrans(_ALPHABET + _ALPHABET.upper(), _TURNED + _TURNED.upper())
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def redact(text: str, secrets: Sequence[str] = ()) -> str:
    """Replace every secret by what kind of secret stood there.

    Args:
        text: Any text.
        secrets: Values that we know; those shorter than ``SHORTEST`` are left alone.

    Returns:
        The text with as many lines as before. Redacting it again changes nothing.
    """
    own = tuple(sorted({s for s in secrets if len(s) >= SHORTEST}, key=lambda s: (-len(s), s)))
    if own:
        text = _replace(text, ((start, end, OWN) for start, end in _own_places(text, own)))
    found = find_secrets(text)
    if not found:
        return text
    return _replace(text, ((s.start, s.end, f"[redacted {s.kind}]") for s in found))


def _replace(text: str, places: Iterable[tuple[int, int, str]]) -> str:
    """Replace places, in order, line by line."""
    pieces: list[str] = []
    position = 0
    for start, end, label in places:
        pieces.append(text[position:start])
        lines = re.split(r"(\r?\n)", text[start:end])
        pieces += (part if part.strip("\r\n") == "" else label for part in lines)
        position = end
    pieces.append(text[position:])
    return "".join(pieces)


def _own_places(text: str, secrets: Sequence[str], layers: int = _LAYERS) -> list[tuple[int, int]]:
    """Find every form of our secrets; places that touch are one."""
    spans = [span for secret in secrets for span in _places_of(text, secret)]
    if layers:
        spans += (
            (start, end)
            for start, end, inner in opened_runs(text)
            if inner is None or _own_places(inner, secrets, layers - 1)
        )
    spans.sort()
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _places_of(text: str, secret: str) -> Iterator[tuple[int, int]]:
    if _may_show(text, secret):
        for form in _forms(secret):
            yield from _pieces_of(text, form)
    if len(text) < len(secret):
        # Set apart it only gets longer; for a private key the expressions take a while to make.
        return
    for expression in _set_apart(secret):
        yield from (match.span() for match in expression.finditer(text))


def _may_show(text: str, secret: str) -> bool:
    """Tell whether a short text may hold a part of a secret; of a long one nothing is said.

    Looking every part of the text up costs less than looking for every window of a long secret (a
    private key has thousands) only where the text is short: a value of a line of a log.
    """
    windows = _windows(secret)
    if len(text) > _SHORT * sum(map(len, windows.values())):
        return True
    return any(
        text[start : start + length] in known
        for length, known in windows.items()
        for start in range(len(text) - length + 1)
    )


@lru_cache(maxsize=64)
def _windows(secret: str) -> dict[int, frozenset[str]]:
    """Return every window that is looked for, by its length."""
    windows: dict[int, set[str]] = {}
    for form in _forms(secret):
        for _, window in _windows_of(form):
            windows.setdefault(len(window), set()).add(window)
    return {length: frozenset(known) for length, known in windows.items()}


def _step_of(form: str) -> int:
    return min(_STEP, (min(_PIECE, len(form)) + 1) // 2)


def _windows_of(form: str) -> Iterator[tuple[int, str]]:
    """Cut a form into the windows that are looked for, each with where it begins."""
    step = _step_of(form)
    for offset in range(0, len(form) - step + 1, step):
        yield offset, form[offset : offset + step]


def _pieces_of(text: str, form: str) -> Iterator[tuple[int, int]]:
    """Find every part of a form that is long enough to give it away.

    A part of `_PIECE` characters holds a whole window of `_STEP` that begins at a multiple of
    `_STEP` in the form, so that only these are looked for; each find is then widened.
    """
    enough = min(_PIECE, len(form))
    step = _step_of(form)
    for offset, window in _windows_of(form):
        position = text.find(window)
        while position >= 0:
            start, end = _widen(text, position, form, offset, step)
            if end - start >= enough:
                yield start, end
            position = text.find(window, max(position + 1, end - step))


def _widen(text: str, position: int, form: str, offset: int, length: int) -> tuple[int, int]:
    """Follow text and form to both sides for as long as they agree."""
    before = 0
    while (
        before < min(position, offset) and text[position - before - 1] == form[offset - before - 1]
    ):
        before += 1
    after = length
    while (
        position + after < len(text)
        and offset + after < len(form)
        and text[position + after] == form[offset + after]
    ):
        after += 1
    return position - before, position + after


@lru_cache(maxsize=64)
def _forms(secret: str) -> tuple[str, ...]:
    """Return the secret as it is and as what encodes it writes it."""
    raw = secret.encode("utf-8", "surrogatepass")
    forms = [secret, secret[::-1], raw.hex(), raw.hex().upper(), secret.translate(_ROT13)]
    for shift in range(3):
        # base64 depends on where the secret begins in what is encoded: three readings, without
        # the edges that its neighbours have a say in.
        encoded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        inner = encoded[(shift * 8 + 5) // 6 : len(encoded) - (1 if (shift + len(raw)) % 3 else 0)]
        forms += [inner, inner.replace("+", "-").replace("/", "_")]
    quoted = "".join(chr(byte) if chr(byte) in _UNRESERVED else f"%{byte:02X}" for byte in raw)
    forms += [quoted, re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), quoted)]
    return tuple(dict.fromkeys(form for form in forms if len(form) >= SHORTEST))


@lru_cache(maxsize=64)
def _set_apart(secret: str) -> tuple[re.Pattern[str], ...]:
    """Return expressions for the secret and its mirror image with up to four characters between.

    What stands between is nothing that the secret itself holds, so that no text can be read in
    two ways and the search stays linear.
    """
    between = "".join(re.escape(mark) for mark in _APART if mark not in secret)
    gap = f"[{between}]{{0,4}}"
    return tuple(
        re.compile(gap.join(re.escape(character) for character in form))
        for form in (secret, secret[::-1])
    )
