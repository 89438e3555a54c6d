"""What each setting of the service is, in a sentence, and the table of them in `operations.md`."""

from __future__ import annotations

from pydantic import SecretStr

from reviewer.server_settings import ServerSettings
from reviewer.server_settings.model import SECRET_FILES

#: Groups of settings as operators think of them. Every setting stands in one; a test holds that.
GROUPS: dict[str, dict[str, str]] = {
    "The App": {
        "app_id": "The App's number, or its client id.",
        "private_key": "The App's private key in PEM.",
        "webhook_secret": "What GitHub signs deliveries with; at least 16 characters.",
        "previous_webhook_secret": "Holds beside the other one while the secret is changed.",
        "resolve_threads": "Whether our own threads are resolved; that needs `contents: write`.",
        "github_api_url": "GitHub Enterprise: `https://HOST/api/v3`. Empty for github.com.",
        "github_graphql_url": "Follows from the one above.",
        "github_server_url": "Follows from the one above.",
    },
    "What a process does, and where it listens": {
        "role": "`web` takes deliveries, `worker` carries them out, `all` does both.",
        "host": "The address to listen on. The image sets `0.0.0.0`.",
        "port": "The port.",
        "public_url": "Where people and GitHub reach the service.",
        "trusted_proxies": "Networks of proxies whose `X-Forwarded-For` is believed.",
        "allowed_networks": "Who may send webhooks; empty for everybody with a signature.",
        "connections": "Connections that may be open at once.",
        "listeners": "Live streams that may be open at once.",
        "heartbeat_seconds": "How often a live stream says that it is there.",
    },
    "Where data stands, and for how long": {
        "data_folder": "Where SQLite's files stand: the user's state folder; in the image `/data`.",
        "database_url": "`postgresql://USER:PASSWORD@HOST:PORT/NAME`; without it a SQLite file.",
        "engine_url": "The engine's tables; else the same PostgreSQL, or a second SQLite file.",
        "encryption_keys": "Encrypt texts at rest: the first seals, each opens. 32 bytes, base64.",
        "state_key": "Signs what reviews remember on pull requests. Needed with PostgreSQL; else"
        " one follows from the private key.",
        "retention_days": "Deliveries, runs, findings and kept answers go after so many days.",
        "accounts_retention_days": "The ledger of calls and the audit trail go after so many days.",
    },
    "Who may ask": {
        "operator_token": "Opens everything under `/api`, as `admin`; at least 32 characters.",
        "service_keys": "Public keys in PEM by `kid`, whose service tokens are taken (TOML only).",
        "service_keys_folder": "A folder of such keys, each in `KID.pem`.",
        "token_issuer": "The `iss` that service tokens must have.",
        "token_audience": "The `aud` that service tokens must have.",
        "metrics_open": "Whether `/metrics` answers without a token.",
        "metrics_by_repository": "Whether figures carry the names of repositories.",
    },
    "What people can say on a pull request (`commands.md`)": {
        "command_permission": "`write` or `triage`: needed for commands that spend or change.",
        "author_review_minutes": "Authors may ask for a review once in so many minutes without it.",
        "commands_per_hour_by_person": "Commands of one person on one pull request …",
        "asks_per_hour_by_person": "… those that may ask a model …",
        "asks_per_hour": "… and those of all people together.",
    },
    "What comes in, at most": {
        "body_limit_bytes": "The largest delivery; GitHub's own cap.",
        "body_seconds": "How long a body may take to arrive.",
        "webhooks_per_second": "Deliveries, from everybody together …",
        "webhook_burst": "… and how many at once.",
        "webhooks_per_second_by_address": "Deliveries from one address …",
        "webhook_burst_by_address": "… and how many at once.",
        "requests_per_second_by_address": "Other requests from one address …",
        "request_burst_by_address": "… and how many at once.",
    },
    "What is worked on": {
        "concurrent_reviews": "Reviews under way at once, over all workers.",
        "concurrent_reviews_by_installation": "The same of one installation.",
        "reviews_per_hour_by_installation": "Reviews of it that may begin in an hour.",
        "debounce_seconds": "How long a pull request must be quiet before a push is reviewed.",
        "takeover_seconds": "A worker that is silent for so long is taken for dead.",
        "sweep_minutes": "How often deliveries that never arrived are asked for again.",
        "drain_seconds": "How long requests are still taken after a signal to end.",
        "shutdown_seconds": "How long what is under way may go on after that.",
    },
    "What is told": {
        "log_level": "`debug`, `info`, `warning` or `error`.",
        "otlp_endpoint": "Where spans go (OTLP over HTTP); empty for nowhere.",
    },
}


def settings_table() -> str:
    """Return the table: every setting with its default."""
    parts = []
    for group, settings in GROUPS.items():
        rows = "".join(
            f"| {_name(name)} | {_default(name)} | {text} |\n" for name, text in settings.items()
        )
        parts.append(f"**{group}**\n\n| setting | default | what it is |\n|---|---|---|\n{rows}")
    return "\n".join(parts)


def _name(name: str) -> str:
    return f"`{name}` †" if name in SECRET_FILES.values() else f"`{name}`"


def _default(name: str) -> str:
    field = ServerSettings.model_fields[name]
    value = field.default
    if name == "data_folder":
        return "see there"  # the command line says what it is where nobody else does
    if field.is_required():
        return "needed"
    if value is None or isinstance(value, SecretStr) or value in ("", (), {}):
        return "none"
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, int | float):
        return f"{value:.15g}"
    return f"`{value}`"
