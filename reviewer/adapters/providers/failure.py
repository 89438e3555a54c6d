"""Turns what a provider said about a failed call into a `Failure` that says what to do next.

Codes and types come first, words only where a provider has no code for it. What none of them
names is judged by the status, as the vendors' own clients do: 408, 409, 429 and 5xx are tried
again, ``x-should-retry`` overrules.

- https://developers.openai.com/api/docs/guides/error-codes
- https://platform.claude.com/docs/en/api/errors
- https://ai.google.dev/gemini-api/docs/troubleshooting
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from reviewer.adapters.providers.retry_after import HOUR_SECONDS, retry_after, retry_delay
from reviewer.adapters.providers.usage import mapping
from reviewer.domain.completion import Failure, FailureKind
from reviewer.domain.redactor import redact

LONGEST_MESSAGE = 300
#: Enough for every error that a provider documents; what stands behind it is noise or hostile.
_LONGEST_READ = 4_000

_BILLING_CODES = re.compile(
    r"insufficient_quota|credit_balance|billing|spend_limit|organization_usage_limit"
    r"|payment_required|user_profile_not_billable"
)
_BILLING_WORDS = re.compile(
    r"credit balance|spend(?:ing)? limit|api usage limits|insufficient (?:credits|funds|balance)",
    re.IGNORECASE,
)
_OVERFLOW_CODES = re.compile(
    r"context_length_exceeded|exceed_context_size|request_too_large|context_window_exceeded"
    r"|request_body_too_large"
)
_OVERFLOW_WORDS = re.compile(
    r"maximum context|context (?:length|window|limit|size)|prompt is too long|input is too long"
    r"|input token count|too many (?:input )?tokens|request exceeds the maximum (?:allowed )?size",
    re.IGNORECASE,
)
_AUTHENTICATION_CODES = re.compile(r"api_key_invalid|invalid_api_key|unauthenticated")
_SCHEMA_WORDS = re.compile(
    r"response_?format|json_?schema|output_config\.format|output_format|response_?schema"
    r"|response_?mime_?type|compiled grammar|\bgrammar\b|(?:invalid|unsupported) schema"
    r"|schema (?:is )?(?:too|not supported)|structured outputs?",
    re.IGNORECASE,
)
#: How the wire formats write the parameters of `domain.completion.Parameters`.
_PARAMETER_WORDS: Mapping[str, re.Pattern[str]] = {
    "temperature": re.compile(r"\btemperature\b", re.IGNORECASE),
    "top_p": re.compile(r"\btop_?p\b", re.IGNORECASE),
    "effort": re.compile(r"effort\b|thinking_?(?:level|config)", re.IGNORECASE),
    "max_output_tokens": re.compile(r"\bmax_?(?:completion_?|output_?)?tokens\b", re.IGNORECASE),
}
#: The status that a type or code stands for, where an error comes inside a stream of status 200.
_STATUS_OF = {
    "authentication_error": 401,
    "billing_error": 402,
    "invalid_request_error": 400,
    "not_found_error": 404,
    "overloaded_error": 529,
    "permission_error": 403,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "request_too_large": 413,
    "timeout_error": 504,
    "invalid_argument": 400,
    "permission_denied": 403,
    "resource_exhausted": 429,
    "unavailable": 503,
}
#: Refused before a model saw anything: such an attempt costs nothing.
_NEVER_REACHED = frozenset({*range(400, 500), 503, 529}) - {408, 409, 499}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An error as any of the providers reports it.

    Args:
        message: Its words.
        codes: Types, codes, statuses and reasons, in lower case.
        status: A status inside the report, 0 where there is none.
        parameter: The parameter that it names in a field of its own.
        details: Gemini's further details.
    """

    message: str = ""
    codes: frozenset[str] = frozenset()
    status: int = 0
    parameter: str = ""
    details: tuple[Mapping[str, object], ...] = ()

    def has(self, codes: re.Pattern[str]) -> bool:
        """Tell whether any of the codes matches."""
        return any(codes.search(code) for code in self.codes)


def read_report(document: object) -> Report:
    """Read an error in any of the shapes that providers and compatible servers use.

    Args:
        document: The parsed body, or the parsed data of an event.

    Returns:
        What it says; empty where it says nothing that we know.
    """
    if isinstance(document, list) and document:
        document = document[0]
    body = mapping(document)
    inner = body.get("error", body)
    if isinstance(inner, str):
        return Report(message=inner)
    error = mapping(inner)
    further = error.get("details")
    details = tuple(mapping(item) for item in further) if isinstance(further, list) else ()
    code = error.get("code")
    named = (
        *(error.get(name) for name in ("code", "type", "status")),
        mapping(further).get("error_code"),
        *(detail.get("reason") for detail in details),
    )
    message = error.get("message", error.get("detail", ""))
    parameter = error.get("param")
    return Report(
        message=message if isinstance(message, str) else json.dumps(message),
        codes=frozenset(name.lower() for name in named if isinstance(name, str)),
        status=code if isinstance(code, int) and 400 <= code <= 599 else 0,  # noqa: PLR2004
        parameter=parameter if isinstance(parameter, str) else "",
        details=details,
    )


def parse_report(body: bytes) -> Report:
    """Read the body of an error answer; one that is no JSON gives its text."""
    text = body.decode("utf-8", "replace")
    try:
        return read_report(json.loads(text))
    except (ValueError, RecursionError):
        return Report(message=text)


def answered_failure(
    status: int,
    headers: Mapping[str, str],
    report: Report,
    *,
    sent_parameters: Collection[str],
    secrets: tuple[str, ...],
    now: datetime,
) -> Failure:
    """Judge an answer whose status is not 200.

    Args:
        status: HTTP status.
        headers: Names in lower case.
        report: What the body says.
        sent_parameters: Names of `Parameters` that the request carried, and ``schema``.
        secrets: What must not be shown.
        now: For a date in ``Retry-After``.

    Returns:
        The failure.
    """
    kind, parameter = _kind(status, report, sent_parameters)
    advice = headers.get("x-should-retry", "").strip().lower()
    if advice == "false" and kind in {FailureKind.TRANSIENT, FailureKind.RATE_LIMITED}:
        kind = FailureKind.INVALID
    if advice == "true" and kind is FailureKind.INVALID:
        kind = FailureKind.TRANSIENT
    return Failure(
        kind=kind,
        message=shown(f"status {status}", report.message, secrets),
        status=status,
        retry_after_seconds=_wait(kind, headers, report, now),
        parameter=parameter,
        sent=status not in _NEVER_REACHED,
    )


def streamed_failure(
    report: Report, *, sent_parameters: Collection[str], secrets: tuple[str, ...]
) -> Failure:
    """Judge an error that came as an event of a stream which began well.

    Args:
        report: What the event says.
        sent_parameters: As in `answered_failure`.
        secrets: What must not be shown.

    Returns:
        The failure; the model has been reached.
    """
    known = (_STATUS_OF[code] for code in sorted(report.codes) if code in _STATUS_OF)
    status = report.status or next(known, 500)
    kind, parameter = _kind(status, report, sent_parameters)
    return Failure(
        kind=kind,
        message=shown("an error inside the answer", report.message, secrets),
        status=200,
        retry_after_seconds=retry_delay(report.details),
        parameter=parameter,
    )


def shown(what: str, words: str, secrets: tuple[str, ...]) -> str:
    """Make a message that may be logged: one line, printable, redacted, cut."""
    line = redact(words[:_LONGEST_READ], secrets)
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in line).split())
    message = ": ".join(part for part in (what, line) if part)
    return message if len(message) <= LONGEST_MESSAGE else f"{message[: LONGEST_MESSAGE - 1]}…"


def one_line(text: object, limit: int = 200) -> str:
    """Make an identifier that a provider sent fit to be logged and stored."""
    if not isinstance(text, str):
        return ""
    return "".join(mark if mark.isprintable() else " " for mark in text[:limit]).strip()


def _kind(status: int, report: Report, sent: Collection[str]) -> tuple[FailureKind, str]:
    """Decide what kind of failure it is, and which parameter it names."""
    if _is_billing(status, report):
        return FailureKind.BILLING, ""
    if status in {401, 403} or report.has(_AUTHENTICATION_CODES):
        return FailureKind.AUTHENTICATION, ""
    if status == 429:  # noqa: PLR2004
        return FailureKind.RATE_LIMITED, ""
    if status in {408, 409} or status >= 500:  # noqa: PLR2004
        # Compatible servers answer 500 to a prompt that is too long; asking again cannot help.
        if report.has(_OVERFLOW_CODES):
            return FailureKind.CONTEXT_OVERFLOW, ""
        return FailureKind.TRANSIENT, ""
    if status in {400, 413, 422}:
        return _refused_input(status, report, sent)
    if status < 400:  # noqa: PLR2004
        return FailureKind.PROTOCOL, ""
    return FailureKind.INVALID, ""


def _is_billing(status: int, report: Report) -> bool:
    if status == 402 or (report.has(_BILLING_CODES) and status < 500):  # noqa: PLR2004
        return True
    if status not in {400, 403, 429}:
        return False
    return bool(_BILLING_WORDS.search(report.message)) or any(
        str(violation.get("quotaValue")) == "0" for violation in _violations(report)
    )


def _refused_input(status: int, report: Report, sent: Collection[str]) -> tuple[FailureKind, str]:
    words = report.message[:_LONGEST_READ]
    if status == 413 or report.has(_OVERFLOW_CODES) or _OVERFLOW_WORDS.search(words):  # noqa: PLR2004
        return FailureKind.CONTEXT_OVERFLOW, ""
    # A field of its own is a fact; words are searched only where there is none.
    for text in (report.parameter, words):
        if "schema" in sent and _SCHEMA_WORDS.search(text):
            return FailureKind.SCHEMA_UNSUPPORTED, ""
        for name, expression in _PARAMETER_WORDS.items():
            if name in sent and expression.search(text):
                return FailureKind.PARAMETER, name
    return FailureKind.INVALID, ""


def _violations(report: Report) -> Iterator[Mapping[str, object]]:
    """Give the quotas that Gemini says were exceeded (google.rpc.QuotaFailure)."""
    for detail in report.details:
        violations = detail.get("violations")
        if isinstance(violations, list):
            yield from (mapping(violation) for violation in violations)


def _wait(
    kind: FailureKind, headers: Mapping[str, str], report: Report, now: datetime
) -> float | None:
    if kind not in {FailureKind.RATE_LIMITED, FailureKind.TRANSIENT}:
        return None
    asked = retry_after(headers, now=now)
    if asked is None:
        asked = retry_delay(report.details, report.message)
    if any(
        "perday" in str(violation.get("quotaId", "")).lower() for violation in _violations(report)
    ):
        # A quota of the day is told with a delay of seconds; it comes back hours later.
        return max(asked or 0.0, HOUR_SECONDS)
    return asked
