"""The name of a model as people write it."""

from __future__ import annotations

import pytest

from reviewer.domain.completion import ModelName
from reviewer.domain.model_name import parse_model_name
from reviewer.errors import UserError


@pytest.mark.parametrize(
    ("text", "provider", "model", "base_url"),
    [
        ("anthropic:claude-sonnet-5-5", "anthropic", "claude-sonnet-5-5", ""),
        ("openai:gpt-6.1-terra", "openai", "gpt-6.1-terra", ""),
        (" Gemini:models/gemini-3.8-flash ", "gemini", "models/gemini-3.8-flash", ""),
        ("openai:ft:gpt-5.4:house::Ab1", "openai", "ft:gpt-5.4:house::Ab1", ""),
        (
            "compatible:http://127.0.0.1:8080/v1/#llama3.2:3b",
            "compatible",
            "llama3.2:3b",
            "http://127.0.0.1:8080/v1",
        ),
        (
            "compatible:https://OpenRouter.ai/api/v1#vendor/model-7b",
            "compatible",
            "vendor/model-7b",
            "https://openrouter.ai/api/v1",
        ),
        ("anthropic:http://[::1]:8080#name", "anthropic", "name", "http://[::1]:8080"),
    ],
)
def test_a_name_is_read_and_written_again(
    text: str, provider: str, model: str, base_url: str
) -> None:
    name = parse_model_name(text)

    assert name == ModelName(provider=provider, model=model, base_url=base_url)
    assert parse_model_name(str(name)) == name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no provider"),
        ("gpt-6-sol", "names no provider"),
        ("anthropc:claude", "Did you mean anthropic?"),
        ("mistral:large", "Known are anthropic"),
        ("openai:", "has no model"),
        ("compatible:qwen", "has no address"),
        ("compatible:http://127.0.0.1:8080/v1", "has no model"),
        ("gemini:../../v1/files", "characters that none has"),
        ("gemini:models/../files", "characters that none has"),
        ("gemini:x?key=1", "characters that none has"),
        ("openai:a b", "characters that none has"),
        ("openai:a\nb", "characters that none has"),
        ("compatible:ftp://host#x", "no plain http or https URL"),
        ("compatible:http://user:word@host/v1#x", "no plain http or https URL"),
        ("compatible:http://host/v1?a=b#x", "no plain http or https URL"),
        ("compatible:http://host/../v1#x", "no plain http or https URL"),
        ("compatible:http://ho st/v1#x", "no plain http or https URL"),
        ("compatible:http://host:99999/v1#x", "port that cannot be"),
        ("compatible:http://host:0/v1#x", "port that cannot be"),
        ("compatible:http://host/v1/chat/completions#x", "Leave that off"),
    ],
)
def test_another_form_is_refused_with_the_way_out(text: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_model_name(text)

    assert words in str(caught.value)
    assert caught.value.hint


@pytest.mark.holds("S17")
def test_what_was_pasted_by_mistake_is_not_shown() -> None:
    key = "sk-ant-api03-" + "A1b2C3d4" * 12

    for text in (key, f"openai:{key}?", f"compatible:http://user:{key}@host/v1#x"):
        with pytest.raises(UserError) as caught:
            parse_model_name(text)
        assert "A1b2C3d4" not in str(caught.value)
