"""Reads the name of a model as people write it.

::

    anthropic:claude-sonnet-5-5                 the provider's own address
    compatible:http://127.0.0.1:8080/v1#name    a server that speaks chat completions
    anthropic:https://gateway.example#name      a provider's format at another address
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from reviewer.domain.completion import ModelName
from reviewer.domain.redactor import redact
from reviewer.errors import UserError

PROVIDERS = ("anthropic", "compatible", "gemini", "openai")

_LONGEST_SHOWN = 80
_EXAMPLES = "anthropic:claude-sonnet-5-5 or compatible:http://127.0.0.1:8080/v1#NAME"
#: Also a piece of a path for Gemini, so neither ``..`` nor ``?`` nor ``%`` can stand in it.
_MODEL = re.compile(r"[A-Za-z0-9/](?:[A-Za-z0-9_:@+/-]|\.(?!\.)){0,199}")
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:/[A-Za-z0-9._~-]+)*)/*",
    re.IGNORECASE,
)
_ENDPOINTS = ("/chat/completions", "/messages", "/completions", "/responses")


def parse_model_name(text: str) -> ModelName:
    """Read a model's name.

    Args:
        text: ``PROVIDER:MODEL`` or ``PROVIDER:URL#MODEL``.

    Returns:
        The name; ``str`` of it gives an equal text back.

    Raises:
        UserError: It has another form.
    """
    provider, colon, rest = text.strip().partition(":")
    provider = provider.lower()
    if not colon or provider not in PROVIDERS:
        raise _unknown_provider(provider if colon else "", text)
    base_url = ""
    if "://" in rest:
        address, _, rest = rest.partition("#")
        base_url = _base_url(address)
    elif provider == "compatible":
        raise _wrong(text, "has no address", "Write it as compatible:URL#NAME")
    if not _MODEL.fullmatch(rest):
        what = "has no model" if not rest else "names a model with characters that none has"
        raise _wrong(text, what, f"Write for example {_EXAMPLES}")
    return ModelName(provider=provider, model=rest, base_url=base_url)


def _base_url(address: str) -> str:
    found = _URL.fullmatch(address)
    if found is None or "/." in found["path"]:
        # The address is not repeated: people paste keys and passwords into it.
        raise UserError(
            "the model's address is no plain http or https URL",
            hint="Write scheme, host and path only, without user, password, query or blank.",
        )
    port = "" if found["port"] is None else f":{int(found['port'])}"
    if port and not 1 <= int(found["port"]) <= 65_535:  # noqa: PLR2004
        raise UserError("the model's address has a port that cannot be", hint="Use 1 to 65535.")
    path = found["path"].rstrip("/")
    for endpoint in _ENDPOINTS:
        if path.endswith(endpoint):
            raise UserError(
                f"the model's address ends in {endpoint}",
                hint="Leave that off: it is added to the address.",
            )
    return f"{found['scheme'].lower()}://{found['host'].lower()}{port}{path}"


def _unknown_provider(provider: str, text: str) -> UserError:
    if not provider:
        return _wrong(text, "names no provider", f"Write for example {_EXAMPLES}")
    near = get_close_matches(provider, PROVIDERS, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(PROVIDERS)}."
    return _wrong(text, "names a provider that nobody knows", hint)


def _wrong(text: str, what: str, hint: str) -> UserError:
    # A key that was pasted here by mistake stays unseen: no name of a model is as long as one.
    shown = redact(text) if len(text) <= _LONGEST_SHOWN else ""
    shown = "".join(mark if mark.isprintable() else " " for mark in shown)
    model = f'the model "{shown}"' if shown else "the model"
    return UserError(f"{model} {what}", hint=hint if hint[-1] in ".?" else f"{hint}.")
