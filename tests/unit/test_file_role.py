"""What a file is for: source, test, prose or translation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewer.domain.change import FileKind
from reviewer.domain.file_role import is_prose, is_source, is_test, is_translation
from reviewer.domain.language import language_of
from reviewer.testing.builders import build_file


@pytest.mark.parametrize(
    "path",
    [
        "tests/test_a.py",
        "pkg/a_test.go",
        "src/test/java/org/a/OrderTest.java",
        "web/a.spec.ts",
        "web/__tests__/a.js",
        "conftest.py",
        "spec/order_spec.rb",
        "pkg/testdata/a.json",
    ],
)
def test_paths_of_tests_are_known(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize(
    "path", ["src/latest.py", "contest/a.py", "app/attest.go", "src/Latest.java", "protest.rb"]
)
def test_paths_that_only_sound_like_tests_are_none(path: str) -> None:
    assert not is_test(path)


@pytest.mark.parametrize(
    "path",
    [
        "shop/locale/fr/LC_MESSAGES/django.po",
        "src/i18n/en/shop.json",
        "locales/zh-CN.ts",
        "lang/pt_BR/a.php",
        "app/res/values/strings.xml",
        "messages_de.properties",
        "ui/fr.xliff",
    ],
)
def test_translations_are_known(path: str) -> None:
    assert is_translation(path)


@pytest.mark.parametrize("path", ["app/locale/__init__.py", "lang/parser.go", "data/fr.json"])
def test_code_about_languages_is_no_translation(path: str) -> None:
    assert not is_translation(path)


@pytest.mark.parametrize(
    "path", ["README", "LICENSE-MIT", "a.md", "notes.txt", "newsfragments/1.bugfix", "ChangeLog"]
)
def test_prose_is_known(path: str) -> None:
    assert is_prose(build_file(path, after="a\n", language=language_of(path)))


@pytest.mark.parametrize("path", ["requirements.txt", "CMakeLists.txt", "history.py", "todo.go"])
def test_what_a_program_reads_is_no_prose(path: str) -> None:
    assert not is_prose(build_file(path, after="a\n", language=language_of(path)))


def test_a_binary_file_is_no_source() -> None:
    assert not is_source(replace(build_file("a.py", after="a\n"), kind=FileKind.BINARY))


def test_an_unknown_file_is_source_only_where_it_may_be_executed() -> None:
    script = build_file("bin/run", after="a\n", language=None)
    assert not is_source(script)
    assert is_source(replace(script, base_mode="100755"))
