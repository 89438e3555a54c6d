"""What every run on a pull request begins with, in one question instead of two.

Who we are and what stands there, and how the base configures a review, are wanted at the same
moment and by different sides: whoever comes first asks for both, and the other takes its part.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reviewer.adapters.github.configuration_files import ATTRIBUTES, configuration_lookups
from reviewer.adapters.github.documents import conversation_document, conversation_variables
from reviewer.adapters.github.git_objects import Lookup, ObjectFields
from reviewer.adapters.github.json_value import mapping
from reviewer.adapters.github.reading import GitHubReading
from reviewer.domain.pull_request import PullRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """Both parts of the answer.

    Args:
        conversation: The first page of the conversation, as if it had been asked for alone.
        base: GraphQL's answer about the base; empty where there is no such repository.
    """

    conversation: Mapping[str, object]
    base: Mapping[str, object]


class Opening:
    """Asks the first question of one run; given to its host and its workspace.

    Args:
        client: Whom to ask.
        pull_request: About which pull request.
        patterns: The files of the base that will be asked for, see `read_configuration`.
    """

    def __init__(
        self, client: GitHubReading, pull_request: PullRequest, patterns: Sequence[str]
    ) -> None:
        self._client = client
        self._name = pull_request.name
        self._fields = ObjectFields(
            configuration_lookups(pull_request.base_sha, (*patterns, f"/{ATTRIBUTES}"))
        )
        self._asked: asyncio.Task[_Answer] | None = None
        self._talk_taken = False

    async def conversation(self) -> Mapping[str, object] | None:
        """Return the first page of the conversation, once: whoever looks again wants what is new.

        Returns:
            GraphQL's ``data``; None where it was taken before.
        """
        if self._talk_taken:
            return None
        self._talk_taken = True
        return (await self._answer()).conversation

    async def objects(self, lookups: Sequence[Lookup]) -> list[Mapping[str, object]] | None:
        """Return what was asked of the base; commits do not change.

        Args:
            lookups: What is wanted.

        Returns:
            One answer to each, as `look_up` gives them; None where something else is wanted, or
            there is no such repository.
        """
        if tuple(lookups) != self._fields.lookups:
            return None
        base = (await self._answer()).base
        return self._fields.answers(base) if base else None

    async def _answer(self) -> _Answer:
        if self._asked is None:
            self._asked = asyncio.create_task(self._ask())
        return await self._asked

    async def _ask(self) -> _Answer:
        document = conversation_document(
            declared=self._fields.declared,
            besides=f"base: repository(owner: $owner, name: $name) {{\n{self._fields.text}\n}}",
        )
        variables = {**conversation_variables(self._name), **self._fields.variables}
        data = await self._client.query(document, variables)
        return _Answer(
            conversation={key: value for key, value in data.items() if key != "base"},
            base=mapping(data, "base"),
        )
