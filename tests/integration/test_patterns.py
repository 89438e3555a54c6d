"""Structural patterns: what they find, on which lines, and what must not break them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reviewer.adapters.patterns.examiner import LANGUAGES, PatternExaminer, check_pattern
from reviewer.domain.change import FileChange
from reviewer.domain.evidence import Evidence, EvidenceKind, Examination, Pattern
from reviewer.testing.builders import build_change, build_file


def evidence(rule: Mapping[str, object], code: str = "T/x", language: str = "python") -> Evidence:
    pattern = Pattern(code=code, language=language, rule=rule)
    return Evidence(kind=EvidenceKind.PATTERN, codes=(code,), pattern=pattern)


async def look(file: FileChange, *asked: Evidence) -> Examination:
    return await PatternExaminer().examine(build_change(file), asked)


def lines(seen: Examination) -> list[tuple[str, int | None, int | None]]:
    return [(hit.code, hit.start_line, hit.end_line) for hit in seen.hits]


EVAL = evidence({"pattern": "eval($A)"}, "T/eval")
FUNCTION = evidence({"kind": "function_definition"}, "T/function")


async def test_several_patterns_may_name_one_node() -> None:
    seen = await look(
        build_file("a.py", after="eval(x)\n"), EVAL, evidence({"kind": "call"}, "T/call")
    )
    assert sorted(lines(seen)) == [("T/call", 1, 1), ("T/eval", 1, 1)]


async def test_lines_are_right_after_characters_of_any_width_and_any_line_end() -> None:
    file = build_file("a.py", after="x = '😀 ü'; y = 1\r\n\r\nz = '𝒳'; eval(x)\r\n")
    assert lines(await look(file, EVAL)) == [("T/eval", 3, 3)]


async def test_a_statement_with_a_body_is_told_by_what_is_before_it() -> None:
    text = "@decorated\ndef f(\n    a,\n):\n    return 1\n\n\ndef g(): return 2\n"
    assert lines(await look(build_file("a.py", after=text), FUNCTION)) == [
        ("T/function", 2, 4),
        ("T/function", 8, 8),
    ]


async def test_a_change_inside_an_old_body_is_no_hit() -> None:
    file = build_file("a.py", before="def f():\n    a()\n", after="def f():\n    b()\n")
    assert lines(await look(file, FUNCTION)) == []


async def test_a_call_is_told_by_all_of_its_lines() -> None:
    file = build_file("a.py", after="eval(\n    x\n)\n")
    assert lines(await look(file, EVAL)) == [("T/eval", 1, 3)]


async def test_other_languages_work_alike() -> None:
    asked = evidence({"pattern": "eval($A)"}, language="javascript")
    file = build_file("a.js", after="let a = 1\neval(a)\n", language="javascript")
    assert lines(await look(file, asked)) == [("T/x", 2, 2)]


async def test_files_in_other_languages_are_not_parsed() -> None:
    file = build_file("a.js", after="eval(a)\n", language="javascript")
    assert await look(file, EVAL) == Examination()


async def test_terraform_goes_by_the_name_of_its_grammar() -> None:
    asked = evidence({"kind": "block"}, language="terraform")
    file = build_file("m.tf", after='resource "a" "b" {\n}\n', language="terraform")
    assert [code for code, *_ in lines(await look(file, asked))] == ["T/x"]


@pytest.mark.parametrize("language", sorted(LANGUAGES))
async def test_every_known_language_can_be_parsed(language: str) -> None:
    asked = evidence({"regex": "nothing"}, language=language)
    seen = await look(build_file("x", after="a\n", language=language), asked)
    assert not seen.hits


async def test_a_language_that_ast_grep_does_not_know_is_a_gap() -> None:
    asked = evidence({"pattern": "FROM $A"}, language="dockerfile")
    seen = await look(build_file("Dockerfile", after="FROM a\n", language="dockerfile"), asked)
    assert [(gap.code, gap.reason) for gap in seen.unexamined] == [
        ("T/x", "ast-grep does not parse dockerfile")
    ]


@pytest.mark.parametrize("text", ["x = (((\n", "\x00\x01\x02\n", "<<<<<<< HEAD\n>>>>>>> b\n"])
async def test_a_file_that_is_mostly_no_code_is_unexamined(text: str) -> None:
    seen = await look(build_file("a.py", after=text), EVAL)
    assert [(gap.path, gap.reason) for gap in seen.unexamined] == [("a.py", "does not parse")]


async def test_a_small_error_does_not_hide_the_rest() -> None:
    text = "%magic\n" + "x = 1\n" * 20 + "eval(x)\n"
    assert lines(await look(build_file("a.py", after=text), EVAL)) == [("T/eval", 22, 22)]


@pytest.mark.holds("S19")
@pytest.mark.parametrize(
    "text",
    [
        "x = a" + ".b" * 50_000,
        "x = " + "[" * 50_000 + "]" * 50_000,
        "x = " + "-" * 50_000 + "1",
        "x = " + "lambda: " * 20_000 + "1",
        "x = (" + "1 +\n" * 20_000 + "1)",
    ],
    ids=["attributes", "lists", "signs", "lambdas", "sums"],
)
async def test_nothing_is_nested_deeply_enough_to_hold_us_up(text: str) -> None:
    asked = evidence(
        {"kind": "identifier", "inside": {"kind": "class_definition", "stopBy": "end"}}
    )
    seen = await look(build_file("a.py", after=f"{text}\n"), asked)
    assert [gap.reason for gap in seen.unexamined] in (["nested too deeply"], ["does not parse"])


async def test_a_pattern_that_is_wrong_spoils_no_other() -> None:
    wrong = evidence({"kind": "no_such_kind"}, "T/wrong")
    seen = await look(build_file("a.py", after="eval(x)\n"), wrong, EVAL)
    assert [code for code, *_ in lines(seen)] == ["T/eval"]
    assert [gap.code for gap in seen.unexamined] == ["T/wrong"]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"kind": "no_such_kind"}, "no_such_kind"),
        ({"regex": "("}, "regex"),
        ({"foo": "bar"}, "unknown field `foo`"),
        ({"pattern": "f("}, "`f(` is not python"),
        ({"any": [{"pattern": "f("}, {"pattern": "g()"}]}, "`f(` is not python"),
        ({"pattern": "a b"}, "Multiple AST nodes"),
        ({"pattern": 3}, "PatternStyle"),
        ({"not": {"kind": "call"}, "inside": {"kind": "module", "stopBy": "x"}}, "unknown variant"),
        ({"matches": "other"}, "not defined"),
        ({}, "positive matcher"),
    ],
)
def test_a_wrong_rule_is_told_in_one_line(rule: Mapping[str, object], words: str) -> None:
    said = check_pattern(Pattern(code="T/x", language="python", rule=rule))
    assert said is not None
    assert "\n" not in said
    assert words.lower() in said.lower()


@pytest.mark.parametrize(
    "rule",
    [
        {"pattern": "eval($A, $$$REST)"},
        {"pattern": {"context": "class A:\n  $X: int = $Y", "selector": "assignment"}},
        {"any": [{"pattern": "$X.run($$$, shell=True, $$$)"}, {"kind": "call"}]},
    ],
)
def test_a_good_rule_is_accepted(rule: Mapping[str, object]) -> None:
    assert check_pattern(Pattern(code="T/x", language="python", rule=rule)) is None


def test_a_rule_for_an_unknown_language_is_told() -> None:
    said = check_pattern(Pattern(code="T/x", language="cobol", rule={"pattern": "a"}))
    assert said == "ast-grep does not parse cobol"
