"""Turns what GitHub answered, or that nothing came, into a `CodeHostError` and a time to wait.

GitHub uses 403 for a missing permission and for a rate limit alike, and GraphQL answers 200 to
everything; words decide only where no status, header or type does.

- https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
- https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from reviewer.adapters.github.json_value import items, mapping, text
from reviewer.adapters.github.transport import Answer, ExchangeError, read_json
from reviewer.domain.redactor import redact
from reviewer.domain.sanitiser import cut, one_line
from reviewer.ports.code_host import CodeHostError, Refusal

#: "Otherwise, wait for at least one minute before retrying": what GitHub asks for where it does
#: not say how long.
SECONDARY_SECONDS = 60.0
#: A clock that is wrong, here or there, puts the reset into the past.
RESET_FLOOR_SECONDS = 5.0

_LONGEST_MESSAGE = 300
_LONGEST_READ = 4_000
_RATE_WORDS = re.compile(
    r"rate limit|abuse detection|blocked from content creation|submitted too quickly"
    r"|wait a few minutes",
    re.IGNORECASE,
)
_PENDING_WORDS = re.compile(r"one pending review per pull request", re.IGNORECASE)
_BROKEN_WORDS = re.compile(r"something went wrong|timed? ?out|internal", re.IGNORECASE)

_BY_STATUS: Mapping[int, Refusal] = {
    HTTPStatus.BAD_REQUEST: Refusal.UNPROCESSABLE,
    HTTPStatus.UNAUTHORIZED: Refusal.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN: Refusal.FORBIDDEN,
    HTTPStatus.NOT_FOUND: Refusal.NOT_FOUND,
    HTTPStatus.NOT_ACCEPTABLE: Refusal.TOO_LARGE,
    HTTPStatus.REQUEST_TIMEOUT: Refusal.UNAVAILABLE,
    HTTPStatus.GONE: Refusal.NOT_FOUND,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Refusal.TOO_LARGE,
    HTTPStatus.TOO_MANY_REQUESTS: Refusal.RATE_LIMITED,
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: Refusal.FORBIDDEN,
}
_BY_TYPE = {
    "FORBIDDEN": Refusal.FORBIDDEN,
    "INSUFFICIENT_SCOPES": Refusal.FORBIDDEN,
    "NOT_FOUND": Refusal.NOT_FOUND,
    "RATE_LIMIT": Refusal.RATE_LIMITED,
    "RATE_LIMITED": Refusal.RATE_LIMITED,
    "INTERNAL": Refusal.UNAVAILABLE,
    "SERVICE_UNAVAILABLE": Refusal.UNAVAILABLE,
}


def unanswered(error: ExchangeError, *, writing: bool) -> CodeHostError:
    """Judge an exchange that ended without an answer."""
    message = f"GitHub: {error.message}"
    return CodeHostError(Refusal.UNAVAILABLE, message, uncertain=writing and error.sent)


def refused(answer: Answer, *, writing: bool, secrets: Sequence[str]) -> CodeHostError | None:
    """Judge an answer by its status; None where it says that all is well.

    Args:
        answer: The answer, of REST or GraphQL.
        writing: Whether something was to be written.
        secrets: What the message must not show.
    """
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    if answer.status < HTTPStatus.BAD_REQUEST:
        message = "GitHub: what was asked for has moved; name the repository as it is called now"
        return CodeHostError(Refusal.NOT_FOUND, message, status=answer.status)
    words = _words(answer.text)
    refusal = _BY_STATUS.get(answer.status)
    if refusal is None:
        broken = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        refusal = Refusal.UNAVAILABLE if broken else Refusal.UNPROCESSABLE
    if _is_rate_limit(answer, words):
        refusal = Refusal.RATE_LIMITED
    return CodeHostError(
        refusal,
        shown(f"GitHub answered {answer.status}", words, secrets),
        status=answer.status,
        uncertain=writing and refusal is Refusal.UNAVAILABLE,
        pending_review=bool(_PENDING_WORDS.search(words)),
    )


def refused_document(
    answer: Answer, document: object, *, writing: bool, secrets: Sequence[str]
) -> CodeHostError | None:
    """Judge the errors inside an answer of GraphQL, which come with status 200.

    Args:
        answer: The answer.
        document: Its body, read.
        writing: Whether something was to be written.
        secrets: What the message must not show.

    Returns:
        The first error that is known; None where there is none.
    """
    errors = mapping(document).get("errors")
    if not errors:
        return None
    words = "; ".join(text(error.get("message")) for error in items(errors))
    known = (_BY_TYPE.get(text(error.get("type")).upper()) for error in items(errors))
    refusal = next((refusal for refusal in known if refusal is not None), None)
    if refusal is None:
        untyped = not any(text(error.get("type")) for error in items(errors))
        broken = untyped and _BROKEN_WORDS.search(words) is not None
        refusal = Refusal.UNAVAILABLE if broken else Refusal.UNPROCESSABLE
        if _RATE_WORDS.search(words):
            refusal = Refusal.RATE_LIMITED
    return CodeHostError(
        refusal,
        shown("GitHub refused", words, secrets),
        status=answer.status,
        uncertain=writing and refusal is Refusal.UNAVAILABLE,
    )


def unreadable(answer: Answer, *, writing: bool) -> CodeHostError:
    """Judge an answer that should be JSON and is not, as those of a proxy's login page."""
    message = f"GitHub answered {answer.status} with something that is no JSON"
    return CodeHostError(Refusal.UNAVAILABLE, message, status=answer.status, uncertain=writing)


def wait_seconds(answer: Answer, now: datetime, attempt: int) -> float:
    """Tell how long a rate limit asks to wait; never zero.

    Args:
        answer: The answer that named the limit.
        now: The time, where the answer does not tell GitHub's own.
        attempt: How often it was named before: who is told again waits twice as long.
    """
    growth: float = 2.0**attempt
    asked = _retry_after(answer, now)
    if asked is not None:
        return max(asked, 1.0)
    if answer.headers.get("x-ratelimit-remaining", "").strip() == "0":
        reset = _number(answer.headers.get("x-ratelimit-reset", ""))
        if reset is not None:
            server = _date(answer.headers.get("date", "")) or now
            return max(reset - server.timestamp(), RESET_FLOOR_SECONDS * growth)
    return SECONDARY_SECONDS * growth


def shown(what: str, words: str, secrets: Sequence[str]) -> str:
    """Make a message of GitHub's words that may be printed: one line, redacted, cut."""
    line = one_line(redact(words[:_LONGEST_READ], secrets))
    return cut(": ".join(part for part in (what, line) if part), _LONGEST_MESSAGE)


def _is_rate_limit(answer: Answer, words: str) -> bool:
    if answer.status == HTTPStatus.FORBIDDEN:
        return (
            "retry-after" in answer.headers
            or answer.headers.get("x-ratelimit-remaining", "").strip() == "0"
            or _RATE_WORDS.search(words) is not None
        )
    # Content that is created too fast is a 422 like any other, but for its words.
    return answer.status == HTTPStatus.UNPROCESSABLE_ENTITY and "too quickly" in words


def _words(body: str) -> str:
    """Put GitHub's message and errors on one line; errors are texts, or objects with a message."""
    try:
        document = mapping(read_json(body))
    except ValueError:
        return ""
    parts = [text(document.get("message")), *_error_words(document)]
    return "; ".join(dict.fromkeys(part for part in parts if part))


def _error_words(document: Mapping[str, object]) -> list[str]:
    errors = document.get("errors")
    if isinstance(errors, str):
        return [text(errors)]
    if not isinstance(errors, list):
        return []
    words = []
    for error in errors:
        if isinstance(error, str):
            words.append(text(error))
            continue
        named = mapping(error)
        place = ".".join(part for name in ("resource", "field") if (part := text(named.get(name))))
        words.append(text(named.get("message")) or f"{place} {text(named.get('code'))}".strip())
    return words


def _retry_after(answer: Answer, now: datetime) -> float | None:
    said = answer.headers.get("retry-after", "")
    seconds = _number(said)
    if seconds is not None:
        return seconds
    until = _date(said)
    if until is None:
        return None
    return (until - (_date(answer.headers.get("date", "")) or now)).total_seconds()


def _number(said: str) -> float | None:
    said = said.strip()
    # A year in seconds has eight digits, the time since 1970 ten.
    return float(said) if re.fullmatch(r"[0-9]{1,12}(?:\.[0-9]{1,6})?", said) else None


def _date(said: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
