"""``reviewer cost`` on a ledger that tests have filled."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from reviewer.adapters.database.store import open_store
from reviewer.domain.attempt import Attempt, AttemptOutcome
from reviewer.domain.completion import Usage
from reviewer.entrypoints.cli.program import run
from tests.conftest import ReviewerCommand
from tests.ledger_example import an_attempt

NOW = datetime.now(UTC)
ATTEMPTS = [
    an_attempt(
        "1",
        rules=("PY001", "PY002"),
        usage=Usage(fresh_input=1000, cache_read=9000, output=200),
        cost=Decimal("0.0125"),
        started_at=NOW - timedelta(days=9),
    ),
    an_attempt("2", persona="bug-hunter", usage_known=False, cost=Decimal("0.5"), started_at=NOW),
    an_attempt("3", persona="local", cost=None, started_at=NOW),
    an_attempt("4", outcome=AttemptOutcome.CACHED, usage=Usage(), cost=Decimal(0), started_at=NOW),
]


def fill(folder: Path, attempts: Sequence[Attempt] = ATTEMPTS) -> None:
    async def record() -> None:
        async with open_store(folder) as store:
            for attempt in attempts:
                await store.ledger.record(attempt)

    asyncio.run(record())


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state"
    monkeypatch.setenv("REVIEWER_STATE", str(folder))
    return folder


def test_what_models_cost_is_told(state: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fill(state)

    assert run(["cost"]) == 0

    assert capfd.readouterr().out == (
        "persona        attempts  tokens in  of them cached  tokens out  dollars  unpriced\n"
        "bug-hunter            1         10               0           2   0.5000         0\n"
        "type-guardian         2     10,000           9,000         200   0.0125         0\n"
        "local                 1         10               0           2  unknown         1\n"
        "all                   4     10,020           9,000         204   0.5125         1\n"
        "\n"
        "Unpriced: 1 attempt of unknown price, in no sum of dollars.\n"
        "Usage never told: 1 attempt, counted as reserved.\n"
        "Answered from kept answers, at no cost: 1 attempt.\n"
    )


def test_rules_share_the_cost_of_their_call_and_it_is_said(
    state: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fill(state)

    assert run(["cost", "--by", "rule"]) == 0

    shown = capfd.readouterr().out
    assert "PY001" in shown
    assert shown.count("0.0062") == 2
    assert "1 attempt asked several rules at once: each rule stands for an even share" in shown


def test_a_tiny_price_is_not_shown_as_none(state: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fill(state, [an_attempt(cost=Decimal("0.00000001"))])

    assert run(["cost"]) == 0

    shown = capfd.readouterr().out
    assert shown.count("<0.0001") == 2
    assert "unpriced" not in shown


def test_only_the_last_days_count_where_that_is_asked(
    state: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fill(state, ATTEMPTS[:1])

    assert run(["cost", "--since", "7"]) == 0
    assert capfd.readouterr().out == "No model was asked in the last 7 days.\n"
    assert run(["cost", "--since", "10"]) == 0
    assert "type-guardian" in capfd.readouterr().out


def test_json_has_every_figure(state: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fill(state)

    assert run(["cost", "--json", "--since", "30"]) == 0

    content = json.loads(capfd.readouterr().out)
    assert (content["schema"], content["by"], content["since_days"]) == (1, "persona", 30)
    assert [line["known_dollars"] for line in content["lines"]] == ["0.5", "0.0125", None]
    assert content["total"] == {
        "attempts": 4,
        "failed_attempts": 0,
        "kept_answers": 1,
        "fresh_input_tokens": 1020,
        "cache_read_tokens": 9000,
        "cache_write_tokens": 0,
        "output_tokens": 204,
        "reasoning_tokens": 0,
        "known_dollars": "0.5125",
        "attempts_of_unknown_price": 1,
        "attempts_of_reserved_usage": 1,
    }


@pytest.mark.parametrize("by", ["persona", "rule", "model", "prompt", "repo", "day"])
def test_everything_can_be_summed_by(
    state: Path, by: str, capfd: pytest.CaptureFixture[str]
) -> None:
    fill(state)

    assert run(["cost", "--by", by]) == 0

    assert capfd.readouterr().out.startswith(f"{by} ")


def test_a_name_cannot_command_a_terminal(state: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fill(state, [replace(ATTEMPTS[0], repository="a\x1b[2J\n::error::b\u202e")])

    assert run(["cost", "--by", "repo"]) == 0
    assert run(["cost", "--by", "repo", "--json"]) == 0

    shown = capfd.readouterr().out
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\n::error" not in shown


def test_before_the_first_model_nothing_is_made(
    tmp_path: Path, reviewer_command: ReviewerCommand
) -> None:
    state = tmp_path / "state"

    done = reviewer_command("cost", cwd=tmp_path, env={"REVIEWER_STATE": str(state)})

    assert (done.returncode, done.stdout) == (0, "No model was asked.\n")
    assert not state.exists()


def test_the_command_reads_a_ledger_as_a_user_runs_it(
    tmp_path: Path, reviewer_command: ReviewerCommand
) -> None:
    fill(tmp_path / "state")

    done = reviewer_command("cost", cwd=tmp_path, env={"REVIEWER_STATE": str(tmp_path / "state")})

    assert (done.returncode, done.stderr) == (0, "")
    assert "bug-hunter" in done.stdout


def test_a_damaged_ledger_is_named_with_the_way_out(
    state: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    state.mkdir()
    (state / "ledger.sqlite3").write_bytes(b"no database" * 200)

    assert run(["cost"]) == 2

    shown = capfd.readouterr().err
    assert f"{state}{os.sep}ledger.sqlite3: the ledger is damaged" in shown
    assert "Move the file away" in shown
