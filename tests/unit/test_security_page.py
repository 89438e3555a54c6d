"""The page about security says what holds, where, and by which tests; and it says so truly."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from docs.generate import security
from docs.held_tests import HeldTest, collect_tests, read_marks
from docs.security_page import Item, threat_model
from tests.guards import ROOT

MODEL = threat_model()
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_the_page_is_current() -> None:
    assert security() == PAGE, "make docs"


def test_every_item_has_its_number_and_no_other() -> None:
    assert [each.id for each in MODEL.invariant] == [f"S{n}" for n in range(1, 23)]
    assert [each.id for each in MODEL.pain] == [f"P{n:02}" for n in range(1, 33)]
    inputs = [each.id for each in MODEL.input]
    assert inputs == sorted(set(inputs))
    assert all(re.fullmatch(r"R\d\d", name) for name in inputs)


@pytest.mark.parametrize("item", MODEL.items, ids=lambda item: item.id)
def test_every_item_is_held_by_a_test_or_says_why_none_can(item: Item) -> None:
    held = any(item.id in test.ids for test in collect_tests(ROOT))
    assert held != bool(item.unheld)


def test_no_mark_names_what_nobody_defined() -> None:
    known = {item.id for item in MODEL.items}
    tests = collect_tests(ROOT)
    wrong = [(test.path, test.name) for test in tests if not known.issuperset(test.ids)]
    assert wrong == []


def test_every_invariant_names_our_modules_that_see_to_it() -> None:
    for each in MODEL.invariant:
        # What we install is seen to by locks, workflows and the image, which the page names itself.
        assert each.where or each.id == "S18", each.id
        for path in each.where:
            assert path.startswith("reviewer/"), path
            assert (ROOT / path).is_file(), path


def test_every_link_of_the_page_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", PAGE):
        assert (ROOT / "docs" / target).resolve().exists(), target


def test_the_code_refers_to_items_that_the_page_has() -> None:
    known = {item.id for item in MODEL.items}
    for path in (ROOT / "reviewer").rglob("*.py"):
        for place in re.findall(r"security\.md[^)\n]*", path.read_text(encoding="utf-8")):
            assert set(re.findall(r"\b[SRP]\d+\b", place)) <= known, path


def test_the_policy_of_reporting_names_the_page_and_no_person() -> None:
    policy = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "docs/security.md#what-is-not-defended" in policy
    assert "\n## What is not defended\n" in PAGE
    assert "/security/advisories/new" in policy
    assert not re.search(r"\S+@\S+\.\w+", policy), "an address of mail that nobody promised to read"


# --- how marks are found -------------------------------------------------------------------------


def _found(source: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield from ((test.name, test.ids) for test in read_marks(source, "tests/test_x.py"))


_SOURCE = """
import pytest

CASES = [pytest.param(1, marks=pytest.mark.holds("R03")), 2]


@pytest.mark.holds("S1", "S2")
@pytest.mark.parametrize("case", CASES)
async def test_one(case): ...


def test_nothing(): ...


@pytest.mark.parametrize("case", [pytest.param(1, marks=[pytest.mark.holds("R04")])])
def test_parameters(case): ...


@pytest.mark.holds("S3")
class TestMany:
    @pytest.mark.holds("S4", "S3")
    def test_inside(self): ...

    def helper(self): ...


@pytest.mark.holds("S9")
def no_test(): ...
"""


def test_marks_are_found_on_tests_classes_and_parameters() -> None:
    assert list(_found(_SOURCE)) == [
        ("test_one", ("S1", "S2", "R03")),
        ("test_parameters", ("R04",)),
        ("test_inside", ("S4", "S3")),
    ]


@pytest.mark.parametrize(
    "mark", ['pytest.mark.holds("P01")', '[pytest.mark.loopback, pytest.mark.holds("P01")]']
)
def test_a_mark_of_the_module_counts_for_every_test(mark: str) -> None:
    found = list(_found(f"{_SOURCE}\n\npytestmark = {mark}\n"))
    assert ("test_nothing", ("P01",)) in found
    assert all("P01" in ids for _, ids in found)


@pytest.mark.parametrize("given", ["IDS[0]", "*IDS", "f'S{1}'", "1"])
def test_an_id_that_is_not_written_out_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match=r"tests/test_x\.py:1: an id"):
        read_marks(f"@pytest.mark.holds({given})\ndef test_x(): ...\n", "tests/test_x.py")


def test_a_name_is_shown_as_the_sentence_that_it_is() -> None:
    test = HeldTest(path="tests/test_x.py", name="test_a_user_s_key_stays_a_key", ids=("S1",))
    assert test.sentence == "a user's key stays a key"
