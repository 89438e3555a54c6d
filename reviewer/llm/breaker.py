"""The circuit breaker: leaves a provider alone that has just failed again and again.

One circuit a provider, address and model. It opens after five failures in a row, or at once where
a key or an account was refused; after thirty seconds one call may try, and its end decides.
A limit of requests is no failure here: it says itself when to come back.
"""

from __future__ import annotations

from dataclasses import dataclass

from reviewer.domain.completion import Failure, FailureKind, ModelName

FAILURES_TO_OPEN = 5
SECONDS_UNTIL_TRIAL = 30.0

_COUNTED = frozenset({FailureKind.TRANSIENT, FailureKind.PROTOCOL})
_CERTAIN = frozenset({FailureKind.AUTHENTICATION, FailureKind.BILLING})


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    opened_seconds: float | None = None
    trying: bool = False
    reason: str = ""


class CircuitBreaker:
    """The circuits of all models that this process calls; shared by its runs."""

    def __init__(self) -> None:
        self._circuits: dict[ModelName, _Circuit] = {}

    def enter(self, model: ModelName, now_seconds: float) -> Failure | None:
        """Ask whether a call may go out; who may tells `succeeded`, `failed` or `left` later.

        Args:
            model: Which circuit.
            now_seconds: The monotonic time.

        Returns:
            Why it may not, or None.
        """
        circuit = self._circuits.setdefault(model, _Circuit())
        if circuit.opened_seconds is None:
            return None
        waited = now_seconds - circuit.opened_seconds
        if waited >= SECONDS_UNTIL_TRIAL and not circuit.trying:
            circuit.trying = True
            return None
        return Failure(
            kind=FailureKind.CIRCUIT_OPEN,
            message=f"{model} has just failed repeatedly and is left alone: {circuit.reason}",
            sent=False,
        )

    def succeeded(self, model: ModelName) -> None:
        """Close the circuit: the model answered."""
        self._circuits[model] = _Circuit()

    def failed(self, model: ModelName, failure: Failure, now_seconds: float) -> None:
        """Count a failure, and open the circuit where it is one too many."""
        circuit = self._circuits.setdefault(model, _Circuit())
        if failure.kind in _CERTAIN:
            circuit.failures = FAILURES_TO_OPEN
        elif failure.kind in _COUNTED:
            circuit.failures += 1
        else:
            # Whatever else it said, it is there: a parameter, a limit, a length.
            circuit.failures = 0
            circuit.opened_seconds = None
        circuit.trying = False
        if circuit.failures >= FAILURES_TO_OPEN:
            circuit.opened_seconds = now_seconds
            circuit.reason = failure.message

    def left(self, model: ModelName) -> None:
        """Take note that a call ended without any word of the model: it was cancelled."""
        self._circuits.setdefault(model, _Circuit()).trying = False
