"""Opens what a text holds in base64, base32 or hexadecimal, packed or not, within bounds.

For the redactor: a secret may be encoded more than once, and packing leaves none of its characters
in place. Only what opens to text is of use; most long words open to noise, which is left.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress

#: A shorter run cannot hold a packed secret: gzip alone adds 18 bytes, zlib 6.
_SHORTEST = 16
#: What may come out of one run; whoever packs zeros gets no memory of ours.
_MOST_BYTES = 100_000
#: What may come out of all runs of a text, for each of its characters and for any text.
_MOST_EACH, _MOST_ANY = 1, 2 * _MOST_BYTES

_RUN = re.compile(rf"[A-Za-z0-9+/_-]{{{_SHORTEST},}}={{0,6}}")
#: As programs break lines: after 64 or 76 characters. RFC 7468, RFC 2045.
_BROKEN = re.compile(r"(?:[A-Za-z0-9+/]{60,80}\r?\n){1,2600}[A-Za-z0-9+/]{0,80}={0,6}")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]+")
_BASE32 = re.compile(r"[A-Z2-7]+")
_GZIP = b"\x1f\x8b"
#: How gzip begins in base64, whatever stands before it.
_GZIP_ENCODED = "H4sI"
#: For zlib: look for the header of gzip. https://docs.python.org/3/library/zlib.html
_GZIP_WINDOW = 31
_ZLIB_FIRST = 0x78


def opened_runs(text: str) -> Iterator[tuple[int, int, str | None]]:
    """Find what opens to another text.

    Args:
        text: Any text.

    Yields:
        Where it begins and ends, and the text inside, at most ``_MOST_BYTES`` of it; None where
        so much was opened before that this is left closed.
    """
    left = _MOST_ANY + _MOST_EACH * len(text)
    for expression in (_RUN, _BROKEN):
        for match in expression.finditer(text):
            letters = "".join(match[0].split()).rstrip("=")
            for data in _decoded(letters):
                if left <= 0 and _window(data) is not None:
                    yield match.start(), match.end(), None
                    continue
                whole = _unpacked(data)
                left -= len(whole)
                if whole and whole.isascii():
                    yield match.start(), match.end(), whole.decode("ascii")


def _decoded(letters: str) -> Iterator[bytes]:
    if _HEXADECIMAL.fullmatch(letters):
        yield bytes.fromhex(letters[: len(letters) // 2 * 2])
    if _BASE32.fullmatch(letters):
        yield _read(base64.b32decode, letters, 8)
    plain = letters.replace("-", "+").replace("_", "/")
    yield _read(base64.b64decode, plain, 4)
    if (begin := plain.find(_GZIP_ENCODED)) > 0:
        yield _read(base64.b64decode, plain[begin:], 4)


def _read(decode: Callable[[str], bytes], letters: str, block: int) -> bytes:
    """Decode letters whose padding is lost; what is no whole byte at the end is left out."""
    for cut in range(3):
        whole = letters[: len(letters) - cut]
        with suppress(binascii.Error):
            return decode(whole + "=" * (-len(whole) % block))
    return b""


def _window(data: bytes) -> int | None:
    """Return what zlib needs to know to unpack this; None where it is not packed."""
    if data.startswith(_GZIP):
        return _GZIP_WINDOW
    if len(data) > 1 and data[0] == _ZLIB_FIRST and int.from_bytes(data[:2]) % 31 == 0:
        return zlib.MAX_WBITS
    return None


def _unpacked(data: bytes) -> bytes:
    """Return what was packed, as far as it can be read, and anything else as it is."""
    if (window := _window(data)) is None:
        return data
    try:
        return zlib.decompressobj(window).decompress(data, _MOST_BYTES)
    except zlib.error:
        return data
