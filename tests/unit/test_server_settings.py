"""The settings of the service: file, environment, origins, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewer.domain.command_usage import CommandRules
from reviewer.domain.posting import Permission
from reviewer.errors import ConfigurationError
from reviewer.server_settings import PREFIX, ServerRole, ServerSettings, load_server_settings

SECRET = "c0ffee-webhook-secret-of-tests"
KEY = "-----BEGIN PRIVATE KEY-----\nnobody reads this here\n-----END PRIVATE KEY-----"


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Say:
    return Say(monkeypatch)


class Say:
    """Sets variables of the service."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, **variables: str) -> None:
        for name, value in variables.items():
            self._monkeypatch.setenv(f"{PREFIX}{name.upper()}", value)

    def enough(self) -> None:
        self(app_id="4711", private_key=KEY, webhook_secret=SECRET)


def told(file: Path | None = None) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load_server_settings(file)
    return str(raised.value)


def write(folder: Path, text: str) -> Path:
    file = folder / "server.toml"
    file.write_text(text, encoding="utf-8")
    return file


def origin(settings: ServerSettings, key: str) -> str:
    return next(entry.origin for entry in settings.explained() if entry.key == key)


def shown(settings: ServerSettings, key: str) -> str:
    return next(entry.value for entry in settings.explained() if entry.key == key)


def test_three_settings_are_enough(say: Say) -> None:
    say.enough()
    settings = load_server_settings()
    assert settings.app_id == "4711"
    assert settings.webhook_secrets == (SECRET,)
    assert settings.body_limit_bytes == 25_000_000
    assert settings.debounce_seconds == 30


@pytest.mark.holds("P22")
def test_no_secret_refuses_to_start_with_words(say: Say) -> None:
    say(app_id="4711", private_key=KEY)
    words = told()
    assert "the webhook secret is missing: without it anybody could send events" in words
    assert "REVIEWER_SERVER_WEBHOOK_SECRET" in words


@pytest.mark.holds("P22")
def test_an_empty_secret_is_no_secret(say: Say) -> None:
    say.enough()
    say(webhook_secret="")
    assert "the webhook secret is missing" in told()


@pytest.mark.holds("S17")
def test_a_secret_that_can_be_guessed_is_refused_and_not_shown(say: Say) -> None:
    say.enough()
    say(webhook_secret="hunter2")
    words = told()
    assert "REVIEWER_SERVER_WEBHOOK_SECRET" in words
    assert "fewer than 16 characters" in words
    assert "hunter2" not in words


def test_everything_that_is_missing_is_told_at_once(say: Say) -> None:
    words = told()
    assert "App's number is missing" in words
    assert "private key is missing" in words
    assert "webhook secret is missing" in words
    assert words.count("reviewer serve --setup") == 1


def test_the_environment_wins_over_the_file_and_each_value_knows_its_origin(
    say: Say, tmp_path: Path
) -> None:
    file = write(tmp_path, f'app_id = 12\nport = 9000\nwebhook_secret = "{SECRET}"\n')
    say(port="9001", private_key=KEY)
    settings = load_server_settings(file)
    assert (settings.app_id, settings.port) == ("12", 9001)
    assert origin(settings, "app_id") == str(file)
    assert origin(settings, "port") == "REVIEWER_SERVER_PORT"
    assert origin(settings, "debounce_seconds") == "default"


def test_a_variable_may_name_the_file(say: Say, tmp_path: Path) -> None:
    say.enough()
    say(config=str(write(tmp_path, "port = 9000\n")))
    assert load_server_settings().port == 9000


def test_an_unknown_key_of_the_file_is_refused_with_its_line(say: Say, tmp_path: Path) -> None:
    say.enough()
    file = write(tmp_path, "port = 9000\nwebhook_secrt = 'x'\n")
    words = told(file)
    assert f"{file}:2: unknown key" in words
    assert "Did you mean 'webhook_secret'?" in words


def test_an_unknown_variable_is_refused(say: Say) -> None:
    say.enough()
    say(webhok_burst="5")
    words = told()
    assert "REVIEWER_SERVER_WEBHOK_BURST is no setting of the service" in words
    assert "REVIEWER_SERVER_WEBHOOK_BURST" in words


def test_a_wrong_value_is_told_with_its_place(say: Say, tmp_path: Path) -> None:
    say.enough()
    say(port="many")
    file = write(tmp_path, "\nretention_days = 0\n")
    words = told(file)
    assert "REVIEWER_SERVER_PORT must be a whole number" in words
    assert f"{file}:2: retention_days: must be at least 1" in words


def test_a_secret_may_stand_in_a_file_of_its_own(say: Say, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    say.enough()
    say(operator_token_file=str(tmp_path / "token"))
    (tmp_path / "token").write_text("t" * 40 + "\n")
    settings = load_server_settings()
    assert settings.operator_token is not None
    assert settings.operator_token.get_secret_value() == "t" * 40
    assert origin(settings, "operator_token").startswith(str(tmp_path / "token"))


def test_a_secret_in_two_places_is_refused(say: Say, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    say.enough()
    say(webhook_secret_file=str(tmp_path / "secret"))
    words = told()
    assert "both webhook_secret" in words
    assert SECRET not in words


def test_a_variable_wins_over_the_files_other_form_of_a_secret(say: Say, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("another-secret-altogether")
    say(app_id="1", private_key=KEY, webhook_secret_file=str(tmp_path / "secret"))
    settings = load_server_settings(write(tmp_path, f'webhook_secret = "{SECRET}"\n'))
    assert settings.webhook_secrets == ("another-secret-altogether",)


@pytest.mark.parametrize("content", [b"", b"  \n", b"\xff\xfe", b"x" * 70_000])
def test_a_secret_file_without_a_secret_is_told(say: Say, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)
    say(app_id="1", private_key=KEY, webhook_secret_file=str(tmp_path / "secret"))
    words = told()
    assert f"{tmp_path / 'secret'}: webhook_secret_file: it" in words
    assert "is missing" not in words


def test_a_secret_file_that_is_not_there_is_told(say: Say, tmp_path: Path) -> None:
    say(app_id="1", private_key=KEY, webhook_secret_file=str(tmp_path / "nothing"))
    assert "No such file" in told()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"port = \n", b'log_level = "\\u0007"\n'])
def test_a_file_that_cannot_be_read_is_told(say: Say, tmp_path: Path, content: bytes) -> None:
    say.enough()
    file = tmp_path / "server.toml"
    file.write_bytes(content)
    assert str(file) in told(file)


def test_a_named_file_that_is_missing_is_told(say: Say, tmp_path: Path) -> None:
    say.enough()
    assert "No such file" in told(tmp_path / "absent.toml")


@pytest.mark.holds("S17")
def test_what_is_explained_holds_no_secret(say: Say) -> None:
    say.enough()
    say(
        database_url="postgresql://reviewer:pa55word@db/reviewer",
        state_key="state-key-of-sixteen-or-more",
        operator_token="o" * 40,
        encryption_keys="key-one, key-two",
        previous_webhook_secret="the-secret-of-last-year",
    )
    settings = load_server_settings()
    text = "\n".join(f"{e.key} {e.value} {e.origin}" for e in settings.explained())
    for secret in (SECRET, KEY, "pa55word", "state-key", "o" * 40, "key-one", "last-year"):
        assert secret not in text
        assert secret not in repr(settings)
    assert "encryption_keys (2 set)" in text
    assert "webhook_secret (set) REVIEWER_SERVER_WEBHOOK_SECRET" in text
    assert settings.webhook_secrets == (SECRET, "the-secret-of-last-year")


def test_lists_and_networks_are_read(say: Say, tmp_path: Path) -> None:
    say.enough()
    say(allowed_networks="192.30.252.0/22, 2a0a:a440::/29")
    settings = load_server_settings(write(tmp_path, 'trusted_proxies = ["10.0.0.0/8"]\n'))
    assert [str(network) for network in settings.allowed_networks] == [
        "192.30.252.0/22",
        "2a0a:a440::/29",
    ]
    assert shown(settings, "trusted_proxies") == "10.0.0.0/8"


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("allowed_networks", "10.0.0.0/8,everywhere", '"everywhere" is no address or network'),
        ("allowed_networks", "10.0.0.1/8", "is no address or network"),
        ("public_url", "reviewer.example.com", "begins with https://"),
        ("database_url", "mysql://db", "must begin with sqlite:/// or postgresql://"),
        ("body_limit_bytes", "26000000", "25000000"),
        ("log_level", "inf", "none of"),
        ("operator_token", "short", "fewer than 32"),
        ("token_audience", "", ""),
    ],
)
def test_wrong_values_are_refused(say: Say, variable: str, value: str, words: str) -> None:
    say.enough()
    say(**{variable: value})
    if words:
        assert words in told()
    else:  # an empty variable is none
        load_server_settings()


def test_files_of_sqlite_stand_in_the_data_folder_and_postgresql_serves_both(say: Say) -> None:
    say.enough()
    settings = load_server_settings(data_folder=Path("/var/lib/reviewer"))
    assert settings.database.get_secret_value() == "sqlite:////var/lib/reviewer/service.sqlite3"
    assert settings.engine.get_secret_value() == "sqlite:////var/lib/reviewer/engine.sqlite3"
    say(database_url="postgresql://db/reviewer", state_key="state-key-of-sixteen-or-more")
    settings = load_server_settings()
    assert settings.engine.get_secret_value() == "postgresql://db/reviewer"
    say(engine_url="postgresql://db/engine")
    assert load_server_settings().engine.get_secret_value() == "postgresql://db/engine"


def test_several_workers_need_a_state_key(say: Say) -> None:
    say.enough()
    say(database_url="postgresql://db/reviewer")
    assert "several workers need the same state_key" in told()


def test_service_tokens_need_an_issuer(say: Say, tmp_path: Path) -> None:
    say.enough()
    file = write(tmp_path, '[service_keys]\n"2026" = "PEM"\n')
    assert "service tokens need token_issuer" in told(file)
    say(token_issuer="https://issuer.example.com")
    assert shown(load_server_settings(file), "service_keys") == "2026"


@pytest.mark.holds("S20")
def test_settings_are_frozen(say: Say) -> None:
    say.enough()
    settings = load_server_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1


def test_the_command_line_wins(say: Say, tmp_path: Path) -> None:
    say.enough()
    say(role="web")
    settings = load_server_settings(write(tmp_path, 'role = "all"\n'), said={"role": "worker"})
    assert settings.role is ServerRole.WORKER
    assert origin(settings, "role") == "command line"
    assert origin(load_server_settings(), "role") == "REVIEWER_SERVER_ROLE"


@pytest.mark.holds("P12")
def test_the_operator_says_who_may_use_which_command_and_how_often(say: Say) -> None:
    say.enough()
    assert load_server_settings().command_rules == CommandRules()
    say(command_permission="triage", author_review_minutes="30", asks_per_hour="5")
    say(asks_per_hour_by_person="2", commands_per_hour_by_person="9")
    settings = load_server_settings()
    assert settings.command_rules == CommandRules(
        least=Permission.TRIAGE,
        author_review_minutes=30,
        asks_a_person=2,
        asks=5,
        commands_a_person=9,
    )
    assert shown(settings, "command_permission") == "triage"
    assert origin(settings, "command_permission") == f"{PREFIX}COMMAND_PERMISSION"


@pytest.mark.holds("P12")
def test_nobody_is_given_commands_who_may_only_read(say: Say) -> None:
    say.enough()
    say(command_permission="read")
    assert 'REVIEWER_SERVER_COMMAND_PERMISSION: "read" is none of write, triage' in told()


# --- in words that a newcomer can use --------------------------------------------------------
@pytest.mark.parametrize("app_id", ["my app", "1; drop", "4711a", "", "Iv" + "2" * 50])
def test_a_wrong_number_of_the_app_is_told_in_words_and_not_in_a_pattern(
    say: Say, app_id: str
) -> None:
    say.enough()
    say(app_id=app_id)
    words = told()
    assert "REVIEWER_SERVER_APP_ID" in words
    assert "123456" in words
    assert "^" not in words


@pytest.mark.parametrize("app_id", ["1", "4711", "Iv23liAbCdEfGhIjKlMn", "Iv1.8a61f9b3a7aba766"])
def test_the_app_may_be_named_by_its_number_or_its_client_id(say: Say, app_id: str) -> None:
    say.enough()
    say(app_id=app_id)
    assert load_server_settings().app_id == app_id


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("port", "80x", "REVIEWER_SERVER_PORT must be a whole number"),
        ("port", "99999", "REVIEWER_SERVER_PORT: must be at most 65535"),
        ("debounce_seconds", "soon", "REVIEWER_SERVER_DEBOUNCE_SECONDS must be a number"),
        ("metrics_open", "maybe", "REVIEWER_SERVER_METRICS_OPEN must be true or false"),
        ("role", "boss", 'REVIEWER_SERVER_ROLE: "boss" is none of all, web, worker'),
        ("operator_token", "abc", "REVIEWER_SERVER_OPERATOR_TOKEN: has fewer than 32 characters"),
        ("database_url", "mysql://x", "REVIEWER_SERVER_DATABASE_URL: must begin with sqlite:///"),
        ("trusted_proxies", "x", 'REVIEWER_SERVER_TRUSTED_PROXIES 1: "x" is no address'),
    ],
)
def test_a_setting_that_is_wrong_is_named_once(say: Say, name: str, value: str, words: str) -> None:
    say.enough()
    say(**{name: value})
    said = told()
    assert said.startswith(words)
    assert said.lower().count(name) == 1


def test_a_file_with_a_wrong_secret_is_named_and_its_setting_once(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "hook"
    file.write_text("short")
    say(app_id="1", private_key=KEY, webhook_secret_file=str(file))
    said = told()
    assert said.startswith(f"{file} (REVIEWER_SERVER_WEBHOOK_SECRET_FILE): has fewer than 16")
    assert said.lower().count("webhook_secret") == 1


def test_a_command_that_needs_one_setting_is_not_stopped_by_others(say: Say) -> None:
    say(webhook_secret=SECRET)
    settings = load_server_settings(needed=("webhook_secret",))
    assert settings.webhook_secrets == (SECRET,)
    assert (shown(settings, "app_id"), origin(settings, "app_id")) == ("(not set)", "needed")
    assert origin(settings, "webhook_secret") == "REVIEWER_SERVER_WEBHOOK_SECRET"


def test_what_a_command_needs_is_still_asked_for(say: Say) -> None:
    say(app_id="1", private_key=KEY)
    with pytest.raises(ConfigurationError, match="the webhook secret is missing"):
        load_server_settings(needed=("webhook_secret",))
