"""Recall: only our own sealed comments tell of earlier rounds, and people's deeds are merged in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.change import Location, Side
from reviewer.domain.conversation import Comment, Conversation
from reviewer.domain.history import History, KnownFinding, KnownState
from reviewer.domain.marker import FindingMark, Signer, SummaryMark
from reviewer.domain.persona import Severity
from reviewer.domain.pull_request import Account, AccountKind
from reviewer.domain.recall import (
    history_of,
    merged,
    our_summaries,
    our_threads,
    with_peoples_words,
)
from reviewer.testing.builders import HEAD, build_change
from reviewer.testing.fake_code_host import OURSELVES, FakeCodeHost
from tests.unit.publishing_example import (
    ALICE,
    SIGNER,
    UNSIGNED,
    build_host,
    build_source,
)

ONE, TWO = "1" * 40, "2" * 40
IMPOSTOR = Account(id=666, login="github-actions", kind=AccountKind.USER)


def _known(fingerprint: str, state: KnownState = KnownState.OPEN, by: str = "") -> KnownFinding:
    return KnownFinding(
        fingerprint=fingerprint,
        rule_id="SEC007",
        persona="security-sentinel",
        severity=Severity.MAJOR,
        path="app/api.py",
        headline="A shell",
        state=state,
        inline=True,
        by=by,
    )


def _host() -> FakeCodeHost:
    return build_host(build_change(build_source(6)))


def _summary(history: History, signer: Signer = SIGNER) -> str:
    return f"**Verdict**\n\n{signer.write(SummaryMark(head_sha=HEAD, history=history))}"


def _finding(fingerprint: str, signer: Signer = SIGNER) -> str:
    mark = FindingMark(
        fingerprint=fingerprint,
        head_sha=HEAD,
        rule_id="SEC007",
        persona="security-sentinel",
        severity=Severity.MAJOR,
    )
    return f"**A shell**\n\n{signer.write(mark)}"


def _begin(host: FakeCodeHost, body: str, *, line: int = 1, author: Account = OURSELVES) -> str:
    where = Location(path="app/api.py", side=Side.HEAD, start_line=line, end_line=line)
    return host.start_thread(where, body, author=author, ours=author == OURSELVES).id


async def test_nothing_stands_and_nothing_is_known() -> None:
    assert history_of(await _host().conversation(), SIGNER) == History()


async def test_the_newest_summary_counts_and_the_oldest_comment_of_one_round() -> None:
    host = _host()
    first = host.say(_summary(History(generation=2, look="old")), author=OURSELVES, ours=True)
    newest = host.say(_summary(History(generation=3, look="new")), author=OURSELVES, ours=True)
    twin = host.say(_summary(History(generation=3, look="twin")), author=OURSELVES, ours=True)
    conversation = await host.conversation()
    order = [summary.comment.id for summary in our_summaries(conversation, SIGNER)]
    assert order == [newest, twin, first]
    assert history_of(conversation, SIGNER) == History(generation=3, look="new", trusted=True)


@pytest.mark.holds("S15", "R49")
async def test_a_copied_marker_of_somebody_else_is_ignored() -> None:
    host = _host()
    host.say(_summary(History(generation=9, paused=True)), author=IMPOSTOR)
    thread = _begin(host, _finding(ONE), author=IMPOSTOR)
    host.answer(thread, _finding(TWO), author=ALICE)
    conversation = await host.conversation()
    assert our_threads(conversation, SIGNER) == ()
    assert history_of(conversation, SIGNER) == History()


@pytest.mark.holds("S15", "R49")
def test_a_valid_marker_in_a_comment_that_is_not_ours_is_ignored_whatever_the_host_lists() -> None:
    body = _summary(History(generation=9))
    theirs = Comment(id=1, body=body, author=IMPOSTOR, ours=False)
    conversation = Conversation(viewer=OURSELVES, head_sha=HEAD, comments=(theirs,))
    assert our_summaries(conversation, SIGNER) == ()
    ours = replace(conversation, comments=(replace(theirs, ours=True),))
    assert len(our_summaries(ours, SIGNER)) == 1


@pytest.mark.holds("S15", "R49")
async def test_ours_without_a_signature_is_ignored_where_there_is_a_key() -> None:
    host = _host()
    host.say(_summary(History(generation=9), UNSIGNED), author=OURSELVES, ours=True)
    host.say("✅ Review passed", author=OURSELVES, ours=True)
    assert history_of(await host.conversation(), SIGNER) == History()


async def test_a_reply_of_ours_that_quotes_a_marker_begins_no_thread() -> None:
    host = _host()
    thread = _begin(host, "A person's thread", author=ALICE)
    host.answer(thread, _finding(ONE), author=OURSELVES)
    assert our_threads(await host.conversation(), SIGNER) == ()


@pytest.mark.holds("S15")
async def test_without_a_key_only_what_stands_is_known_and_nothing_is_believed() -> None:
    host = _host()
    said = History(generation=4, known=(_known(TWO, KnownState.DISMISSED),), paused=True)
    host.say(_summary(said, UNSIGNED), author=OURSELVES, ours=True)
    thread = _begin(host, _finding(ONE, UNSIGNED))
    host.answer(thread, "a false alarm", author=ALICE)
    history = history_of(await host.conversation(), UNSIGNED)
    assert not history.trusted
    assert not history.paused
    assert history.generation == 4
    assert [(k.fingerprint, k.state, k.inline) for k in history.known] == [
        (ONE, KnownState.OPEN, True)
    ]


async def test_a_thread_tells_of_a_finding_that_the_summary_has_lost() -> None:
    host = _host()
    _begin(host, _finding(ONE))
    history = history_of(await host.conversation(), SIGNER)
    assert history.trusted
    assert history.known == (replace(_known(ONE), headline=""),)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (_known(ONE), KnownState.DISMISSED),
        (_known(ONE, KnownState.FIXED), KnownState.FIXED),
        (_known(ONE, by="bob"), KnownState.OPEN),
    ],
    ids=["open", "fixed", "reopened by a command"],
)
async def test_a_reply_dismisses_what_is_open_and_what_no_command_has_reopened(
    entry: KnownFinding, expected: KnownState
) -> None:
    host = _host()
    host.say(_summary(History(generation=1, known=(entry,))), author=OURSELVES, ours=True)
    host.answer(_begin(host, _finding(ONE)), "by design", author=ALICE)
    (known,) = history_of(await host.conversation(), SIGNER).known
    assert known.state is expected
    if expected is KnownState.DISMISSED:
        assert (known.by, known.reason, known.authorised) == (
            "alice",
            "replied in the thread",
            False,
        )


@pytest.mark.holds("P02")
async def test_two_bots_with_one_code_base_do_not_see_one_another() -> None:
    host = _host()
    theirs = replace(SIGNER, subject=replace(SIGNER.subject, bot="77"))
    host.say(_summary(History(generation=5), theirs), author=OURSELVES, ours=True)
    _begin(host, _finding(ONE, theirs))
    conversation = await host.conversation()
    assert history_of(conversation, SIGNER) == History()
    assert history_of(conversation, theirs).generation == 5


def test_what_people_said_meanwhile_is_taken_over() -> None:
    began = History(generation=1, known=(_known(ONE), _known(TWO)), look="x", trusted=True)
    stands = History(
        generation=1,
        known=(_known(ONE, KnownState.DISMISSED, by="alice"), _known("3" * 40)),
        paused=True,
        trusted=True,
    )
    both = merged(began, stands)
    assert both.paused
    assert both.look == "x"
    assert [known.state for known in both.known] == [
        KnownState.DISMISSED,
        KnownState.OPEN,
        KnownState.OPEN,
    ]


@pytest.mark.holds("S15")
def test_nobody_takes_over_what_is_not_signed() -> None:
    began = History(generation=1, known=(_known(ONE),), trusted=True)
    assert merged(began, History(paused=True)) == began


# --- what a memory holds beside the marker -----------------------------------------------------
@pytest.mark.parametrize(
    ("marked", "wins"), [(1, "store"), (2, "store"), (3, "marker")], ids=["older", "same", "later"]
)
async def test_the_memory_wins_over_a_marker_unless_that_is_of_a_later_round(
    marked: int, wins: str
) -> None:
    host = _host()
    host.say(_summary(History(generation=marked, look="marker")), author=OURSELVES, ours=True)
    remembered = History(generation=2, look="store", trusted=True)
    history = history_of(await host.conversation(), SIGNER, remembered)
    assert (history.look, history.trusted) == (wins, True)
    assert history.generation == max(marked, 2)


async def test_a_later_marker_has_the_last_word_only_where_somebody_spoke_in_it() -> None:
    host = _host()
    known = (_known(ONE), _known(TWO, by="bob"))
    host.say(_summary(History(generation=3, known=known)), author=OURSELVES, ours=True)
    three = "3" * 40
    remembered = History(
        generation=2,
        known=tuple(_known(name, KnownState.DISMISSED, "alice") for name in (ONE, TWO, three)),
        trusted=True,
    )
    history = history_of(await host.conversation(), SIGNER, remembered)
    assert {entry.fingerprint: (entry.state, entry.by) for entry in history.known} == {
        ONE: (KnownState.DISMISSED, "alice"),
        TWO: (KnownState.OPEN, "bob"),
        three: (KnownState.DISMISSED, "alice"),
    }


@pytest.mark.parametrize(
    ("mine", "said", "after"),
    [
        (
            (KnownState.OPEN, ""),
            (KnownState.DISMISSED, "alice"),
            (KnownState.DISMISSED, "alice"),
        ),
        (
            (KnownState.DISMISSED, "alice"),
            (KnownState.OPEN, "alice"),
            (KnownState.OPEN, "alice"),
        ),
        # The round found out that it is gone; nobody has said anything since.
        ((KnownState.FIXED, "bob"), (KnownState.OPEN, "bob"), (KnownState.FIXED, "bob")),
        ((KnownState.FIXED, ""), (KnownState.OPEN, ""), (KnownState.FIXED, "")),
    ],
    ids=["dismissed", "taken back", "fixed", "never spoken of"],
)
def test_what_people_said_meanwhile_is_taken_over_and_nothing_else(
    mine: tuple[KnownState, str], said: tuple[KnownState, str], after: tuple[KnownState, str]
) -> None:
    ours = History(generation=3, known=(_known(ONE, *mine),), trusted=True)
    theirs = History(generation=2, known=(_known(ONE, *said),), paused=True, trusted=True)
    now = with_peoples_words(ours, theirs, newer=True)
    (entry,) = now.known
    assert (entry.state, entry.by) == after
    assert (now.generation, now.paused) == (3, True)
