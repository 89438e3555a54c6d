"""A pull request's material, and the environment of a job that reviews it."""

from __future__ import annotations

import os
from pathlib import Path

from reviewer.domain.material import Material
from reviewer.domain.pull_request import PullRequestName
from reviewer.testing.builders import build_change, build_file
from tests.guards import CANARIES

CODE = '''"""Pages."""

import subprocess


def pages(folder: str) -> bytes:
    """Return what is there."""
    return subprocess.check_output("ls " + folder, shell=True)


def last(items: list[int]) -> int:
    """Return the last item."""
    return items[len(items)]
'''
BUG: dict[str, object] = {
    "path": "app/pages.py",
    "side": "head",
    "quote": "    return items[len(items)]",
    "headline": "The last item is read one place too far",
    "explanation": "last([1]) → IndexError, because indices end at len(items) - 1.",
    "remedy": "Return items[-1].",
    "severity": "major",
    "suggestion": None,
}
MATERIAL = Material(
    name=PullRequestName.parse("octo/shop#7"),
    title="Count pages",
    body="Counts them.",
    change=build_change(
        build_file("app/pages.py", before='"""Pages."""\n', after=CODE, language="python")
    ),
    base_texts={},
)
KEY = "key-of-a-server-" + "0123456789abcdef"


def job_variables(tmp_path: Path) -> dict[str, str]:
    """Return what a job has in its environment, canaries among it."""
    return {
        **CANARIES,
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TMPDIR": os.environ["TMPDIR"],
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "REVIEWER_STATE": str(tmp_path / "state"),
        "REVIEWER_STATE_KEY": CANARIES["GITHUB_TOKEN"][::-1],
        "REVIEWER_COMPATIBLE_API_KEY": KEY,
        "GITHUB_ACTIONS": "true",
    }
