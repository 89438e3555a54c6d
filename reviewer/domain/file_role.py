"""What a file is for, told from its path and language: source, test, prose, translation."""

from __future__ import annotations

import re

from reviewer.domain.change import FileChange, FileKind
from reviewer.domain.language import PROSE_LANGUAGES, SOURCE_LANGUAGES

# Languages that say what a program, a page, a build or a platform does, without being programs;
# wrong ones do harm all the same.
_DECLARATIVE_LANGUAGES = frozenset(
    {"html", "css", "scss", "jinja", "graphql", "proto", "thrift", "terraform", "hcl", "rego"}
    | {"nix", "bicep", "makefile", "cmake", "just", "dockerfile"}
)

_EXECUTABLE_MODE = "100755"

# One note a change, collected into a change log at a release (towncrier, scriv, reno and others).
_NEWS = re.compile(
    r"(?:^|/)(?:changelog\.d|newsfragments?|news\.d|releasenotes/notes|\.?unreleased|\.changeset"
    r"|\.changes|towncrier)/|\.(?:bugfix|feature|misc|removal|housekeeping|deprecation)$",
    re.IGNORECASE,
)
_PROSE_NAME = re.compile(
    r"(?:^|/)(?:licen[cs]e|copying|copyright|notice|authors|contributors|maintainers|credits|readme"
    r"|changes|changelog|history|news|thanks|todo|install|contributing|code_of_conduct|security)"
    r"(?:[-_.][a-z0-9]{1,12})?$",
    re.IGNORECASE,
)

_LOCALE = r"[a-z]{2,3}(?:[-_][a-z]{2,4}){0,2}"
_LOCALE_FOLDER = r"(?:locales?|i18n|l10n|intl|langs?|languages?|translations?|messages)"
_TRANSLATION = re.compile(
    # A catalogue of a format that is made for it.
    r"\.(?:pot?|xliff|xlf|arb|resx|ftl|strings|stringsdict|xcstrings|mo)$"
    # Data in a folder for languages, at any depth below it.
    rf"|(?:^|/){_LOCALE_FOLDER}/(?:[^/]+/)*[^/]+\.(?:json5?|ya?ml|toml|properties|ini|xml|txt)$"
    # Code that holds nothing but messages: lang/fr/buttons.php, locales/zh-CN.ts.
    rf"|(?:^|/){_LOCALE_FOLDER}/(?:[^/]+/)*{_LOCALE}/[^/]+\.(?:php|rb|js|ts)$"
    rf"|(?:^|/){_LOCALE_FOLDER}/(?:[^/]+/)*{_LOCALE}\.(?:php|rb|js|mjs|ts)$"
    # Android, Java bundles.
    r"|(?:^|/)values(?:-[^/]+)?/strings[^/]*\.xml$|(?:^|/)messages_[a-z_]{2,10}\.properties$",
    re.IGNORECASE,
)

_TEST = re.compile(
    r"(?:^|/)(?:tests?|testing|__tests__|spec|specs|e2e|test-data|test_data|testdata|fixtures"
    r"|__mocks__|__snapshots__|cypress|integration-tests?|unit-?tests?|[^/]+[-_]tests?)/"
    r"|(?:^|/)(?:test_[^/]+|[^/]+_test|[^/]+_tests|[^/]+[.-](?:test|spec|e2e)|conftest|tests"
    r"|[^/]+_spec)\.[^/.]+$"
)
# The class names of Java, Kotlin, C# and their kin; with their case, so that latest.py is none.
_TEST_CLASS = re.compile(
    r"(?:Tests?|IT|Spec|TestCase)\.(?:java|kt|kts|scala|groovy|cs|fs|php|swift)$"
)


def is_test(path: str) -> bool:
    """Tell whether a path belongs to tests: tests themselves, their helpers and their data."""
    return _TEST.search(path) is not None or _TEST_CLASS.search(path) is not None


def is_translation(path: str) -> bool:
    """Tell whether a file holds messages in a natural language, for a program to show."""
    return _TRANSLATION.search(path) is not None


def is_prose(file: FileChange) -> bool:
    """Tell whether a file is written for people to read: documentation, notes, licences."""
    if file.language in PROSE_LANGUAGES:
        return True
    return _NEWS.search(file.path) is not None or (
        file.language is None and _PROSE_NAME.search(file.path) is not None
    )


def is_source(file: FileChange) -> bool:
    """Tell whether a file is source code in any language, known or not.

    A file of no known language that may be executed is a script without a suffix.
    """
    if file.kind is not FileKind.TEXT or is_prose(file) or is_translation(file.path):
        return False
    if file.language is None:
        return _EXECUTABLE_MODE in {file.head_mode, file.base_mode}
    return file.language in SOURCE_LANGUAGES or file.language in _DECLARATIVE_LANGUAGES
