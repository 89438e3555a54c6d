"""Whatever is pushed and a model says: one comment a finding, on the lines that it quotes."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewer.domain.anchor import still_standing
from reviewer.domain.change import FileChange
from reviewer.domain.history import KnownState
from reviewer.domain.review import Review
from reviewer.testing.builders import build_file
from tests.unit.round_example import Claim, Rounds, answering, claim

PATHS = ("app/one.py", "app/two.py")
#: Pieces that pushes put together; the second lines of two of them read the same.
PIECES = (
    "def first(items):\n    # reads\n    return items[1]\n    # done\n",
    "def second(items):\n    # reads\n    return items[1]\n    # done\n",
    "def third(items):\n    return items[len(items)]\n",
    "LIMIT = 3\n",
    "\n\n",
)
CLAIMS = tuple(
    claim(path, quote, rule=rule)
    for path in PATHS
    for quote, rule in (
        ("    return items[1]", "BUG002"),
        ("def second(items):\n    # reads\n    return items[1]", "BUG002"),
        ("    return items[len(items)]", "BUG001"),
        ("LIMIT = 3", "BUG003"),
    )
)

contents = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join)
pushes = st.tuples(
    st.dictionaries(st.sampled_from(PATHS), contents, min_size=1),
    st.lists(st.sampled_from(CLAIMS), unique_by=id, max_size=5),
    st.booleans(),
)


@pytest.mark.holds("P02")
@settings(max_examples=25, derandomize=True, deadline=None)
@given(st.lists(pushes, min_size=2, max_size=6))
def test_any_sequence_of_pushes_leaves_one_comment_a_finding(
    sequence: list[tuple[dict[str, str], list[Claim], bool]],
) -> None:
    asyncio.run(push_all(sequence))


async def push_all(sequence: list[tuple[dict[str, str], list[Claim], bool]]) -> None:
    rounds = Rounds()
    for texts, claims, dismissing in sequence:
        files = [build_file(path, after=text) for path, text in sorted(texts.items())]
        before = rounds.history
        review = await rounds.look(*files, model=answering(claims))
        names = [placed.finding.fingerprint for placed in review.shown]
        assert len(set(names)) == len(names)
        assert all(count == 1 for count in rounds.posted.values())
        for placed in review.shown:
            finding, location = placed.finding, placed.finding.location
            assert location is not None
            assert review.change.by_path[finding.path].text_at(location) == finding.quote
        for heard in before.heard:
            hold_that_it_stands(heard.finding.fingerprint, review)
            file = review.change.by_path.get(heard.finding.path)
            if file is not None and still_standing(heard, file) is not None:
                assert heard.finding.fingerprint in present(review), "cleared by a push beside it"
        dismissed = {k.fingerprint for k in before.known if k.state is KnownState.DISMISSED}
        assert dismissed.isdisjoint(names)
        if dismissing and names:
            rounds.dismiss(names[0])
        asked_again = await rounds.look(*files)
        assert rounds.calls == []
        assert [p.finding.fingerprint for p in asked_again.shown] == names[dismissing:]


def present(review: Review) -> set[str]:
    return {placed.finding.fingerprint for placed in review.findings}


def hold_that_it_stands(name: str, review: Review) -> None:
    fixed = () if review.since is None else review.since.fixed
    assert not (name in present(review) and name in {entry.fingerprint for entry in fixed})


def test_pieces_stand_in_files_of_their_own() -> None:
    file: FileChange = build_file(PATHS[0], after="".join(PIECES))
    assert len(file.added) == "".join(PIECES).count("\n")
