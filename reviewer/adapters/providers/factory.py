"""Makes the model of a name: which wire format, where, with what that provider needs."""

from __future__ import annotations

import re

from reviewer.adapters.http import HttpClient
from reviewer.adapters.providers.anthropic_messages import BASE_URL as ANTHROPIC_URL
from reviewer.adapters.providers.anthropic_messages import AnthropicMessages
from reviewer.adapters.providers.gemini_generate import BASE_URL as GEMINI_URL
from reviewer.adapters.providers.gemini_generate import GeminiGenerate
from reviewer.adapters.providers.key import read_key
from reviewer.adapters.providers.openai_chat import BASE_URL as OPENAI_URL
from reviewer.adapters.providers.openai_chat import OpenAIChat
from reviewer.domain.completion import ModelName
from reviewer.errors import UserError
from reviewer.ports.model import Model

_BASE_URLS = {"anthropic": ANTHROPIC_URL, "gemini": GEMINI_URL, "openai": OPENAI_URL}
#: https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
_AZURE = re.compile(
    r"https://[^/]+\.(?:openai|services\.ai|cognitiveservices)\.azure\.com(?:[:/]|$)",
    re.IGNORECASE,
)
#: What never leaves the machine may go without TLS.
_LOOPBACK = re.compile(r"http://(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?:[:/]|$)", re.IGNORECASE)


def base_url_of(model: ModelName) -> str:
    """Return where a model is reached: what `HttpClient` has to allow.

    Args:
        model: Which model.

    Raises:
        UserError: A compatible server without an address, or a provider that nobody knows.
    """
    if model.base_url:
        return model.base_url
    if model.provider not in _BASE_URLS:
        raise UserError(
            f"{model} does not say where the model is reached",
            hint="Write it as compatible:http://127.0.0.1:8080/v1#NAME.",
        )
    return _BASE_URLS[model.provider]


def provider_for(
    model: ModelName,
    key: str | None,
    *,
    http: HttpClient,
    explicit_cache: bool = False,
) -> Model:
    """Make the adapter that reaches a model.

    Args:
        model: Which model.
        key: The key of this provider, and of no other; None where it needs none.
        http: Allowed to reach `base_url_of` this model.
        explicit_cache: Whether the model takes OpenAI's ``prompt_cache_breakpoint``; the
            client's profile of the model knows.

    Returns:
        The adapter.

    Raises:
        UserError: Key or address cannot be used.
    """
    base_url = base_url_of(model)
    secret = read_key(key, provider=model.provider)
    if secret.value and model.provider != "compatible":
        _require_cover(model.provider, base_url)
    azure = _AZURE.match(base_url) is not None
    match model.provider:
        case "anthropic":
            return AnthropicMessages(http, secret, base_url=base_url)
        case "gemini":
            return GeminiGenerate(http, secret, base_url=base_url)
        case "openai" | "compatible":
            compatible = model.provider == "compatible"
            return OpenAIChat(
                http,
                secret,
                base_url=base_url,
                compatible=compatible,
                completion_limit=azure or not compatible,
                explicit_cache=explicit_cache and not compatible,
                key_header="api-key" if azure else "",
            )
        case _:
            raise UserError(f"nobody knows the provider {model.provider}")


def _require_cover(provider: str, base_url: str) -> None:
    """Refuse to send a vendor's key over a network that reads along.

    A compatible server is the operator's own, often inside one cluster, and so is its key.
    """
    if not base_url.startswith("https://") and not _LOOPBACK.match(base_url):
        raise UserError(
            f"the key for {provider} would cross the network unencrypted",
            hint="Use an https address; a server of your own is written as compatible:URL#NAME.",
        )
