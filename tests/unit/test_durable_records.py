"""What stands in the engine's database comes back as it was, and who is taken for dead."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.adapters.durable.liveness import GONE, Watch
from reviewer.adapters.durable.wire import UnreadableRecordError, Wire
from reviewer.domain.event import Event, OtherEvent
from reviewer.domain.review_order import AskedIn, Followup, RunEnd
from reviewer.domain.status import RunState
from tests.unit.run_example import build_delivery, build_order, push
from tests.unit.test_handle_delivery import check, comment, installation

WIRE = Wire()


@pytest.mark.parametrize(
    "event",
    [
        push(),
        comment("/ask warum?\n\0 ünïcode 🦜"),
        check(),
        installation("removed", removed=(1, 2)),
        OtherEvent(name="ping", action=""),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_delivery_comes_back_as_it_was(event: Event) -> None:
    delivery = build_delivery(event)
    assert WIRE.read_delivery(WIRE.write_delivery(delivery)) == delivery


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_words_come_back_as_they_were(title: str, body: str) -> None:
    order = build_order(
        title=title,
        description=body,
        personas=("a", "b"),
        asked_in=AskedIn(comment_id=1, inline=True),
    )
    text = WIRE.write_order(order)
    assert text.isascii()
    assert WIRE.read_order(text) == order


def test_what_follows_and_how_it_ended_come_back() -> None:
    followup = Followup(outcome="x", orders=(build_order(),), ended=("r",), because="why")
    assert WIRE.read_followup(WIRE.write_followup(followup)) == followup
    end = RunEnd(state=RunState.SUPERSEDED, reason="newer")
    assert WIRE.read_end(WIRE.write_end(end)) == end


def test_a_newer_version_may_have_more_to_say() -> None:
    plain = json.loads(WIRE.write_order(build_order()))
    assert WIRE.read_order(json.dumps({**plain, "mood": "good"})) == build_order()
    del plain["asked_in"]
    assert WIRE.read_order(json.dumps(plain)) == build_order()


@pytest.mark.holds("S13")
@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"event": 1}', '{"event": {"kind": "Nothing"}}', '{"id": 1}']
)
def test_what_is_not_ours_is_refused_without_being_quoted(text: str) -> None:
    for read in (WIRE.read_delivery, WIRE.read_order, WIRE.read_followup, WIRE.read_end):
        with pytest.raises(UnreadableRecordError) as refused:
            read(text)
        assert "Nothing" not in str(refused.value)


@pytest.mark.holds("P31")
def test_what_is_stored_is_sealed_as_a_whole() -> None:
    wire = Wire(seal=lambda text: text[::-1], unseal=lambda text: text[::-1])
    text = wire.write_order(build_order())
    assert "Add a listing" not in text
    assert wire.read_order(text) == build_order()
    assert replace(build_order(), title="x") != build_order()


def test_only_who_stands_still_for_the_whole_time_is_dead() -> None:
    watch = Watch(10)
    assert watch.see({"a": 1, "b": 1}, 0) == frozenset()
    assert watch.see({"a": 2, "b": 1}, 9) == frozenset()
    assert watch.see({"a": 2, "b": 1}, 10) == {"b"}
    assert watch.see({"a": 2}, 18.9) == frozenset()
    assert watch.see({"a": 2}, 19) == {"a"}


def test_who_said_goodbye_need_not_be_waited_for() -> None:
    assert Watch(10).see({"a": GONE}, 0) == {"a"}


def test_who_has_no_row_is_waited_for_as_well() -> None:
    watch = Watch(10)
    assert watch.see({"a": None}, 0) == frozenset()
    assert watch.see({"a": None}, 11) == {"a"}


def test_after_trouble_of_our_own_nobody_is_judged_for_the_whole_time() -> None:
    watch = Watch(10)
    watch.see({"a": 1}, 0)
    watch.forget()
    assert watch.see({"a": 1}, 60) == frozenset()
    assert watch.see({"a": 1}, 70) == {"a"}
