"""The secret scanner looks at added lines only, names the kind, and never tells the value."""

from __future__ import annotations

import pytest

from reviewer.adapters.secrets.examiner import SecretExaminer
from reviewer.domain.change import NotReviewed, NotReviewedReason
from reviewer.domain.evidence import Evidence, EvidenceKind, Examination
from reviewer.testing.builders import build_change, build_file
from tests.unit.test_secret_pattern import SAMPLES

ANY = Evidence(kind=EvidenceKind.SECRET, codes=("*",))
TOKEN = SAMPLES["github-token"]


async def look(before: str | None, after: str, evidence: Evidence = ANY) -> Examination:
    file = build_file("deploy.env", before=before, after=after, language=None)
    return await SecretExaminer().examine(build_change(file), [evidence])


@pytest.mark.holds("P31")
async def test_an_added_secret_is_a_hit_that_names_the_kind_and_not_the_value() -> None:
    [hit] = (await look("A=1\n", f"A=1\nB=2\nTOKEN={TOKEN}\n")).hits
    assert (hit.code, hit.path, hit.start_line, hit.end_line) == (
        "github-token",
        "deploy.env",
        3,
        3,
    )
    assert hit.message == "This looks like a GitHub token"
    assert TOKEN[4:12] not in repr(hit)
    assert ANY.claim(hit) == 1


async def test_a_secret_that_was_there_before_is_not_told() -> None:
    assert await look(f"TOKEN={TOKEN}\n", f"TOKEN={TOKEN}\nA=1\n") == Examination()


async def test_a_private_key_over_many_lines_is_one_hit_on_its_first_line() -> None:
    [hit] = (await look("a\n", f"a\n{SAMPLES['private-key']}\nb\n")).hits
    assert (hit.code, hit.start_line) == ("private-key", 2)


async def test_only_the_kinds_that_are_asked_for_are_told() -> None:
    asked = Evidence(kind=EvidenceKind.SECRET, codes=("npm-token",))
    seen = await look(None, f"{TOKEN}\n{SAMPLES['npm-token']}\n", asked)
    assert [hit.code for hit in seen.hits] == ["npm-token"]


async def test_files_that_are_only_listed_are_scanned_where_their_lines_are_known() -> None:
    reviewed = build_file("vendor/x.js", after=f"{TOKEN}\n", language="javascript")
    listed = type(reviewed)(
        path=reviewed.path,
        status=reviewed.status,
        hunks=reviewed.hunks,
        not_reviewed=NotReviewed(reason=NotReviewedReason.VENDORED),
    )
    seen = await SecretExaminer().examine(build_change(listed), [ANY])
    assert [hit.path for hit in seen.hits] == ["vendor/x.js"]


async def test_a_patch_without_texts_is_scanned_alike() -> None:
    file = build_file("a.py", after=f"t = '{TOKEN}'\n", texts_known=False)
    seen = await SecretExaminer().examine(build_change(file), [ANY])
    assert [hit.start_line for hit in seen.hits] == [1]
