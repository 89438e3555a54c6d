"""The choice of personas: bounded, explained, and the same in any order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.change import Change, FileChange, NotReviewed, NotReviewedReason
from reviewer.domain.persona import AddedLine, FileKindSignal, Match, SignalSet, Wakes
from reviewer.domain.selection import ChoiceKind, Selection, SignalKind, select
from reviewer.domain.signal_search import LONGEST_LINE
from reviewer.testing.builders import build_change
from tests.unit.selection_example import CATALOGUE, PLAIN, choice, edited, moved, new, persona


class TestTheBound:
    BUSY = (
        new(
            "app/api.py",
            "import logging\nfrom fastapi import FastAPI\n@app.post('/a')\nasync def a():\n"
            "    subprocess.run(pickle.loads(a))\n    logging.info('a')\n",
        ),
        new("tests/test_api.py", "def test_a():\n    assert True\n"),
        new("Dockerfile", "FROM a\n"),
        new(".github/workflows/ci.yml", "on: push\n"),
        edited("requirements.txt", "httpx==1\n", "httpx==1\nredis==5\n"),
    )

    def test_four_personas_review_and_the_rest_would_also_apply(self) -> None:
        selection = select(build_change(*self.BUSY), CATALOGUE)
        assert len(selection.chosen) == 4
        beyond = [c for c in selection.choices if c.reason.startswith("beyond the limit of 4: ")]
        assert len(beyond) == 4
        assert {c.kind for c in beyond} == {ChoiceKind.WOULD_ALSO_APPLY}

    def test_those_with_most_distinct_evidence_stay(self) -> None:
        selection = select(build_change(*self.BUSY), CATALOGUE, limit=1)
        assert selection.chosen == ("security-sentinel",)

    def test_equal_evidence_keeps_the_order_of_the_catalogue(self) -> None:
        pair = [persona(name, languages=("python",)) for name in ("zulu", "alpha")]
        change = build_change(new("a.py", PLAIN))
        assert select(change, pair, limit=1).chosen == ("zulu",)
        assert select(change, pair[::-1], limit=1).chosen == ("alpha",)

    def test_the_limit_may_be_none_at_all(self) -> None:
        assert select(build_change(*self.BUSY), CATALOGUE, limit=0).chosen == ()


class TestAsked:
    def test_exactly_what_was_asked_for_is_chosen_in_that_order(self) -> None:
        change = build_change(new("README.md", "Hello\n"))
        selection = select(
            change,
            CATALOGUE,
            requested=("observer", "type-guardian", "observer"),
            model_configured=True,
        )
        assert selection.chosen == ("observer", "type-guardian")
        assert {c.reason for c in selection.of(ChoiceKind.CHOSEN)} == {"asked for"}
        assert {c.reason for c in selection.of(ChoiceKind.NOT_CHOSEN)} == {"others were asked for"}

    def test_what_speaks_for_it_is_still_shown(self) -> None:
        change = build_change(new("a.py", PLAIN))
        (decided, *_) = select(change, CATALOGUE, requested=("type-guardian",)).choices
        assert decided.signals[0].detail == "is Python source"

    def test_even_the_planner(self) -> None:
        change = build_change(new("a.py", PLAIN))
        asked = select(change, CATALOGUE, requested=("systems-architect",))
        assert asked.chosen == ("systems-architect",)
        assert choice("systems-architect", new("a.py", PLAIN)).reason == "only when asked for"

    def test_an_unknown_name_is_a_fault_of_the_caller(self) -> None:
        with pytest.raises(ValueError, match="not in the catalogue: nobody"):
            select(build_change(), CATALOGUE, requested=("nobody",))


class TestSignals:
    def test_every_persona_of_the_catalogue_says_what_it_misses(self) -> None:
        for each in CATALOGUE:
            assert each.match.absent or each.match.wakes is Wakes.WHEN_ASKED

    def test_every_choice_has_a_reason_and_chosen_ones_a_strong_signal(self) -> None:
        selection = select(build_change(*TestTheBound.BUSY), CATALOGUE)
        assert all(c.reason for c in selection.choices)
        for decided in selection.of(ChoiceKind.CHOSEN):
            assert decided.signals[0].strong

    def test_a_path_and_a_word_wake_a_persona_of_a_repository(self) -> None:
        payments = persona("payments", paths=("billing/**",), words=("Invoice(",))
        file = new("billing/run.py", "a = 1\nb = Invoice(1)\n")
        (decided,) = select(build_change(file), [payments]).choices
        assert decided.reason == (
            "`billing/run.py:2` holds Invoice(, `billing/run.py` matches billing/**"
        )
        assert {s.kind for s in decided.signals} == {SignalKind.PATH, SignalKind.WORD}

    def test_words_are_literal_and_keep_their_case(self) -> None:
        payments = persona("payments", words=("Inv.ice",))
        (decided,) = select(build_change(new("a.py", "invoice\nInvoice\n")), [payments]).choices
        assert decided.reason == "nothing in the change speaks for it"

    def test_a_signal_that_is_strong_is_not_told_again_as_weak(self) -> None:
        both = persona("both", languages=("go",), weak=SignalSet(languages=("go",)))
        (decided,) = select(build_change(new("a.go", "a := 1\n")), [both]).choices
        assert [s.strong for s in decided.signals] == [True]

    def test_excluded_files_give_no_signal(self) -> None:
        match = Match(strong=SignalSet(languages=("python",)), exclude=("gen/**",))
        each = replace(persona("each"), match=match)
        assert select(build_change(new("gen/a.py", PLAIN)), [each]).chosen == ()
        assert select(build_change(new("src/a.py", PLAIN)), [each]).chosen == ("each",)

    def test_a_kind_of_file_may_ask_for_a_language_and_for_a_new_file(self) -> None:
        kind = FileKindSignal(
            means="order", paths=("orders/**",), languages=("python",), created=True
        )
        each = persona("each", files=(kind,))
        assert select(build_change(new("orders/a.py", PLAIN)), [each]).chosen == ("each",)
        assert select(build_change(new("orders/a.css", "a {}\n")), [each]).chosen == ()
        old = edited("orders/a.py", "x = 1\n", "x = 2\n")
        assert select(build_change(old), [each]).chosen == ()

    def test_an_added_line_may_ask_for_a_path_and_for_a_language(self) -> None:
        line = AddedLine(regex="total", means="sums", languages=("*",), paths=("src/**",))
        each = persona("each", added=(line,))
        assert select(build_change(new("src/a.go", "total := 1\n")), [each]).chosen == ("each",)
        assert select(build_change(new("src/a.json", '"total"\n')), [each]).chosen == ()
        assert select(build_change(new("lib/a.go", "total := 1\n")), [each]).chosen == ()

    def test_several_lines_of_one_meaning_are_told_once_a_file(self) -> None:
        each = persona("each", added=(AddedLine(regex="total", means="sums"),))
        files = [new(f"{name}.py", "total = 1\ntotal = 2\n") for name in "ab"]
        (decided,) = select(build_change(*files), [each]).choices
        assert decided.reason == "`a.py:1` sums (and 1 more)"
        assert [s.line for s in decided.signals] == [1, 1]

    def test_what_lies_beyond_the_cut_of_a_long_line_is_not_seen(self) -> None:
        each = persona("each", added=(AddedLine(regex="total", means="sums"),))
        near, far = (" " * count + "total\n" for count in (LONGEST_LINE - 5, LONGEST_LINE))
        assert select(build_change(new("a.py", near)), [each]).chosen == ("each",)
        assert select(build_change(new("a.py", far)), [each]).chosen == ()

    def test_a_hostile_path_cannot_leave_its_backticks(self) -> None:
        decided = choice("type-guardian", new("a`b\n.py", PLAIN))
        assert decided.kind is ChoiceKind.CHOSEN
        path = choice("async-maestro", new("a`b\n.py", "import httpx\n")).reason
        assert path == "`a?b?.py:1` imports httpx"

    def test_characters_that_change_length_in_lower_case_move_no_line(self) -> None:
        each = persona("each", added=(AddedLine(regex="total", means="sums"),))
        text = "İİİİİİİİ\nx\ntotal = 1\n"
        (decided,) = select(build_change(new("a.py", text)), [each]).choices
        assert decided.signals[0].line == 3


FILES = st.lists(
    st.sampled_from(
        [
            new("app/api.py", "from fastapi import FastAPI\nos.system('a')\n"),
            new("app/log.py", "logger.info('a')\n"),
            new("tests/test_api.py", "def test_a():\n    assert True\n"),
            new("Dockerfile", "FROM a\n"),
            new(".github/workflows/ci.yml", "permissions: write-all\n"),
            new("main.go", 'exec.Command("a")\n'),
            new("train.py", "import torch\n"),
            edited("requirements.txt", "", "redis==5\n"),
            moved("app/db/store.py", "app/store.py"),
            new("shop/migrations/0001_a.py", "operations = []\n"),
            new("data.json", "{}\n"),
        ]
    ),
    unique_by=lambda file: file.path,
)


def decisions(selection: Selection) -> list[tuple[str, ChoiceKind, str]]:
    return [(c.persona, c.kind, c.reason) for c in selection.choices]


@given(files=FILES, seed=st.randoms(use_true_random=False))
def test_the_order_of_the_files_changes_nothing(files: list[FileChange], seed: object) -> None:
    shuffled = list(files)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = (
        select(build_change(*order), CATALOGUE, model_configured=True)
        for order in (files, shuffled)
    )
    assert first == second


@given(files=FILES, model=st.booleans())
def test_a_file_of_prose_changes_nothing(
    files: list[FileChange],
    model: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    prose = new("docs/how.md", "import torch and subprocess.run\n")
    without, with_prose = (
        select(build_change(*all_files), CATALOGUE, model_configured=model)
        for all_files in (files, [*files, prose])
    )
    assert decisions(without) == decisions(with_prose)


@given(files=FILES, limit=st.integers(min_value=0, max_value=9), model=st.booleans())
def test_every_persona_is_decided_about_once_and_never_more_than_the_limit(
    files: list[FileChange],
    limit: int,
    model: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    selection = select(build_change(*files), CATALOGUE, limit=limit, model_configured=model)
    assert sorted(c.persona for c in selection.choices) == sorted(p.name for p in CATALOGUE)
    assert len([name for name in selection.chosen if name != "bug-hunter"]) <= limit
    assert "systems-architect" not in selection.chosen


def test_a_not_reviewed_file_gives_no_signal() -> None:
    reason = NotReviewed(reason=NotReviewedReason.VENDORED)
    vendored = replace(new("vendor/a.py", "import torch\n"), not_reviewed=reason)
    assert select(Change(base="a", head="b", files=(vendored,)), CATALOGUE).chosen == ()
