"""What a cassette says of the run that it holds: how it was configured, when, and what was spent.

A replay is wired as the recorded run was, so that the same questions are asked; what the door says
now goes before. Nothing of it is written to the ledger: it was paid when it was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from reviewer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reviewer.adapters.cassette.replay import ReplayModel
    from reviewer.domain.operator_configuration import OperatorConfiguration
    from reviewer.ports.ledger import Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """A run that is replayed.

    Args:
        answers: Gives the recorded answers.
        operator: The operator's file as it was then.
        repository: How the repository was called: roll-outs of prompts hang on it.
        spent: What had been spent on that day before.
    """

    answers: ReplayModel
    operator: OperatorConfiguration
    repository: str
    spent: Spent


def configuration_of(
    operator: OperatorConfiguration, repository: str, spent: Spent
) -> Mapping[str, object]:
    """Return what a replay must know of a run's configuration, as JSON knows it; no key is in it.

    Args:
        operator: What holds, the door's word included.
        repository: How the repository is called.
        spent: What was spent on this day before.
    """
    return {
        "operator": operator.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "repository": repository,
        "spent_tokens": spent.tokens,
        "spent_dollars": str(spent.dollars),
    }


def read_run(path: Path) -> RecordedRun:
    """Read a cassette and how its run was configured.

    Raises:
        UserError: It cannot be read, is damaged, or is configured as nothing can be.
    """
    from reviewer.adapters.cassette.replay import ReplayModel
    from reviewer.domain.operator_configuration import OperatorConfiguration
    from reviewer.ports.ledger import Spent

    answers = ReplayModel.read(path)
    held = answers.configuration
    try:
        return RecordedRun(
            answers=answers,
            operator=OperatorConfiguration.model_validate(held.get("operator", {})),
            repository=str(held.get("repository", "")),
            spent=Spent(
                tokens=int(str(held.get("spent_tokens", 0))),
                dollars=Decimal(str(held.get("spent_dollars", 0))),
            ),
        )
    except (ValueError, ArithmeticError) as error:
        raise UserError(
            "the configuration of the recorded run cannot be read",
            path=str(path),
            line=1,
            hint="Record it again (--record FILE).",
        ) from error
