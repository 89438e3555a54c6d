"""Facts about source code as a whole: is it tested, does the service answer health checks."""

from __future__ import annotations

import re

from reviewer.domain.change import Change, FileChange
from reviewer.domain.facts.observation import (
    ALREADY_SO,
    NO_BASE_TEXT,
    NoSubject,
    NotRead,
    Observation,
    Seen,
    Sighting,
    base_is_known,
    look,
    on_changed_lines,
)
from reviewer.domain.file_role import is_test

#: Fewer new lines than this are a repair that existing tests may well cover.
FEWEST_LINES = 15

_TESTED_LANGUAGES = frozenset(
    {
        "python",
        "javascript",
        "typescript",
        "tsx",
        "go",
        "rust",
        "java",
        "kotlin",
        "scala",
        "groovy",
        "csharp",
        "fsharp",
        "swift",
        "ruby",
        "php",
        "c",
        "cpp",
        "objective-c",
        "dart",
        "elixir",
        "haskell",
    }
)
_NO_TESTS_EXPECTED = re.compile(
    r"(?:^|/)(?:migrations?|alembic|docs?|documentation|examples?|samples?|demos?|scripts?|tools?|hack"
    r"|benchmarks?|bench|notebooks?|stubs|typings|config|settings|\.github|\.storybook|vendor|third_party)/"
    r"|(?:^|/)(?:setup|conf|noxfile|tasks|fabfile|manage|wsgi|asgi|__main__|__init__|_version|version)\.py$"
    r"|(?:^|/)[\w.-]*(?:config|\.stories|\.d)\.[cm]?[jt]sx?$|\.pyi$|(?:^|/)(?:gulpfile|gruntfile)",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"\s*(?:#|//|/\*|\*|<!--|--|\"\"\"|'''|import\b|from\s+\S+\s+import\b|using\b|package\b|[})\]];?,?\s*$|$)"
)


def source_without_test(change: Change) -> Observation:
    """A noticeable number of source lines is added, and the change touches no test."""
    if any(is_test(file.path) or _has_inline_test(file) for file in change.files):
        return Observation(inapplicable="the change touches tests")
    counted = [(count, file) for file in change.reviewed if (count := _code_lines(file))]
    total = sum(count for count, _ in counted)
    if total < FEWEST_LINES:
        return Observation(inapplicable="no or few new source lines")
    # The file with most new lines; of equals the first in the order of the change.
    most = max(counted, key=lambda pair: pair[0])[1]
    headline = f"{total} new source lines, and no test is touched"
    return Observation(hits=(Sighting(path=most.path, headline=headline),))


def _has_inline_test(file: FileChange) -> bool:
    """Tell whether a file of source adds tests of its own: Rust's modules, Python's doctests."""
    return any(
        "#[test]" in line or "#[cfg(test)]" in line or ">>> " in line
        for line in file.added.values()
    )


def _code_lines(file: FileChange) -> int:
    if file.language not in _TESTED_LANGUAGES or _NO_TESTS_EXPECTED.search(file.path):
        return 0
    added = sum(not _REMARK.match(line) for line in file.added.values())
    removed = sum(not _REMARK.match(line) for line in file.removed.values())
    # Moved and renamed code is no new behaviour.
    return max(0, added - removed)


_APPLICATION = re.compile(r"\b(?:FastAPI|Starlette)\s*\(")
_ASSIGNED = re.compile(
    r"(?:=|\breturn\b|\()\s*(?:fastapi\.|starlette\.applications\.)?(?:FastAPI|Starlette)\s*\("
)
_ALIVE = re.compile(
    r"[\"'/](?:healthz?|health[-_]?check|livez?|liveness|live|ping|status|_?up)[\"'/]",
    re.IGNORECASE,
)
_READY = re.compile(r"[\"'/](?:readyz?|readiness|ready)[\"'/]", re.IGNORECASE)
_ROUTES_ELSEWHERE = re.compile(
    r"\binclude_router\s*\(|\badd_api_route\s*\(|\broutes\s*=\s*\w|\.mount\s*\(|\bHealth\w*\("
)
_FOR_SHOW = re.compile(
    r"(?:^|/)(?:examples?|docs?(?:_src)?|samples?|demos?|tutorials?)/", re.IGNORECASE
)


def app_without_health_routes(change: Change) -> Observation:
    """A FastAPI or Starlette application is created without routes for health and readiness."""
    texts = [f.head_text for f in change.reviewed if f.language == "python" and f.head_text]
    shown = "\n".join(texts)

    def at(file: FileChange) -> Seen:
        lines = [number for number, line in file.added.items() if _ASSIGNED.search(line[:2000])]
        if not lines:
            return NoSubject(reason="no application is created")
        if not base_is_known(file):
            return NotRead(reason=NO_BASE_TEXT)
        if _APPLICATION.search(file.base_text or ""):
            return NoSubject(reason=ALREADY_SO)
        missing = [
            name
            for name, route in (("/health", _ALIVE), ("/ready", _READY))
            if not route.search(shown)
        ]
        if not missing:
            return ()
        if _ROUTES_ELSEWHERE.search(file.head_text or ""):
            return NotRead(reason="the routes stand in another file")
        headline = f"The application has no {' and no '.join(f'`{name}`' for name in missing)}"
        return on_changed_lines(file, [(lines[0], lines[0], headline, "")])

    return look(change, subject="web application", among=_may_create_application, at=at)


def _may_create_application(file: FileChange) -> bool:
    return file.language == "python" and not is_test(file.path) and not _FOR_SHOW.search(file.path)
