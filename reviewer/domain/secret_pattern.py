"""What well-known secrets look like: kinds of tokens that their issuers made easy to recognise.

Only forms with a fixed prefix or frame are here, because entropy alone flags nearly every long
word of real code. The formats are the issuers' own; most are collected at
https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns

The text is scanned in two steps, so that 40,000 lines take some 20 ms: words of 20 and more
characters are picked out, and only those that begin like a token meet the real expressions. Every
expression is linear: no part of it can match the same text in two ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple


class Secret(NamedTuple):
    """A secret in a text: its kind, and where it begins and ends."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKind:
    """A kind of secret.

    Args:
        name: Its name in persona files (``github-token``).
        title: Its name in sentences (``a GitHub token``).
    """

    name: str
    title: str


#: Kind, its words, the beginnings that lead to it, and what it looks like.
_TOKENS: tuple[tuple[str, str, str, str], ...] = (
    ("aws-access-key", "an AWS access key", "AKI ASI", r"(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])"),
    (
        "github-token",
        "a GitHub token",
        "ghp gho ghu ghs ghr git",
        r"gh[pousr]_[A-Za-z0-9_]{36,255}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
    ),
    (
        "gitlab-token",
        "a GitLab token",
        "glp gld glr gls glc gla glo glf gli",
        r"gl(?:pat|ptt|dt|rt|rtr|soat|cbt|agent|oas|ft|imt)-[A-Za-z0-9_\-]{20,300}",
    ),
    (
        "slack-token",
        "a Slack token",
        "xox xap xoe",
        r"xox[abeoprs]-[0-9]{8,}-[A-Za-z0-9\-]{12,300}|xapp-[0-9]-[A-Z0-9]+-[0-9]+-[a-z0-9]{20,}",
    ),
    (
        "stripe-key",
        "a live Stripe key",
        "sk_ rk_ whs",
        r"[sr]k_live_[A-Za-z0-9]{20,250}|whsec_[A-Za-z0-9]{32,}",
    ),
    ("google-api-key", "a Google API key", "AIz", r"AIza[A-Za-z0-9_\-]{35}(?![A-Za-z0-9_\-])"),
    ("google-oauth-secret", "a Google OAuth secret", "GOC", r"GOCSPX-[A-Za-z0-9_\-]{28}"),
    (
        "anthropic-key",
        "an Anthropic API key",
        "sk-",
        r"sk-ant-[a-z]{3,5}[0-9]{2}-[A-Za-z0-9_\-]{40,}",
    ),
    (
        "openai-key",
        "an OpenAI API key",
        "sk-",
        r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_\-]{40,}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}",
    ),
    ("openrouter-key", "an OpenRouter key", "sk-", r"sk-or-v1-[0-9a-f]{64}"),
    ("groq-key", "a Groq key", "gsk", r"gsk_[A-Za-z0-9]{52}"),
    ("hugging-face-token", "a Hugging Face token", "hf_", r"hf_[A-Za-z0-9]{34,40}"),
    ("npm-token", "an npm token", "npm", r"npm_[A-Za-z0-9]{36}"),
    ("pypi-token", "a PyPI token", "pyp", r"pypi-AgE[A-Za-z0-9_\-]{50,}"),
    ("rubygems-key", "a RubyGems key", "rub", r"rubygems_[0-9a-f]{48}"),
    ("docker-token", "a Docker Hub token", "dck", r"dckr_(?:pat|oat)_[A-Za-z0-9_\-]{27,}"),
    ("sendgrid-key", "a SendGrid key", "", r"SG\.[A-Za-z0-9_\-]{22}\.[A-Za-z0-9_\-]{43}"),
    ("twilio-key", "a Twilio key", "SK", r"SK[0-9a-f]{32}(?![0-9A-Za-z])"),
    ("telegram-token", "a Telegram bot token", "", r"[0-9]{8,10}:AA[A-Za-z0-9_\-]{33}"),
    ("digitalocean-token", "a DigitalOcean token", "dop doo dor", r"do[por]_v1_[0-9a-f]{64}"),
    ("shopify-token", "a Shopify token", "shp", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ("square-token", "a Square token", "sq0 EAA", r"sq0(?:atp|csp|idp)-[A-Za-z0-9_\-]{22,43}"),
    ("databricks-token", "a Databricks token", "dap", r"dapi[0-9a-f]{32}(?:-[0-9])?"),
    ("grafana-token", "a Grafana token", "gls", r"gls[ac]_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}"),
    ("linear-key", "a Linear key", "lin", r"lin_api_[A-Za-z0-9]{40}"),
    ("postman-key", "a Postman key", "PMA", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    ("new-relic-key", "a New Relic key", "NRA", r"NRAK-[A-Z0-9]{27}"),
    ("vault-token", "a Vault token", "", r"hv[sb]\.[A-Za-z0-9_\-]{90,300}"),
    (
        "terraform-token",
        "a Terraform Cloud token",
        "",
        r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_\-]{60,}",
    ),
    ("atlassian-token", "an Atlassian token", "ATA", r"ATATT3[A-Za-z0-9_\-=]{180,}"),
    ("age-key", "an age secret key", "AGE", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    (
        "json-web-token",
        "a signed JSON Web Token",
        "eyJ",
        r"eyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{20,}",
    ),
)

#: How long the scheme of a database's address may be, and the address as a whole.
_SCHEME = 26
_LONGEST_ADDRESS = 300

#: Frames that are found by a literal instead: kind, words, literals, expression and how far
#: before the literal it may begin.
_FRAMES: tuple[tuple[str, str, tuple[str, ...], str, int], ...] = (
    (
        "private-key",
        "a private key",
        ("-----BEGIN ",),
        (
            r"-----BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:[\s\"'+,\\nr]{1,40}Proc-Type:[^\n]{1,60}\n[ \t]{0,40}DEK-Info:[^\n]{1,80})?"
            r"[A-Za-z0-9+/=\s\"'\\,]{60,12000}"
            r"(?:-----END (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----)?"
        ),
        0,
    ),
    (
        "aws-secret-key",
        "an AWS secret key",
        ("ecret_access_key", "ECRET_ACCESS_KEY", "ecretAccessKey"),
        (
            r"(?:ecret_access_key|ECRET_ACCESS_KEY|ecretAccessKey)[\"']?[ \t]{0,8}"
            r"[:=]{1,2}[ \t]{0,8}"
            r"[\"']?(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
        ),
        0,
    ),
    (
        "azure-storage-key",
        "an Azure storage key",
        ("AccountKey=",),
        r"AccountKey=(?P<value>[A-Za-z0-9+/]{86}==)",
        0,
    ),
    (
        "azure-client-secret",
        "an Azure client secret",
        ("Q~",),
        r"(?:(?<![A-Za-z0-9_~.\-])|(?<=\\n))[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.\-]{31,34}(?![A-Za-z0-9_~.\-])",
        4,
    ),
    (
        "slack-webhook",
        "a Slack webhook",
        ("hooks.slack.com/",),
        (
            r"hooks\.slack\.com/(?:services/T[A-Z0-9]{7,}/B[A-Z0-9]{7,}/[A-Za-z0-9]{20,}"
            r"|(?:workflows|triggers)/[A-Za-z0-9/]{40,200})"
        ),
        0,
    ),
    (
        "discord-webhook",
        "a Discord webhook",
        ("/api/webhooks/",),
        r"(?<=discord\.com)/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_\-]{60,}",
        0,
    ),
    (
        "database-password",
        "a database address with its password",
        ("://",),
        (
            r"(?:postgres|postgresql|mysql|mariadb|mongodb|redis|rediss|amqp|amqps|mssql|clickhouse"
            r"|cockroachdb)(?:\+[a-z0-9_]{1,20})?://[A-Za-z0-9._%\-]{0,60}:"
            r"(?P<value>[^\s:@/\"'`<>{}$()\[\]]{8,100})@(?P<host>[A-Za-z0-9.\-]{4,120})"
        ),
        _SCHEME,
    ),
)

#: Every kind, by the name that persona files use.
SECRET_KINDS: Mapping[str, SecretKind] = MappingProxyType(
    {
        name: SecretKind(name=name, title=title)
        for name, title in sorted([row[:2] for row in _TOKENS] + [row[:2] for row in _FRAMES])
    }
)

_WORD = re.compile(r"\b[A-Za-z0-9_\-]{20,}", re.ASCII)
_BEGINNINGS = frozenset(word for _, _, words, _ in _TOKENS for word in words.split())
_SHORTEST, _LONGEST = 2, 3
#: Beginnings that are cut off from their long part by a dot or a colon.
_LEAD = re.compile(
    r"(?:(?<![A-Za-z0-9])|(?<=\\n))(?:SG|hv[sb]|[A-Za-z0-9]{14}\.atlasv1)\.\Z|(?<![0-9])[0-9]{8,10}:\Z"
)
_LONGEST_LEAD = 24
_TOKEN = re.compile(
    r"(?:" + "|".join(f"(?P<t{number}>{row[3]})" for number, row in enumerate(_TOKENS)) + ")"
)
_FRAME = tuple(
    (name, literals, re.compile(expression), before)
    for name, _, literals, expression, before in _FRAMES
)

#: What people write where a secret would stand; the last but one is the token of every
#: introduction to JSON Web Tokens: {"sub":"1234567890", …
_PLACEHOLDER = re.compile(
    r"example|sample|dummy|placeholder|redacted|changeme|change_me|replace|your[-_]?|my[-_]?secret"
    r"|insert|fake|notreal|not[-_]a[-_]real|x{4}|\*{3}|\.{3}|0{8}|1234567|abcdef|abc123|foobar"
    r"|eyJzdWIiOiIxMjM0NTY3ODkw|deadbeef",
    re.IGNORECASE,
)
_FEW_CHARACTERS = 6
_LONG = 44
_LONGEST_BEGINNING = 13
_WEAK_PASSWORD = re.compile(
    r"(?i:password|passwd|passw0rd|postgres|secret|admin|root|test|user|mysql|mongo|redis|guest"
    r"|default|local|develop|pass)|%|#|\*"
)
_NOWHERE = re.compile(
    r"localhost|127\.|0\.0\.0\.0|10\.|192\.168\.|host\.docker\.internal"
    r"|(?:.*\.)?(?:example\.(?:com|org|net)|example|test|invalid|local|localhost)\.?$"
)


def find_secrets(text: str) -> tuple[Secret, ...]:
    """Find everything in a text that looks like a secret.

    Placeholders and examples of documentation are left out, and so is the password of a
    database that only its own machine can reach.

    Args:
        text: Any text; several lines at once, so that a private key is seen as a whole.

    Returns:
        The secrets in the order of the text; none overlaps another.
    """
    found = sorted((*_tokens(text), *_frames(text)), key=lambda secret: (secret.start, -secret.end))
    apart: list[Secret] = []
    for secret in found:
        if not apart or secret.start >= apart[-1].end:
            apart.append(secret)
    return tuple(apart)


def _tokens(text: str) -> Iterator[Secret]:
    """Find the kinds that begin with a fixed word."""
    for word in _WORD.finditer(text):
        start = _beginning(text, word.start())
        match = None if start is None else _TOKEN.match(text, start)
        if match is not None and not _is_placeholder(match[0]):
            yield Secret(_TOKENS[int((match.lastgroup or "t0")[1:])][0], *match.span())


def _beginning(text: str, start: int) -> int | None:
    """Return where the token of a long word begins; None where the word is no token's."""
    before = text[start - 1] if start else ""
    if before == "\\":
        start += 1  # the n of an escaped line feed
    elif before and before in ".:":
        lead = _LEAD.search(text, max(0, start - _LONGEST_LEAD), start)
        return None if lead is None else lead.start()
    if text[start : start + _LONGEST] in _BEGINNINGS:
        return start
    return start if text[start : start + _SHORTEST] in _BEGINNINGS else None


def _frames(text: str) -> Iterator[Secret]:
    """Find the kinds that stand in a fixed frame."""
    for name, literals, expression, before in _FRAME:
        for literal in literals:
            position = text.find(literal)
            while position >= 0:
                match = _framed(text, position, expression, before)
                if match is not None and not _is_harmless(match):
                    group = "value" if "value" in expression.groupindex else 0
                    yield Secret(name, *match.span(group))
                following = position + len(literal) if match is None else match.end()
                position = text.find(literal, max(following, position + 1))


def _framed(
    text: str, position: int, expression: re.Pattern[str], before: int
) -> re.Match[str] | None:
    """Match the expression around its literal."""
    if before != _SCHEME:
        return expression.match(text, max(0, position - before))
    # Most addresses have no user: one look for the @ spares the expression.
    if text.find("@", position, position + _LONGEST_ADDRESS) < 0:
        return None
    match = expression.search(text, max(0, position - before), position + _LONGEST_ADDRESS)
    return match if match is not None and match.start() <= position < match.end() else None


def _is_harmless(match: re.Match[str]) -> bool:
    groups = match.groupdict()
    value = groups.get("value") or match[0]
    host = groups.get("host")
    if host is not None:
        # A name without a dot is a neighbour in a compose file or a pod.
        nearby = "." not in host or _NOWHERE.match(host) is not None
        return nearby or _WEAK_PASSWORD.search(value) is not None or _is_placeholder(value)
    if value.startswith("-----BEGIN "):
        return _PLACEHOLDER.search(value, 0, 300) is not None
    return _is_placeholder(value)


def _is_placeholder(value: str) -> bool:
    """Tell whether people wrote this to stand for a secret."""
    body = value[-24:]
    if len(set(body)) < min(_FEW_CHARACTERS, len(body)) or _PLACEHOLDER.search(value):
        return True
    # One in a thousand real ones of this length has no digit; words never have one.
    return len(value) >= _LONG and not any(c.isdigit() for c in value[_LONGEST_BEGINNING:])
