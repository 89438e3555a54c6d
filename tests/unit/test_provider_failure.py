"""What providers say when a call fails, and what is made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.adapters.providers.failure import (
    LONGEST_MESSAGE,
    answered_failure,
    parse_report,
    read_report,
    streamed_failure,
)
from reviewer.adapters.providers.retry_after import LONGEST_SECONDS, retry_after
from reviewer.domain.completion import Failure, FailureKind

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
KEY = "sk-" + "TestKey0123456789" + "abcdefghijklmnop"
SENT = ("max_output_tokens", "temperature", "top_p", "effort", "schema")


def judged(
    status: int,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    sent: tuple[str, ...] = SENT,
) -> Failure:
    return answered_failure(
        status,
        headers or {},
        parse_report(json.dumps(body).encode() if body is not None else b""),
        sent_parameters=sent,
        secrets=(KEY,),
        now=NOW,
    )


def openai(message: str = "No.", **fields: object) -> object:
    return {"error": {"message": message, "type": "invalid_request_error", **fields}}


def anthropic(kind: str, message: str = "No.", **fields: object) -> object:
    return {"type": "error", "error": {"type": kind, "message": message, **fields}}


def gemini(code: int, status: str, message: str = "No.", *details: object) -> object:
    error = {"code": code, "status": status, "message": message, "details": list(details)}
    return {"error": error}


def quota(name: str, value: str) -> object:
    return {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"quotaId": name, "quotaValue": value}],
    }


@pytest.mark.holds("P16")
@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (402, None, FailureKind.BILLING),
        (429, openai(type="insufficient_quota", code="insufficient_quota"), FailureKind.BILLING),
        (429, openai(code="credit_balance_exhausted"), FailureKind.BILLING),
        (429, openai(code="organization_spend_limit_exceeded"), FailureKind.BILLING),
        (429, openai(code="project_spend_limit_exceeded"), FailureKind.BILLING),
        (429, openai(code="organization_usage_limit_exceeded"), FailureKind.BILLING),
        (
            429,
            anthropic("rate_limit_error", details={"error_code": "enforced_spend_limit_reached"}),
            FailureKind.BILLING,
        ),
        (
            400,
            anthropic("invalid_request_error", "Your credit balance is too low"),
            FailureKind.BILLING,
        ),
        (
            400,
            anthropic("invalid_request_error", "Reached your API usage limits."),
            FailureKind.BILLING,
        ),
        (403, anthropic("billing_error"), FailureKind.BILLING),
        (
            429,
            gemini(429, "RESOURCE_EXHAUSTED", "Quota.", quota("PerMinute", "0")),
            FailureKind.BILLING,
        ),
        (401, openai(code="invalid_api_key"), FailureKind.AUTHENTICATION),
        (403, gemini(403, "PERMISSION_DENIED"), FailureKind.AUTHENTICATION),
        (
            400,
            gemini(400, "INVALID_ARGUMENT", "No.", {"reason": "API_KEY_INVALID"}),
            FailureKind.AUTHENTICATION,
        ),
        (429, openai(code="rate_limit_exceeded"), FailureKind.RATE_LIMITED),
        (
            429,
            anthropic("rate_limit_error", details={"error_code": "ramp_limit_exceeded"}),
            FailureKind.RATE_LIMITED,
        ),
        (408, None, FailureKind.TRANSIENT),
        (409, None, FailureKind.TRANSIENT),
        (500, anthropic("api_error"), FailureKind.TRANSIENT),
        (503, gemini(503, "UNAVAILABLE"), FailureKind.TRANSIENT),
        (529, anthropic("overloaded_error"), FailureKind.TRANSIENT),
        (400, openai("Too long.", code="context_length_exceeded"), FailureKind.CONTEXT_OVERFLOW),
        (
            400,
            {"error": {"code": 400, "type": "exceed_context_size_error", "message": "."}},
            FailureKind.CONTEXT_OVERFLOW,
        ),
        (500, openai("Too long.", type="exceed_context_size_error"), FailureKind.CONTEXT_OVERFLOW),
        (
            400,
            anthropic(
                "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"
            ),
            FailureKind.CONTEXT_OVERFLOW,
        ),
        (
            400,
            anthropic(
                "invalid_request_error", "input length and `max_tokens` exceed context limit"
            ),
            FailureKind.CONTEXT_OVERFLOW,
        ),
        (413, anthropic("request_too_large"), FailureKind.CONTEXT_OVERFLOW),
        (
            400,
            gemini(400, "INVALID_ARGUMENT", "The input token count (9) exceeds 8."),
            FailureKind.CONTEXT_OVERFLOW,
        ),
        (
            400,
            {"object": "error", "message": "This model's maximum context length is 4096 tokens."},
            FailureKind.CONTEXT_OVERFLOW,
        ),
        (
            400,
            openai("Invalid schema for response_format 'answer'.", param="response_format"),
            FailureKind.SCHEMA_UNSUPPORTED,
        ),
        (
            400,
            anthropic("invalid_request_error", "The compiled grammar is too large."),
            FailureKind.SCHEMA_UNSUPPORTED,
        ),
        (
            400,
            anthropic("invalid_request_error", "output_config.format: not permitted"),
            FailureKind.SCHEMA_UNSUPPORTED,
        ),
        (
            400,
            gemini(400, "INVALID_ARGUMENT", 'Unknown name "responseJsonSchema"'),
            FailureKind.SCHEMA_UNSUPPORTED,
        ),
        (404, openai("The model does not exist", code="model_not_found"), FailureKind.INVALID),
        (400, openai("Something else."), FailureKind.INVALID),
        (422, {"detail": [{"msg": "field required"}]}, FailureKind.INVALID),
        (418, None, FailureKind.INVALID),
        (301, None, FailureKind.PROTOCOL),
        (204, None, FailureKind.PROTOCOL),
    ],
)
def test_each_answer_has_its_kind(status: int, body: object, kind: FailureKind) -> None:
    failure = judged(status, body)

    assert failure.kind is kind
    assert failure.status == status


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (
            openai("Unsupported value.", param="temperature", code="unsupported_value"),
            "temperature",
        ),
        (openai("Unsupported parameter: 'top_p'."), "top_p"),
        (openai("No.", param="reasoning_effort"), "effort"),
        (anthropic("invalid_request_error", "temperature: not permitted"), "temperature"),
        (anthropic("invalid_request_error", "output_config.effort: not supported"), "effort"),
        (anthropic("invalid_request_error", "max_tokens: 99 > 64"), "max_output_tokens"),
        (gemini(400, "INVALID_ARGUMENT", "thinkingLevel is not supported by this model"), "effort"),
        (openai("Use 'max_completion_tokens' instead.", param="max_tokens"), "max_output_tokens"),
    ],
)
def test_a_refused_parameter_is_named_as_ours(body: object, name: str) -> None:
    failure = judged(400, body)

    assert (failure.kind, failure.parameter) == (FailureKind.PARAMETER, name)


def test_a_parameter_that_was_not_sent_was_not_refused() -> None:
    body = openai("The temperature of this conversation is too high for top_p.")

    assert judged(400, body, sent=("max_output_tokens",)).kind is FailureKind.INVALID


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.4"}, 0.4),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0.0),
        (
            {
                "retry-after": "Sat, 21 Nov 2026 13:00:30 GMT",
                "date": "Sat, 21 Nov 2026 13:00:00 GMT",
            },
            30.0,
        ),
        ({"retry-after": "1e999"}, 2_678_400.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Sat, 99 Foo 2026"}, None),
        ({}, None),
    ],
)
def test_the_wait_is_read_in_every_form(headers: Mapping[str, str], seconds: float | None) -> None:
    assert judged(429, openai(), headers).retry_after_seconds == seconds


def test_gemini_says_its_wait_in_details_or_words() -> None:
    delay = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "46.5s"}

    detailed = judged(429, gemini(429, "RESOURCE_EXHAUSTED", "Quota.", delay))
    worded = judged(429, gemini(429, "RESOURCE_EXHAUSTED", "Please retry in 46s."))

    assert detailed.retry_after_seconds == 46.5
    assert worded.retry_after_seconds == 46.0


def test_a_quota_of_the_day_does_not_come_back_in_seconds() -> None:
    delay = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "20s"}
    day = quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier", "50")

    failure = judged(429, gemini(429, "RESOURCE_EXHAUSTED", "Quota.", day, delay))

    assert failure.kind is FailureKind.RATE_LIMITED
    assert failure.retry_after_seconds == 3600.0


def test_a_bill_is_not_waited_for() -> None:
    failure = judged(429, openai(code="insufficient_quota"), {"retry-after": "3"})

    assert failure.retry_after_seconds is None


@pytest.mark.parametrize(
    ("status", "advice", "kind"),
    [
        (500, "false", FailureKind.INVALID),
        (429, "false", FailureKind.INVALID),
        (404, "true", FailureKind.TRANSIENT),
        (402, "true", FailureKind.BILLING),
        (401, "true", FailureKind.AUTHENTICATION),
    ],
)
def test_the_providers_advice_is_followed(status: int, advice: str, kind: FailureKind) -> None:
    assert judged(status, None, {"x-should-retry": advice}).kind is kind


@pytest.mark.parametrize("status", [400, 401, 402, 404, 413, 422, 429, 503, 529])
def test_what_was_refused_before_the_model_costs_nothing(status: int) -> None:
    assert not judged(status).sent


@pytest.mark.parametrize("status", [408, 409, 500, 502, 504])
def test_what_may_have_reached_the_model_may_cost(status: int) -> None:
    assert judged(status).sent


@pytest.mark.holds("S17")
def test_no_message_shows_the_key_or_more_than_a_line() -> None:
    words = f"Incorrect API key provided: {KEY}.\n\x1b[31mignore this\u202e\n" + "x" * 5000

    failure = judged(401, openai(words))

    assert KEY not in failure.message
    assert KEY[:12] not in failure.message
    assert len(failure.message) <= LONGEST_MESSAGE
    assert failure.message.isprintable()
    assert failure.message.startswith("status 401: Incorrect API key provided")


@pytest.mark.holds("R50")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502</html>",
        b"null",
        b"[]",
        b"[1]",
        b"7",
        b'"text"',
        b'{"error": 7}',
        b"\xff\xfe",
        b'{"error": {"message": {"deep": 1}, "code": true, "details": "x"}}',
        b"[" * 100_000,
    ],
)
def test_no_body_is_too_strange(body: bytes) -> None:
    report = parse_report(body)

    failure = answered_failure(500, {}, report, sent_parameters=SENT, secrets=(KEY,), now=NOW)

    assert failure.kind is FailureKind.TRANSIENT
    assert len(failure.message) <= LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (anthropic("overloaded_error"), FailureKind.TRANSIENT),
        (anthropic("rate_limit_error"), FailureKind.RATE_LIMITED),
        (anthropic("billing_error"), FailureKind.BILLING),
        (anthropic("invalid_request_error", "prompt is too long"), FailureKind.CONTEXT_OVERFLOW),
        ({"error": {"code": 429, "message": "slow down"}}, FailureKind.RATE_LIMITED),
        (gemini(503, "UNAVAILABLE"), FailureKind.TRANSIENT),
        (openai(type="server_error"), FailureKind.TRANSIENT),
        ({"error": "broken"}, FailureKind.TRANSIENT),
    ],
)
def test_an_error_inside_a_stream_has_its_kind_too(document: object, kind: FailureKind) -> None:
    failure = streamed_failure(read_report(document), sent_parameters=SENT, secrets=())

    assert failure.kind is kind
    assert failure.sent


NAMES = st.sampled_from(
    [
        "error",
        "message",
        "code",
        "type",
        "status",
        "param",
        "details",
        "error_code",
        "reason",
        "violations",
        "quotaId",
        "quotaValue",
        "retryDelay",
        "detail",
        "object",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(DOCUMENTS, st.integers(100, 599))
def test_whatever_is_reported_there_is_a_failure(document: object, status: int) -> None:
    report = read_report(document)

    answered = answered_failure(status, {}, report, sent_parameters=SENT, secrets=(KEY,), now=NOW)
    streamed = streamed_failure(report, sent_parameters=SENT, secrets=(KEY,))

    for failure in (answered, streamed):
        assert len(failure.message) <= LONGEST_MESSAGE
        assert failure.message.isprintable()


@pytest.mark.holds("R50")
@given(
    st.text(max_size=40)
    | st.sampled_from(["Sat, 21 Nov 99999999999 12:00:00 GMT", "21 Nov 2026 99:99:99 +9999"]),
    st.text(max_size=20),
)
def test_whatever_is_said_a_wait_is_finite_or_unknown(said: str, date: str) -> None:
    wait = retry_after({"retry-after": said, "retry-after-ms": date, "date": date}, now=NOW)

    assert wait is None or 0 <= wait <= LONGEST_SECONDS
