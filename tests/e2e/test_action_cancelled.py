"""A job that is cancelled in its middle: it ends at once, says so, and leaves nothing half done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reviewer.testing.fake_github import FakeGitHub
from tests.guards import ROOT

pytestmark = [pytest.mark.loopback, pytest.mark.exhaustive]

#: GitHub's runner waits 7.5 seconds after SIGINT, and 2.5 after SIGTERM.
PATIENCE_SECONDS = 7.5


@pytest.mark.holds("P23")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_cancelled_run_leaves_no_check_open(
    tmp_path: Path, allowed_program: Callable[[Path | str], None], sent: signal.Signals
) -> None:
    allowed_program(sys.executable)
    hub = FakeGitHub(tmp_path / "hub")
    repository = hub.repository("octo/shop", files={"a.py": "x = 1\n"})
    pull = repository.open_pull(
        branch="feature", files={"a.py": "x = 2\n"}, title="T", body="", author="alice"
    )
    event, summary = tmp_path / "event.json", tmp_path / "summary"
    with hub.serve() as url:
        event.write_text(json.dumps(hub.event("pull_request", "opened", pull)))
        hub.latency_seconds = 1.5
        process = subprocess.Popen(
            [sys.executable, "-m", "reviewer.entrypoints.action"],
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "PYTHONPATH": str(ROOT),
                "GITHUB_API_URL": url,
                "GITHUB_GRAPHQL_URL": f"{url}/graphql",
                "GITHUB_EVENT_NAME": "pull_request",
                "GITHUB_EVENT_PATH": str(event),
                "GITHUB_STEP_SUMMARY": str(summary),
                "REVIEWER_GITHUB_TOKEN": hub.token(viewer="github-actions[bot]"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        _wait_for(lambda: bool(hub.journal))
        process.send_signal(sent)
        began = time.monotonic()
        log, _ = process.communicate(timeout=30)
        assert time.monotonic() - began < PATIENCE_SECONDS
    assert process.returncode == 130, log
    assert "Traceback" not in log
    assert "The run was cancelled" in summary.read_text()
    assert hub.writes == []


def _wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
