"""The plan: what is asked, in which order, by whom together, and never beyond the budget."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewer.domain.arrangement import (
    AskedRule,
    CacheTerms,
    Piece,
    Prices,
    Purpose,
    Question,
    pack,
)
from reviewer.domain.change import NotReviewedReason
from reviewer.domain.checklist import Verdict
from reviewer.domain.evidence import Decides, Evidence, EvidenceKind
from reviewer.domain.persona import Applies, Match, Rule, Wakes
from reviewer.domain.plan import (
    ELSEWHERE,
    NOT_ASKED,
    ONLY_A_PART,
    TOO_SMALL,
    Limits,
    Plan,
    ask_about,
    is_open,
    make_plan,
    open_rules,
)
from reviewer.testing.builders import (
    build_answer,
    build_change,
    build_file,
    build_persona,
    build_rule,
    build_scorecard,
    build_unreviewed_file,
)

ROOMY = Limits(output_tokens=2_000, context_tokens=200_000)
PRICES = Prices(
    fresh=Decimal(2), cache_read=Decimal("0.2"), cache_write=Decimal("2.5"), output=Decimal(10)
)


def question(persona: str, *paths: str, tokens: int = 900) -> Question:
    return Question(
        persona=persona,
        tokens=tokens,
        rules=(AskedRule(rule_id=f"{persona.upper()}001", tokens=50, paths=frozenset(paths)),),
    )


def plan(pieces: list[Piece], questions: list[Question], limits: Limits = ROOMY) -> Plan:
    return make_plan(pieces, questions, limits, system_tokens=1_000)


def test_a_model_of_unknown_price_is_bound_by_tokens_where_a_ceiling_has_some() -> None:
    # What holds without any configuration, against a server of one's own.
    usual = replace(ROOMY, run_tokens=1_000_000, run_dollars=Decimal("0.50"))
    pieces = [Piece(path=f"{index}.py", tokens=5_000) for index in range(6)]
    asked = [question("bug", *(piece.path for piece in pieces))]
    assert plan(pieces, asked, usual).left_out == ()
    assert plan(pieces, asked, replace(usual, run_tokens=None)).left_out


# What is asked ------------------------------------------------------------------------------------


def rule(*decides: Decides) -> Rule:
    evidence = tuple(Evidence(kind=EvidenceKind.RUFF, codes=("S6",), decides=d) for d in decides)
    return replace(build_rule("SEC001", "Be safe"), evidence=evidence)


@pytest.mark.parametrize(
    ("decides", "verdict", "still_open"),
    [
        ((), Verdict.NOT_ASSESSED, True),
        ((Decides.FAIL,), Verdict.NOT_ASSESSED, True),
        ((Decides.FAIL,), Verdict.FAIL, True),
        ((Decides.BOTH,), Verdict.NOT_ASSESSED, True),
        ((Decides.BOTH,), Verdict.PASS, False),
        ((Decides.BOTH,), Verdict.FAIL, False),
        ((Decides.BOTH, Decides.FAIL), Verdict.FAIL, False),
        ((), Verdict.NOT_APPLICABLE, False),
    ],
)
def test_only_what_tools_left_open_is_asked(
    decides: tuple[Decides, ...], verdict: Verdict, *, still_open: bool
) -> None:
    asked = rule(*decides)
    assert is_open(asked, build_answer(asked, "p", verdict)) is still_open


def test_a_rule_is_asked_only_about_files_that_it_speaks_about() -> None:
    python = replace(build_rule("PY001", "Type"), applies=Applies(languages=("python",)))
    docker = replace(build_rule("DK001", "Pin"), applies=Applies(paths=("Dockerfile",)))
    gone = replace(build_rule("GO001", "Check"), applies=Applies(languages=("go",)))
    persona = build_persona("p", python, docker, gone)
    change = build_change(
        build_file("a.py", after="x = 1\n"),
        build_file("Dockerfile", after="FROM x\n", language="dockerfile"),
    )
    card = build_scorecard(
        persona, *(build_answer(r, "p", Verdict.NOT_ASSESSED) for r in persona.rules)
    )
    assert [r.id for r in open_rules(persona, card, change)] == ["PY001", "DK001"]
    asked = ask_about(persona, card, change, tokens=100, rule_tokens=lambda _: 10)
    assert asked is not None
    assert [(r.rule_id, set(r.paths)) for r in asked.rules] == [
        ("PY001", {"a.py"}),
        ("DK001", {"Dockerfile"}),
    ]


@pytest.mark.holds("P32")
def test_a_persona_whose_rules_are_all_decided_is_not_asked() -> None:
    persona = build_persona("p", build_rule("A001", "Be"))
    card = build_scorecard(persona, build_answer(persona.rules[0], "p", Verdict.PASS))
    change = build_change(build_file("a.py", after="x = 1\n"))
    assert ask_about(persona, card, change, tokens=1, rule_tokens=lambda _: 1) is None


def test_the_generalist_hunts() -> None:
    persona = replace(
        build_persona("hunter", build_rule("B001", "Be right")),
        match=Match(wakes=Wakes.WITH_MODEL),
    )
    card = build_scorecard(persona, build_answer(persona.rules[0], "hunter", Verdict.NOT_ASSESSED))
    change = build_change(build_file("a.py", after="x = 1\n"))
    asked = ask_about(persona, card, change, tokens=1, rule_tokens=lambda _: 1)
    assert asked is not None
    assert asked.purpose is Purpose.HUNT


# Who shares ---------------------------------------------------------------------------------------


def test_personas_that_read_the_same_share_one_batch() -> None:
    pieces = [Piece(path="a.py", tokens=5_000), Piece(path="b.py", tokens=5_000)]
    made = plan(pieces, [question("a", "a.py", "b.py"), question("b", "a.py", "b.py")])
    (batch,) = made.batches
    assert [ask.persona for ask in batch.asks] == ["a", "b"]
    assert batch.cached
    assert made.estimate.review.cache_write == batch.tokens == made.estimate.review.cache_read


def test_a_persona_with_one_small_file_gets_it_alone_where_that_is_cheaper() -> None:
    pieces = [Piece(path="a.py", tokens=40_000), Piece(path="Dockerfile", tokens=200)]
    everything = ("a.py", "Dockerfile")
    made = plan(
        pieces,
        [question("a", *everything), question("b", *everything), question("c", "Dockerfile")],
    )
    assert [(batch.paths, [ask.persona for ask in batch.asks]) for batch in made.batches] == [
        (("a.py", "Dockerfile"), ["a", "b"]),
        (("Dockerfile",), ["c"]),
    ]


def test_the_same_persona_shares_where_the_batch_is_small() -> None:
    pieces = [Piece(path="a.py", tokens=2_000), Piece(path="Dockerfile", tokens=200)]
    made = plan(pieces, [question("a", "a.py", "Dockerfile"), question("c", "Dockerfile")])
    assert len(made.batches) == 1


def test_without_a_cache_everybody_gets_what_concerns_them() -> None:
    pieces = [Piece(path="a.py", tokens=9_000), Piece(path="b.py", tokens=9_000)]
    made = make_plan(
        pieces,
        [question("a", "a.py"), question("b", "b.py")],
        ROOMY,
        system_tokens=1_000,
        cache=CacheTerms(least_tokens=None),
    )
    assert [batch.paths for batch in made.batches] == [("a.py",), ("b.py",)]
    assert made.estimate.review.cache_write == 0


def test_starting_all_at_once_reads_nothing_from_the_cache() -> None:
    made = make_plan(
        [Piece(path="a.py", tokens=5_000)],
        [question("a", "a.py"), question("b", "a.py")],
        ROOMY,
        system_tokens=1_000,
        cache=CacheTerms(waits=False),
    )
    assert made.estimate.review.cache_read == 0
    assert made.estimate.review.cache_write == 2 * made.batches[0].tokens


def test_all_rules_of_a_persona_go_in_one_request() -> None:
    rules = tuple(AskedRule(rule_id=f"A{n}", tokens=50, paths=frozenset({"a.py"})) for n in "123")
    made = plan([Piece(path="a.py", tokens=10)], [Question(persona="a", tokens=900, rules=rules)])
    ((ask,),) = [batch.asks for batch in made.batches]
    assert ask.rules == ("A1", "A2", "A3")
    assert ask.tokens == 1_050


# What does not fit --------------------------------------------------------------------------------


@pytest.mark.holds("P06")
def test_what_the_model_cannot_hold_is_left_out_with_the_reason() -> None:
    pieces = [Piece(path="a.py", tokens=500_000), Piece(path="b.py", tokens=10)]
    made = plan(pieces, [question("a", "a.py", "b.py")])
    assert [(entry.path, entry.reason) for entry in made.left_out] == [("a.py", TOO_SMALL)]
    assert made.batches[0].paths == ("b.py",)


@pytest.mark.holds("P06")
def test_one_huge_file_does_not_block_the_small_ones_behind_it() -> None:
    pieces = [
        Piece(path="first.py", tokens=3_000),
        Piece(path="huge.py", tokens=30_000),
        Piece(path="last.py", tokens=3_000),
    ]
    limits = replace(ROOMY, run_tokens=25_000)
    made = plan(pieces, [question("a", "first.py", "huge.py", "last.py")], limits)
    assert made.batches[0].paths == ("first.py", "last.py")
    assert [(entry.path, entry.reason) for entry in made.left_out] == [
        ("huge.py", "the ceiling of 25,000 tokens per run is reached")
    ]


@pytest.mark.holds("P13")
def test_a_ceiling_in_money_holds_by_prices_and_without_them_by_tokens() -> None:
    pieces = [Piece(path=f"{n}.py", tokens=20_000) for n in range(9)]
    asked = [question("a", *(piece.path for piece in pieces))]
    limits = replace(ROOMY, run_dollars=Decimal("0.30"))
    priced = make_plan(pieces, asked, limits, system_tokens=1_000, prices=PRICES)
    assert priced.left_out
    assert priced.left_out[0].reason == "the ceiling of $0.30 per run is reached"
    assert priced.estimate.dollars is not None
    assert priced.estimate.dollars <= Decimal("0.30")
    unpriced = plan(pieces, asked, replace(ROOMY, run_dollars=Decimal(2)))
    assert unpriced.estimate.dollars is None
    assert unpriced.left_out[0].reason == "the ceiling of 40,000 tokens per run is reached"


def test_parts_that_do_not_fit_are_named_by_their_number() -> None:
    pieces = [Piece(path="a.py", part=n, tokens=10_000) for n in (1, 2, 3)]
    made = plan(pieces, [question("a", "a.py")], replace(ROOMY, run_tokens=30_000))
    assert [(entry.path, entry.part) for entry in made.left_out] == [("a.py", 2), ("a.py", 3)]


def test_files_that_no_rule_speaks_about_are_listed_and_are_no_gap() -> None:
    pieces = [Piece(path="a.py", tokens=9), Piece(path="b.md", tokens=9)]
    made = plan(pieces, [question("a", "a.py")])
    assert made.not_asked == ("b.md",)
    assert made.left_out == ()


def test_nothing_to_ask_makes_an_empty_plan() -> None:
    assert plan([Piece(path="a.py", tokens=9)], []).batches == ()


def test_a_model_that_holds_nothing_leaves_everything_out() -> None:
    made = plan(
        [Piece(path="a.py", tokens=9)],
        [question("a", "a.py")],
        Limits(output_tokens=8_000, context_tokens=4_096),
    )
    assert made.batches == ()
    assert [entry.path for entry in made.left_out] == ["a.py"]


@pytest.mark.holds("P06")
def test_each_batch_knows_what_it_does_not_show() -> None:
    change = build_change(
        *(build_file(path, after="x = 1\n") for path in ("a.py", "b.py", "c.py", "d.py")),
        build_unreviewed_file("uv.lock", NotReviewedReason.LOCK_FILE),
    )
    pieces = [
        Piece(path="a.py", tokens=50_000),
        Piece(path="b.py", part=1, tokens=9_000),
        Piece(path="b.py", part=2, tokens=55_000),
        Piece(path="c.py", tokens=900_000),
        Piece(path="d.py", tokens=10),
    ]
    made = plan(pieces, [question("a", "a.py", "b.py", "c.py")])
    assert [batch.paths for batch in made.batches] == [("a.py", "b.py"), ("b.py",)]
    assert dict(made.not_shown(change, made.batches[0])) == {
        "b.py": ONLY_A_PART,
        "c.py": TOO_SMALL,
        "d.py": NOT_ASKED,
        "uv.lock": "lock file",
    }
    assert dict(made.not_shown(change, made.batches[1]))["a.py"] == ELSEWHERE


def test_money_of_verifying_and_repairing_is_listed_apart() -> None:
    made = make_plan(
        [Piece(path="a.py", tokens=5_000)],
        [question("a", "a.py")],
        ROOMY,
        system_tokens=1_000,
        prices=PRICES,
    )
    estimate = made.estimate
    assert estimate.calls == 1
    assert estimate.dollars == PRICES.of(estimate.review)
    assert estimate.verify_dollars == PRICES.of(estimate.verify)
    assert estimate.repair_dollars == PRICES.of(estimate.repair)


def test_packing_never_displaces_a_piece_by_one_of_less_risk() -> None:
    pieces = [Piece(path=str(n), tokens=t) for n, t in enumerate((6, 5, 4, 5))]
    assert [[p.tokens for p in packed] for packed in pack(pieces, 10)] == [[6, 4], [5, 5]]


# Laws ---------------------------------------------------------------------------------------------

PATHS = [f"{n}.py" for n in range(12)]
PIECES = st.lists(
    st.builds(
        Piece,
        path=st.sampled_from(PATHS),
        tokens=st.integers(1, 70_000),
        part=st.integers(1, 3),
    ),
    unique_by=lambda piece: (piece.path, piece.part),
    max_size=16,
)
QUESTIONS = st.lists(
    st.tuples(
        st.sampled_from("abcde"),
        st.lists(st.frozensets(st.sampled_from(PATHS), min_size=1), min_size=1, max_size=3),
    ),
    unique_by=lambda entry: entry[0],
    max_size=4,
).map(
    lambda entries: [
        Question(
            persona=name,
            tokens=900,
            rules=tuple(
                AskedRule(rule_id=f"{name}{n}", tokens=50, paths=paths)
                for n, paths in enumerate(sets)
            ),
        )
        for name, sets in entries
    ]
)
LIMITS = st.builds(
    Limits,
    output_tokens=st.just(4_000),
    context_tokens=st.sampled_from([None, 32_000, 200_000]),
    call_tokens=st.sampled_from([None, 40_000]),
    run_tokens=st.one_of(st.none(), st.integers(0, 400_000)),
    run_dollars=st.one_of(st.none(), st.decimals(0, 2, places=2)),
)
TERMS = st.builds(CacheTerms, least_tokens=st.sampled_from([None, 512, 4_096]), waits=st.booleans())


@pytest.mark.holds("P06")
@settings(max_examples=150, deadline=None, derandomize=True)
@given(PIECES, QUESTIONS, LIMITS, TERMS, st.sampled_from([None, PRICES]))
def test_every_plan_is_complete_in_order_within_budget_and_the_same_again(
    pieces: list[Piece],
    questions: list[Question],
    limits: Limits,
    terms: CacheTerms,
    prices: Prices | None,
) -> None:
    def make() -> Plan:
        return make_plan(pieces, questions, limits, system_tokens=1_000, cache=terms, prices=prices)

    made = make()
    assert made == make()
    out = {(entry.path, entry.part) for entry in made.left_out}
    rank = {piece: index for index, piece in enumerate(pieces)}
    for asked in questions:
        theirs = [
            batch for batch in made.batches if any(a.persona == asked.persona for a in batch.asks)
        ]
        for piece in pieces:
            if piece.path not in asked.paths:
                continue
            left_out = (piece.path, piece.part) in out or (piece.path, None) in out
            shown = sum(piece in batch.pieces for batch in theirs)
            # A piece is shown once or named, never both, never neither.
            assert shown == (0 if left_out else 1)
            for each in asked.rules:
                times = sum(
                    each.rule_id in ask.rules and piece.path in ask.paths[each.rule_id]
                    for batch in theirs
                    if piece in batch.pieces
                    for ask in batch.asks
                )
                assert times == (piece.path in each.paths and not left_out)
    for batch in made.batches:
        assert [rank[p] for p in batch.pieces] == sorted(rank[p] for p in batch.pieces)
        assert len({ask.persona for ask in batch.asks}) == len(batch.asks) > 0
        largest = batch.tokens + max(ask.tokens for ask in batch.asks) + limits.output_tokens
        assert largest <= (limits.context_tokens or 16_384)
        assert largest <= (limits.call_tokens or largest)
    firsts = [rank[batch.pieces[0]] for batch in made.batches]
    assert firsts == sorted(firsts)
    total = made.estimate.review.total + made.estimate.verify.total
    assert total <= (total if limits.run_tokens is None else limits.run_tokens)
    if limits.run_dollars is not None and prices is not None:
        assert prices.of(made.estimate.review + made.estimate.verify) <= limits.run_dollars
