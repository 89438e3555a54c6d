"""Every shape of review in every output, compared with files that people can read and judge.

``pytest tests/golden --update-golden`` writes them anew; look at the difference before committing.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reviewer.rendering.document import ReviewDocument
from reviewer.rendering.html import render_html
from reviewer.rendering.json_document import render_json
from reviewer.rendering.markdown import render_inline_comment, render_markdown
from reviewer.rendering.sarif import render_sarif
from reviewer.rendering.terminal import render_selection, render_terminal
from tests.golden.examples import EXAMPLES

FOLDER = Path(__file__).parent


def _terminal(document: ReviewDocument) -> str:
    return render_terminal(document, width=100)


def _verbose(document: ReviewDocument) -> str:
    return render_terminal(document, width=100, verbose=True)


def _selection(document: ReviewDocument) -> str:
    review = document.review
    return render_selection(review.change, review.personas, review.selection)


def _inline(document: ReviewDocument) -> str:
    shown = document.review.shown
    return "\n---\n\n".join(render_inline_comment(document, placed) for placed in shown)


EVERY = tuple(EXAMPLES)
RENDERINGS: tuple[tuple[str, Callable[[ReviewDocument], str], tuple[str, ...]], ...] = (
    ("md", render_markdown, EVERY),
    ("txt", _terminal, EVERY),
    ("inline.md", _inline, ("findings", "removed_lines", "hostile")),
    ("verbose.txt", _verbose, ("findings",)),
    ("selection.txt", _selection, ("findings",)),
    ("json", render_json, ("findings", "hostile")),
    ("sarif", render_sarif, ("findings", "hostile")),
    ("html", render_html, ("findings", "hostile")),
)
CASES = [(name, ending, render) for ending, render, names in RENDERINGS for name in names]


def _compare(path: Path, text: str, *, update: bool) -> None:
    if update:
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode(), f"differs from {path.name}; see --update-golden"


@pytest.mark.parametrize(("name", "ending", "render"), CASES)
def test_a_review_reads_as_its_golden_file(
    name: str, ending: str, render: Callable[[ReviewDocument], str], *, update_golden: bool
) -> None:
    _compare(FOLDER / f"{name}.{ending}", render(EXAMPLES[name]), update=update_golden)


def test_no_golden_file_is_left_over() -> None:
    expected = {f"{name}.{ending}" for name, ending, _ in CASES}
    found = {path.name for path in FOLDER.iterdir() if path.is_file() and path.suffix != ".py"}
    assert found == expected
