"""Which failures are tried again, how often, and after how long; the only module with tenacity.

The rules are those of the vendors' own clients: 0.5 s, doubled each time up to 8 s, up to a
quarter less by chance; a provider that says when to come back is obeyed. Whoever asks for more
than two minutes gets no further call in this run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import tenacity

from reviewer.domain.completion import Failure, FailureKind
from reviewer.ports.model import CompletionError

ATTEMPTS = 3
LONGEST_WAIT_SECONDS = 120.0

_FIRST_WAIT_SECONDS = 0.5
_LONGEST_BACKOFF_SECONDS = 8.0
_JITTER = 0.25

_AGAIN = frozenset({FailureKind.TRANSIENT, FailureKind.RATE_LIMITED})
_TELLS_WHEN = _AGAIN


def judged(failure: Failure) -> Failure:
    """Turn a failure that asks for too long a wait into one that is for a later run."""
    wait = failure.retry_after_seconds
    if failure.kind in _TELLS_WHEN and wait is not None and wait > LONGEST_WAIT_SECONDS:
        message = f"{failure.message} (asks to wait {wait:,.0f} s, which is left to a later run)"
        return replace(failure, kind=FailureKind.DEFERRED, message=message)
    return failure


def retrying(
    sleep: Callable[[float], Awaitable[None]], chance: Callable[[], float]
) -> tenacity.AsyncRetrying:
    """Return what calls an attempt until it succeeds, fails for good or has had its turns.

    Args:
        sleep: Waits; may raise to end it all, as at the end of a run's time.
        chance: Returns a number from 0 to 1.
    """

    def wait(state: tenacity.RetryCallState) -> float:
        asked = _failure(state).retry_after_seconds
        if asked is not None:
            # A little later than asked, or all that were sent away come back in one moment.
            return max(asked, 0.0) * (1 + 0.1 * chance()) + 0.01
        doubled: float = _FIRST_WAIT_SECONDS * 2 ** (state.attempt_number - 1)
        return min(doubled, _LONGEST_BACKOFF_SECONDS) * (1 - _JITTER * chance())

    return tenacity.AsyncRetrying(
        sleep=sleep,
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=wait,
        retry=tenacity.retry_if_exception(_is_tried_again),
        reraise=True,
    )


def _is_tried_again(error: BaseException) -> bool:
    return isinstance(error, CompletionError) and error.failure.kind in _AGAIN


def _failure(state: tenacity.RetryCallState) -> Failure:
    error = None if state.outcome is None else state.outcome.exception()
    if not isinstance(error, CompletionError):  # only these are tried again
        raise TypeError(f"nothing to wait for: {error!r}")
    return error.failure
