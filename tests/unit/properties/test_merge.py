"""Joining findings is looked up by lines and traits; no pair is missed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewer.domain.change import Location, Side
from reviewer.domain.finding import Finding, OutcomeKind
from reviewer.domain.persona import Severity
from reviewer.domain.review import MODEL_SOURCE, merge
from reviewer.testing.builders import build_file, build_finding, build_persona

pytestmark = pytest.mark.holds("S19", "R30")

FILE = build_file("app.py", after="".join(f"line {n}\n" for n in range(1, 81)))
PERSONAS = (build_persona("one"), build_persona("two"))
WORDS = ("shell command runs user input", "user input runs shell command", "password is written")


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    start = draw(st.integers(1, 40))
    whole = draw(st.integers(0, 9)) == 0
    sources = draw(st.lists(st.sampled_from(["ruff S1", "ruff S2", MODEL_SOURCE]), max_size=2))
    return replace(
        build_finding(FILE, None if whole else start),
        location=None
        if whole
        else Location(
            path=FILE.path,
            side=draw(st.sampled_from(list(Side))),
            start_line=start,
            end_line=start + draw(st.sampled_from([0, 0, 1, 20])),
        ),
        persona=draw(st.sampled_from(["one", "two", "three"])),
        path=draw(st.sampled_from(["app.py", "app.py", "other.py"])),
        family=draw(st.sampled_from(["a", "b", "c", "d"])),
        sources=tuple(dict.fromkeys(sources)),
        severity=draw(st.sampled_from(list(Severity))),
        headline=draw(st.sampled_from(WORDS)),
        explanation=draw(st.sampled_from(WORDS)),
        fingerprint=f"{draw(st.integers(0, 10**6)):040x}",
    )


def touches(one: Finding, other: Finding) -> bool:
    if one.path != other.path or (one.location is None) != (other.location is None):
        return False
    if one.location is None or other.location is None:
        return True
    same_side = one.location.side is other.location.side
    first = max(one.location.start_line, other.location.start_line)
    return same_side and first <= min(one.location.end_line, other.location.end_line)


@settings(max_examples=60)
@given(st.lists(findings(), max_size=14))
def test_nothing_is_lost_and_what_stays_says_different_things(given_: list[Finding]) -> None:
    placed = merge(given_, PERSONAS)
    kept = [p.finding for p in placed if p.outcome.kind is not OutcomeKind.DUPLICATE]
    gone = [p.finding for p in placed if p.outcome.kind is OutcomeKind.DUPLICATE]
    assert sorted(p.finding.fingerprint for p in placed) == sorted(f.fingerprint for f in given_)
    own = {f.fingerprint: f for f in given_}
    for index, one in enumerate(kept):
        for other in kept[index + 1 :]:
            if not touches(one, other):
                continue
            # By what they came with: what one took over from a third is no tie between them.
            tools = set(own[one.fingerprint].sources) & set(own[other.fingerprint].sources)
            assert one.family != other.family
            assert not tools - {MODEL_SOURCE}
    for finding in gone:
        assert any(touches(finding, other) for other in kept)


def test_ten_thousand_findings_are_looked_up_by_their_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = 0
    original = Location.overlaps

    def overlaps(self: Location, other: Location) -> bool:
        nonlocal compared
        compared += 1
        return original(self, other)

    monkeypatch.setattr(Location, "overlaps", overlaps)
    one = build_finding(FILE, 1)
    many = [
        replace(
            one,
            location=Location(path="app.py", side=Side.HEAD, start_line=n, end_line=n),
            fingerprint=f"{n:040x}",
        )
        for n in range(1, 10_001)
    ]
    assert len(merge(many, PERSONAS)) == 10_000
    assert compared < 20 * len(many)
