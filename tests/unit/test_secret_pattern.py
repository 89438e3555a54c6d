"""Secrets are recognised by form; examples, placeholders and ordinary code are not."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.secret_pattern import SECRET_KINDS, find_secrets

LETTERS = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + "234567"


def filler(length: int, alphabet: str = LETTERS, seed: int = 7) -> str:
    """Random characters: a whole token in a tracked file would be a finding of its own."""
    return "".join(random.Random(seed).choices(alphabet, k=length))  # noqa: S311 - no secret


SAMPLES = {
    "age-key": "AGE-SECRET-KEY-1" + filler(58, UPPER),
    "anthropic-key": "sk-ant-" + "api03-" + filler(90),
    "atlassian-token": "ATATT3" + filler(186),
    "aws-access-key": "AKIA" + filler(16, UPPER),
    "aws-secret-key": "aws_secret_access_key = " + filler(40),
    "azure-client-secret": filler(3) + "8Q~" + filler(33),
    "azure-storage-key": "AccountKey=" + filler(86) + "==",
    "database-password": "postgresql+asyncpg://app:" + filler(14) + "@db7.acme.io:5432/orders",
    "databricks-token": "dapi" + filler(32, HEX),
    "digitalocean-token": "dop_v1_" + filler(64, HEX),
    "discord-webhook": "https://discord.com/api/webhooks/"
    + filler(18, "123456789")
    + "/"
    + filler(68),
    "docker-token": "dckr_pat_" + filler(27),
    "github-token": "ghp_" + filler(36),
    "gitlab-token": "glpat-" + filler(20),
    "google-api-key": "AIza" + filler(35),
    "google-oauth-secret": "GOCSPX-" + filler(28),
    "grafana-token": "glsa_" + filler(32) + "_" + filler(8, HEX),
    "groq-key": "gsk_" + filler(52),
    "hugging-face-token": "hf_" + filler(34),
    "json-web-token": "eyJhbGciOiJIUzI1NiJ9" + ".eyJ" + filler(40) + "." + filler(43),
    "linear-key": "lin_api_" + filler(40),
    "new-relic-key": "NRAK-" + filler(27, UPPER),
    "npm-token": "npm_" + filler(36),
    "openai-key": "sk-proj-" + filler(60),
    "openrouter-key": "sk-or-v1-" + filler(64, HEX),
    "postman-key": "PMAK-" + filler(24, HEX) + "-" + filler(34, HEX),
    "private-key": "-----BEGIN RSA PRIVATE"
    " KEY-----\n"
    + "\n".join(filler(64, seed=i) for i in range(12))
    + "\n-----END RSA PRIVATE KEY-----",
    "pypi-token": "pypi-AgE" + filler(60),
    "rubygems-key": "rubygems_" + filler(48, HEX),
    "sendgrid-key": "SG." + filler(22) + "." + filler(43),
    "shopify-token": "shpat_" + filler(32, HEX),
    "slack-token": "xoxb-" + filler(11, "123456789") + "-" + filler(24),
    "slack-webhook": "https://hooks.slack.com/services/T"
    + filler(9, UPPER)
    + "/B"
    + filler(9, UPPER)
    + "/"
    + filler(24),
    "square-token": "sq0atp-" + filler(22),
    "stripe-key": "sk_live_" + filler(24),
    "telegram-token": filler(9, "123456789") + ":AA" + filler(33),
    "terraform-token": filler(14) + ".atlasv1." + filler(64),
    "twilio-key": "SK" + filler(32, HEX),
    "vault-token": "hvs." + filler(95),
}


def kinds(text: str) -> list[str]:
    return [secret.kind for secret in find_secrets(text)]


def test_every_kind_has_a_sample() -> None:
    assert sorted(SAMPLES) == sorted(SECRET_KINDS)


@pytest.mark.holds("S9", "P31")
@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize(
    "frame",
    ["{}", 'x = "{}"\n', "- curl -H 'Token: {}' host", "first\\n{}\\nlast", "({})", "x={};"],
)
def test_a_secret_is_recognised_wherever_it_stands(kind: str, frame: str) -> None:
    assert kinds(frame.format(SAMPLES[kind])) == [kind]


@pytest.mark.holds("P01")
@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "IOSFODNN7" + "EXAMPLE",
        "ghp_" + "x" * 36,
        "ghp_" + "0123456789" * 3 + "abcdef",
        "sk-ant-" + "api03-reallyLongKeyThatPeopleShouldNeverWriteDownAnywhere",
        "sk_test_" + filler(24),
        "AIza" + "<your key>",
        "token: ${{ secrets.GITHUB_TOKEN }}",
        'if "-----BEGIN RSA PRIVATE' + ' KEY-----" in text: raise ValueError',
        "postgres://user:password@localhost/db",
        "postgres://app:" + filler(14) + "@db:5432/app",
        "postgres://app:${PASSWORD}@db7.acme.io/app",
        "postgres://app:" + filler(14) + "@db.example.com/app",
        "https://user:" + filler(14) + "@registry.acme.io/",
        "sha256:" + filler(64, HEX),
        'integrity="sha512-' + filler(86) + '=="',
        "uses: actions/checkout@" + filler(40, HEX),
        "task-" + filler(40),
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
        "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0." + filler(43),
        "self.configuration_of_the_very_long_named_service_client.get_secret_value()",
    ],
)
def test_examples_references_and_digests_are_no_secrets(text: str) -> None:
    assert kinds(text) == []


@given(st.text(max_size=300), st.sampled_from(sorted(SAMPLES)), st.text(max_size=300))
def test_places_lie_in_the_text_in_order_and_apart(before: str, kind: str, after: str) -> None:
    text = f"{before} {SAMPLES[kind]} {after}"
    found = find_secrets(text)
    assert found
    position = 0
    for secret in found:
        assert position <= secret.start < secret.end <= len(text)
        position = secret.end
