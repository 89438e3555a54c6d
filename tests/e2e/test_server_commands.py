"""The commands of the service, as people meet them first: with settings missing or wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewer.entrypoints.cli.program import run
from reviewer.server_settings import PREFIX

SECRET = "the-webhook-secret-of-somebody"


@pytest.fixture
def enough(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("APP_ID", "4711"), ("PRIVATE_KEY", "x"), ("WEBHOOK_SECRET", SECRET)):
        monkeypatch.setenv(f"{PREFIX}{name}", value)


def test_without_settings_it_does_not_start_and_says_which(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["serve"]) == 2
    told = capsys.readouterr().err
    assert "the webhook secret is missing: without it anybody could send events" in told
    assert f"{PREFIX}PRIVATE_KEY_FILE" in told


@pytest.mark.usefixtures("enough")
def test_a_wrong_setting_does_not_start_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "server.toml"
    file.write_text("retention_dys = 3\n")
    assert run(["serve", "--config", str(file)]) == 2
    told = capsys.readouterr().err
    assert f"{file}:1" in told
    assert "Did you mean 'retention_days'?" in told


@pytest.mark.holds("S17")
@pytest.mark.usefixtures("enough")
def test_the_settings_are_explained_without_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "server.toml"
    file.write_text("debounce_seconds = 5\n")
    assert run(["config", "explain", "--server", "--config", str(file)]) == 0
    told = capsys.readouterr().out
    lines = {line.split()[0]: line.split(None, 2)[1:] for line in told.splitlines()}
    assert lines["debounce_seconds"] == ["5", str(file)]
    assert lines["app_id"] == ["4711", f"{PREFIX}APP_ID"]
    assert lines["webhook_secret"] == ["(set)", f"{PREFIX}WEBHOOK_SECRET"]
    assert lines["heartbeat_seconds"] == ["15", "default"]
    assert SECRET not in told


def test_a_file_of_the_service_needs_its_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "server.toml").write_text("")
    assert run(["config", "explain", "--config", str(tmp_path / "server.toml")]) == 2
    assert "--config goes with --server" in capsys.readouterr().err


@pytest.mark.usefixtures("enough")
def test_a_delivery_for_nobody_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "odd.json"
    file.write_text("{}")
    assert run(["replay-delivery", str(file)]) == 2
    assert "--event" in capsys.readouterr().err
