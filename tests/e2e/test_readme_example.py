"""The review that the README shows is what the program says today."""

from __future__ import annotations

from docs.generate import ROOT, readme


def test_the_example_and_the_table_of_the_readme_are_current() -> None:
    committed = (ROOT / "README.md").read_text(encoding="utf-8")
    assert committed == readme(), "run `make docs` and commit the result"
