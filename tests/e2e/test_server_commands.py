"""The commands of the service, as people meet them first: with settings missing or wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

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


def test_a_recorded_delivery_needs_the_secret_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ping.json"
    file.write_text('{"zen": "Keep it simple."}')
    assert run(["replay-delivery", str(file)]) == 2
    told = capsys.readouterr().err
    assert "the webhook secret is missing" in told
    assert "number" not in told
    assert "private key" not in told

    monkeypatch.setenv(f"{PREFIX}WEBHOOK_SECRET", SECRET)
    assert run(["replay-delivery", str(file), "--url", "nonsense"]) == 2
    told = capsys.readouterr().err
    assert "'nonsense' is no address" in told
    assert "--url http://127.0.0.1:8080" in told


@pytest.mark.parametrize("name", ["nope.json", "."])
def test_a_recording_that_is_not_there_is_told_with_where_to_get_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run(["replay-delivery", str(tmp_path / name)]) == 2
    told = capsys.readouterr().err
    assert "cannot be read" in told
    assert "Recent deliveries" in told


def test_settings_are_explained_before_any_is_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "explain", "--server"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["app_id", "(not", "set)", "needed"] in lines
    assert ["command_permission", "write", "default"] in lines


def test_tables_are_brought_up_to_date_without_the_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"{PREFIX}DATA_FOLDER", str(tmp_path))
    assert run(["migrate"]) == 0
    assert "went from nothing to revision" in capsys.readouterr().out


def test_an_address_of_github_that_is_none_is_named_as_it_was_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for name, value in (("APP_ID", "1"), ("PRIVATE_KEY", pem), ("WEBHOOK_SECRET", SECRET)):
        monkeypatch.setenv(f"{PREFIX}{name}", value)
    monkeypatch.setenv(f"{PREFIX}DATA_FOLDER", str(tmp_path))
    monkeypatch.setenv(f"{PREFIX}GITHUB_API_URL", "http://github.example/api/v3")
    assert run(["serve"]) == 2
    told = capsys.readouterr().err
    assert f"{PREFIX}GITHUB_API_URL is no address that a token may be sent to" in told
    # Nobody has set a state key either, and that is said before it matters.
    assert "no state_key is set" in told


@pytest.mark.loopback
def test_a_database_that_is_not_there_is_told_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "postgresql://somebody:hidden@127.0.0.1:1/reviews"
    monkeypatch.setenv(f"{PREFIX}DATA_FOLDER", str(tmp_path))
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", url)
    monkeypatch.setenv(f"{PREFIX}STATE_KEY", SECRET)
    assert run(["migrate"]) == 3
    told = capsys.readouterr().err
    assert "the database does not answer: is it running" in told
    assert "database_url" in told
    assert "hidden" not in told


@pytest.mark.exhaustive  # it waits and tries again before it gives up
@pytest.mark.loopback
def test_a_github_that_is_not_reached_is_told_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "a-token-of-nobody")
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")
    assert run(["review", "--pr", "octo/shop#12"]) == 3
    told = capsys.readouterr().err
    assert "GitHub: no connection" in told
    assert "HTTPS_PROXY" in told
    assert "GITHUB_API_URL" in told


def test_what_names_no_pull_request_is_told_with_one_that_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["review", "--pr", "nonsense"]) == 2
    assert "like octo/shop#12" in capsys.readouterr().err
