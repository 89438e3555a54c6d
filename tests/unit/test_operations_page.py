"""The operators' page: what it says of settings, commands, alerts and places is so."""

from __future__ import annotations

import re
from itertools import groupby

import pytest
import yaml

from docs.generate import operations
from docs.settings_table import GROUPS
from reviewer.domain.app_manifest import EVENTS, PERMISSIONS
from reviewer.entrypoints.cli.program import program
from reviewer.server_settings.model import PREFIX, SECRET_FILES, ServerSettings
from tests.guards import ROOT
from tests.unit.packaging_example import (
    COMPOSE,
    IMAGE,
    KUBERNETES,
    read_documents,
    unknown_variables,
)

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def _anchor(heading: str) -> str:
    """Return what GitHub makes of a heading."""
    kept = re.sub(r"[^\w\s-]", "", heading.strip().lower())
    return kept.replace(" ", "-")


ANCHORS = {_anchor(line.lstrip("#")) for line in PAGE.splitlines() if re.match(r"#{1,4} ", line)}


def test_the_page_is_current() -> None:
    assert operations() == PAGE, "run `make docs` and commit the result"


def test_every_setting_is_described_once_and_no_other() -> None:
    described = [name for settings in GROUPS.values() for name in settings]
    fields = [name for name in ServerSettings.model_fields if name not in SECRET_FILES]
    assert sorted(described) == sorted(fields), "describe it in docs/settings_table.py"


def test_the_table_tells_defaults_and_what_may_stand_in_a_file() -> None:
    assert "| `app_id` | needed |" in PAGE
    assert "| `debounce_seconds` | 30 |" in PAGE
    assert "| `role` | `all` |" in PAGE
    assert "| `metrics_open` | `false` |" in PAGE
    assert "| `webhook_secret` † | needed |" in PAGE


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGE):
        path, _, anchor = target.partition("#")
        if path:
            assert (ROOT / "docs" / path).resolve().exists(), target
        else:
            assert anchor in ANCHORS, target


def test_every_command_and_option_that_is_named_is_there() -> None:
    line = re.compile(r"^reviewer ([a-z-]+)((?: +(?:--[a-z-]+|[a-z]+\b))*)", re.MULTILINE)
    named = line.findall(_code())
    assert {name for name, _ in named} >= {"serve", "migrate", "app", "config", "replay-delivery"}
    for name, words in named:
        command = program.commands[name]
        for word in words.split():
            inner = getattr(command, "commands", {}).get(word)
            command = inner or command
            if word.startswith("--") and word != "--help":
                assert word in {o for p in command.params for o in p.opts}, f"{name} {word}"


def _code() -> str:
    """Return what stands as code: blocks, and words between backticks."""
    blocks = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
    words = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL))
    return "\n".join([*words, *blocks])


def test_every_variable_that_is_named_is_read() -> None:
    names = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", PAGE))
    assert unknown_variables(dict.fromkeys(names, "")) == set()


def test_every_alert_stands_on_the_page_and_no_other() -> None:
    rules = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text(encoding="utf-8"))
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    assert set(re.findall(r"^\| `(Reviewer\w+)` \|", PAGE, re.MULTILINE)) == alerts


def test_permissions_and_events_are_those_of_the_manifest() -> None:
    told = re.findall(r"^\| ([A-Z][a-z ]+): (read(?: and write)?) \|", PAGE, re.MULTILINE)
    level = {"read": "read", "read and write": "write"}
    assert {name.lower().replace(" ", "_"): level[access] for name, access in told} == PERMISSIONS
    [events] = re.findall(r"^\| Events \| (.*) \|$", PAGE, re.MULTILINE)
    assert sorted(name.strip().lower().replace(" ", "_") for name in events.split(",")) == sorted(
        EVENTS
    )


def test_secrets_are_named_as_compose_and_the_cluster_read_them() -> None:
    [compose] = read_documents(COMPOSE)
    for secret in compose["secrets"].values():
        assert secret["file"] in PAGE or secret["file"].removeprefix("secrets/") in PAGE
    settings = (KUBERNETES / "settings.env").read_text(encoding="utf-8")
    for name in re.findall(r"/run/secrets/persona-reviewer/([\w-]+)", settings):
        assert f"--from-file={name}=" in PAGE


@pytest.mark.parametrize("label", ["gateway", "metrics", "database"])
def test_namespaces_are_labelled_as_the_policies_want_it(label: str) -> None:
    policies = (KUBERNETES / "network-policy.yaml").read_text(encoding="utf-8")
    assert f'persona-reviewer/{label}: "true"' in policies
    assert f"persona-reviewer/{label}=true" in PAGE


def test_it_runs_the_image_that_is_released() -> None:
    [compose] = read_documents(COMPOSE)
    tags = set(re.findall(rf"{IMAGE}:([\w.]+)", PAGE))
    assert {f"{IMAGE}:{tag}" for tag in tags} == {compose["services"]["reviewer"]["image"]}


def test_headings_are_named_once() -> None:
    headings = sorted(line for line in PAGE.splitlines() if line.startswith("#") and "# " in line)
    assert all(len(list(same)) == 1 for _, same in groupby(headings))
