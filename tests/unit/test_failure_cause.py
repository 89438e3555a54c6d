"""What failed is told by the kind of the error; of several causes the one to mend is told."""

from __future__ import annotations

from itertools import combinations

import pytest

from reviewer.adapters.database.trouble import LostDatabaseError
from reviewer.domain.completion import FailureKind
from reviewer.domain.failure_cause import cause_of, cause_of_call, first_cause
from reviewer.domain.run_event import FailureCause
from reviewer.errors import ConfigurationError, ProviderError, ResourceError, ReviewerError
from reviewer.ports.code_host import CodeHostError, Refusal
from reviewer.ports.engine import EngineError


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (CodeHostError(Refusal.UNAVAILABLE, "Bad Gateway", status=502), FailureCause.CODE_HOST),
        (ProviderError("refused"), FailureCause.MODEL),
        (EngineError("away"), FailureCause.DATABASE),
        (LostDatabaseError("away"), FailureCause.DATABASE),
        (ResourceError("too large"), FailureCause.LIMIT),
        (ConfigurationError("misspelt"), FailureCause.CONFIGURATION),
        (ReviewerError("something"), FailureCause.INTERNAL),
        (KeyError("a defect"), FailureCause.INTERNAL),
    ],
)
def test_an_error_has_the_cause_of_its_kind(error: Exception, cause: FailureCause) -> None:
    assert cause_of(error) is cause


@pytest.mark.parametrize("kind", FailureKind)
def test_a_call_fails_by_the_model_by_a_ceiling_or_for_time(kind: FailureKind) -> None:
    special = {
        FailureKind.BUDGET: FailureCause.BUDGET,
        FailureKind.DEADLINE: FailureCause.LIMIT,
    }
    assert cause_of_call(kind) is special.get(kind, FailureCause.MODEL)


def test_of_several_causes_there_is_one_that_comes_first_in_whatever_order() -> None:
    for first, second in combinations(FailureCause, 2):
        told = first_cause([first, None, second])
        assert told in {first, second}
        assert told is first_cause([second, first])
    assert first_cause([None]) is None
    assert first_cause([FailureCause.TOOL, FailureCause.BUDGET]) is FailureCause.BUDGET
    assert all(first_cause([cause]) is cause for cause in FailureCause)
