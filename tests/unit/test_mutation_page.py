"""The page of the mutation run: shares, the interval of a sample, a reason for each survivor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.guards import ROOT
from tests.mutation.mutants import Mutant, function_code, load, save
from tests.mutation.verdicts import Outcome, page, read_verdicts, reasons, summary, survivors


def a_mutant(number: int, *change: str, path: str = "reviewer/domain/glob.py") -> Mutant:
    return Mutant(
        name=f"{path}::matches#{number}",
        path=path,
        function="matches",
        first=1,
        last=9,
        line=number,
        change=change or ("- a < b", "+ a <= b"),
        source=f"def matches():\n    return {number}\n",
    )


def an_outcome(verdicts: str, *, whole: bool = False) -> Outcome:
    mutants = [a_mutant(number) for number in range(len(verdicts))]
    words = {"k": "killed", "t": "timeout", "s": "survived", "u": "untested"}
    return Outcome(
        mutants=mutants,
        whole=frozenset({"reviewer/domain/glob.py"} if whole else ()),
        possible=1_000,
        verdicts={m.digest: words[v] for m, v in zip(mutants, verdicts, strict=True)},
    )


def test_a_hang_counts_as_killed_and_what_no_test_reaches_as_survived() -> None:
    outcome = an_outcome("kkktsu", whole=True)
    assert outcome.shares == pytest.approx((4 / 6, 1.0))
    assert [mutant.line for mutant in outcome.survivors()] == [4, 5]
    assert "every one of the 6 mutants in 1 files was tried: 66.7 % killed" in summary(outcome)


def test_a_sample_tells_how_far_it_can_be_trusted() -> None:
    text = summary(an_outcome("k" * 90 + "s" * 10))
    # Wilson's interval for 90 of 100, as tables have it.
    assert "100 of the other 1,000, drawn by chance: 90.0 % killed" in text
    assert "82.6 % to 94.5 %" in text


def test_of_a_mutant_that_was_tried_again_the_last_verdict_counts(tmp_path: Path) -> None:
    file = tmp_path / "verdicts"
    assert read_verdicts(file) == {}
    rows: list[dict[str, object]] = [{"tests": 3}]
    rows += [
        {"name": "a", "digest": "d", "control": False, "verdict": verdict, "killer": ""}
        for verdict in ("survived", "killed")
    ]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    assert read_verdicts(file) == {"d": "killed"}
    assert read_verdicts(file, keep=("survived",)) == {}


def test_a_run_is_void_where_a_test_failed_without_a_mutant(tmp_path: Path) -> None:
    file = tmp_path / "verdicts"
    row = {"name": "a", "digest": "d", "control": True, "verdict": "killed", "killer": "test_x"}
    file.write_text(json.dumps(row))
    with pytest.raises(SystemExit, match="a run without a mutant failed: test_x"):
        read_verdicts(file)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('- raise X("a b")', '+ raise X("XXa bXX")'), "wording: "),
        (('- raise X("A b")', '+ raise X("a b")'), "wording: "),
        (('- x(text or "")', '+ x(text or "XXXX")'), "a fallback "),
        (("- line[:2000]", "+ line[:2001]"), "a limit on work"),
        (("- line[:20]", "+ line[:21]"), "no test tells the two apart"),
        (("- a < b", "+ a <= b"), "no test tells the two apart"),
    ],
)
def test_the_kind_of_a_survivor_is_told(change: tuple[str, ...], words: str) -> None:
    mutant = a_mutant(1, *change)
    outcome = Outcome(
        mutants=[mutant], whole=frozenset(), possible=1, verdicts={mutant.digest: "survived"}
    )
    assert f"[{words}" in survivors(outcome)
    written = page(outcome, command="make mutation", remark="One was looked at twice.")
    assert "One was looked at twice." in written
    assert f"matches, line 1: {words}" in written
    assert "\n".join(change) in written


def test_every_reason_is_about_code_that_exists() -> None:
    for reason in reasons():
        assert reason.keys() <= {"module", "function", "change", "why"}
        assert reason["why"]
        if "module" in reason:
            text = (ROOT / reason["module"]).read_text(encoding="utf-8")
            name = reason.get("function", "").rpartition(".")[2]
            assert not name or f"def {name}(" in text, reason


def test_mutants_survive_the_way_to_the_process_that_tries_them(tmp_path: Path) -> None:
    mutants = [a_mutant(1), a_mutant(2)]
    save(mutants, tmp_path / "mutants")
    assert load(tmp_path / "mutants") == mutants
    assert function_code(mutants[1].source, "x.py", "matches").co_consts[-1] == 2
