"""What people see on a pull request after a run, compared with files that they can read.

``pytest tests/golden --update-golden`` writes them anew; look at the difference before committing.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reviewer.domain.command import holds_command
from reviewer.domain.marker import PREFIX
from reviewer.rendering.markdown import BODY_LIMIT
from reviewer.testing.fake_code_host import FakeCodeHost
from tests.golden.posted.scenes import SCENES

FOLDER = Path(__file__).parent
_MARKER = re.compile(r"<!-- (persona-reviewer:[a-z]+) .*? -->")


def _page(host: FakeCodeHost) -> str:
    """Return everything that stands, in the order in which people see it."""
    parts = [("summary", comment.body) for comment in host.comments.values()]
    for thread in host.threads:
        state = "resolved" if thread.resolved else "outdated" if thread.outdated else "open"
        where = thread.path if thread.line is None else f"{thread.path}:{thread.line}"
        for index, comment in enumerate(thread.comments):
            what = f"{state} comment on {where} ({thread.side.value})"
            parts.append(("reply" if index else what, comment.body))
    for check in host.checks:
        lines = "\n".join(
            f"{a.level.value} {a.path}:{a.start_line}-{a.end_line} {a.title}"
            for a in check.annotations
        )
        last = check.summary.rstrip().splitlines()[-1]
        parts.append((f"check on {check.head_sha[:7]}: {check.title}", f"{last}\n{lines}"))
    text = "\n\n".join(f"=== {title}\n{body.rstrip()}" for title, body in parts)
    return _MARKER.sub(r"<!-- \1 … -->", text) + "\n"


@pytest.mark.parametrize("name", SCENES)
async def test_what_stands_reads_as_its_golden_file(name: str, *, update_golden: bool) -> None:
    path = FOLDER / f"{name}.md"
    page = _page(await SCENES[name]())
    if update_golden:
        path.write_bytes(page.encode())
    assert page == path.read_bytes().decode(), f"differs from {path.name}; see --update-golden"


@pytest.mark.holds("P19")
@pytest.mark.parametrize("name", SCENES)
async def test_what_we_post_is_no_command_of_ours_is_within_limits_and_marked_once(
    name: str,
) -> None:
    host = await SCENES[name]()
    ours = [comment for thread in host.threads for comment in thread.comments if comment.ours]
    for comment in (*host.comments.values(), *ours):
        assert not holds_command(comment.body)
        assert not re.search(r"(?m)^[ \t>*-]*/[a-z]", comment.body)
        assert len(comment.body.encode()) <= BODY_LIMIT
        assert comment.body.count(PREFIX) == 1
        assert comment.body.splitlines()[-1].startswith(PREFIX)


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(SCENES)
