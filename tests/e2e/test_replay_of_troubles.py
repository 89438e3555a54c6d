"""A replay repeats a run with its troubles: what failed fails again, and nobody waits."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from tests.e2e.model_server import Refusal, model_server, passing
from tests.sample_repository import build

pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")

from reviewer.entrypoints.cli.program import run

pytestmark = pytest.mark.loopback


class Troubled:
    """Refuses the first call, refuses every schema, and breaks every third answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls = 0

    def __call__(self, body: Mapping[str, Any]) -> str:
        with self._lock:
            self._calls += 1
            number = self._calls
        if number == 1:
            raise Refusal(503, "busy", retry_after=1)
        if "response_format" in body:
            raise Refusal(400, "response_format json_schema is not supported")
        return "no JSON" if number % 3 == 0 else passing(body)


def without_seconds(text: str) -> str:
    return re.sub(r'"seconds": \{[^}]*\}', "", text)


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REVIEWER_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("REVIEWER_COMPATIBLE_API_KEY", raising=False)
    folder = tmp_path / "sample"
    folder.mkdir()
    return build("orders_service", folder)


@pytest.mark.parametrize("pace", [(), ("--fast",)], ids=["cost", "speed"])
def test_retries_refusals_and_repairs_are_replayed(
    pace: tuple[str, ...], sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["review", "HEAD~1..HEAD", "--repository", str(sample), "--output", "json"]
    cassette = str(sample.with_name("run.cassette"))
    with model_server(Troubled()) as server:
        assert run([*command, *pace, "--model", server.model, "--record", cassette]) == 0
    recorded = capsys.readouterr()
    assert '"failed": 0' not in recorded.out

    began = perf_counter()
    assert run([*command, "--replay", cassette]) == 0

    shown = capsys.readouterr()
    assert without_seconds(shown.out) == without_seconds(recorded.out)
    assert shown.err == recorded.err
    assert perf_counter() - began < 20


def test_a_replay_that_fits_nothing_fails_once_for_all_personas(
    sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["review", "HEAD~1..HEAD", "--repository", str(sample)]
    cassette = str(sample.with_name("run.cassette"))
    with model_server(passing) as server:
        assert run([*command, "--model", server.model, "--record", cassette]) == 0
    capsys.readouterr()

    assert run([*command, "--replay", cassette, "--language", "fr"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 2
