"""Server-sent events out of chunks of any size."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.adapters.providers.event_stream import Event, EventStream


def read(chunks: Sequence[bytes]) -> list[Event]:
    stream = EventStream()
    found = [event for chunk in chunks for event in stream.feed(chunk)]
    return [*found, *stream.close()]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"data: a\n\n", [Event(name="", data="a")]),
        (b"data:a\ndata:b\n\n", [Event(name="", data="a\nb")]),
        (b"event: x\ndata: a\nid: 7\nretry: 3\n\n", [Event(name="x", data="a")]),
        (b": comment\n\nevent: lonely\n\ndata: a\n\n", [Event(name="", data="a")]),
        (b"\xef\xbb\xbfdata: a\n\n", [Event(name="", data="a")]),
        (b"data\n\ndata: \n\n", [Event(name="", data=""), Event(name="", data="")]),
        (b"data:  two blanks\n\n", [Event(name="", data=" two blanks")]),
        (b"data: a", [Event(name="", data="a", ended=False)]),
        (b"data: a\xff\n\n", [Event(name="", data="a\ufffd")]),
        (b"\r\n\r\n", []),
        (b"", []),
    ],
)
def test_events_are_read_as_the_standard_says(body: bytes, found: list[Event]) -> None:
    assert read([body]) == found


@given(
    st.lists(st.sampled_from([b"data: a", b"data:", b"event: e", b":", b"\n", b"\r\n", b"\r"])),
    st.data(),
)
def test_the_events_do_not_depend_on_the_chunks(pieces: list[bytes], data: st.DataObject) -> None:
    body = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    chunks = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]

    assert read(chunks) == read([body])


@pytest.mark.holds("S19")
def test_a_line_of_a_megabyte_in_small_chunks_takes_linear_time() -> None:
    chunks = [b"data: ", *[b"x" * 10] * 100_000, b"\n\n"]

    began = time.perf_counter()
    (event,) = read(chunks)

    assert len(event.data) == 1_000_000
    assert time.perf_counter() - began < 2
