"""Fact about decisions: a dependency or a migration comes in, and no ADR says why."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reviewer.domain.change import Change, FileChange, FileStatus
from reviewer.domain.dependency import added_dependencies
from reviewer.domain.facts.observation import Observation, Sighting
from reviewer.domain.file_role import is_test

_ADR = re.compile(
    r"(?:^|/)(?:adrs?|decisions|architecture[-_]decisions|decision[-_]records?)/"
    r"[^/]+\.(?:md|adoc|rst|txt)$"
    r"|(?:^|/)adr-?\d+[\w.-]*\.(?:md|adoc|rst)$",
    re.IGNORECASE,
)
_MIGRATION = re.compile(
    r"(?:^|/)(?:migrations|alembic/versions|db/migrate|migrate)/(?:[^/]+/)*"
    r"[^/]*\d[^/]*\.(?:py|sql|rb|php|js|ts|xml)$"
    r"|(?:^|/)V\d+(?:[._]\d+)*__[^/]+\.sql$"
)
_FOR_DEVELOPMENT = re.compile(r"(?:^|/)[^/]*(?:dev|test|lint|doc)[^/]*\.(?:txt|in)$", re.IGNORECASE)


def decision_not_recorded(change: Change) -> Observation:
    """A dependency or a migration is added where ADRs are kept, and none of them is touched."""
    found = [hit for file in change.files for hit in _decisions(file)]
    if not found:
        return Observation(inapplicable="neither a dependency nor a migration is added")
    if any(_ADR.search(file.path) for file in change.files):
        return Observation()
    if change.head_paths is None:
        return Observation(unexamined=(("", "the repository's tree is not known"),))
    if not any(_ADR.search(path) for path in change.head_paths):
        return Observation(inapplicable="this repository keeps no ADRs")
    # One record is missing, however many lines show it.
    return Observation(hits=(found[0],))


def _decisions(file: FileChange) -> Iterator[Sighting]:
    if is_test(file.path) or not file.reviewed:
        return
    if file.status is FileStatus.ADDED and _MIGRATION.search(file.path):
        yield Sighting(path=file.path, headline="The schema changes and no ADR records why")
    # The first list of dependencies of a new project is not one decision.
    if file.status is not FileStatus.MODIFIED or _FOR_DEVELOPMENT.search(file.path):
        return
    for name, number in added_dependencies(file).items():
        yield Sighting(
            path=file.path,
            start_line=number,
            end_line=number,
            headline=f"`{name}` becomes a dependency and no ADR records why",
        )
