"""A file's language from its name or first line, and what a Python file imports, with the line."""

from __future__ import annotations

import pytest

from reviewer.domain.change import FileChange, FileStatus
from reviewer.domain.diff import parse_patch
from reviewer.domain.language import (
    PROSE_LANGUAGES,
    SOURCE_LANGUAGES,
    imported_at,
    imports_of,
    language_of,
)
from reviewer.domain.persona import imported_modules


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a.py", "python"),
        ("src/a.pyi", "python"),
        ("A.PY", "python"),
        ("n.ipynb", "jupyter"),
        ("a.tsx", "tsx"),
        ("a.ts", "typescript"),
        ("a.d.ts", "typescript"),
        ("a.jsx", "javascript"),
        ("a.go", "go"),
        ("a.rs", "rust"),
        ("A.java", "java"),
        ("a.kt", "kotlin"),
        ("a.h", "c"),
        ("a.hpp", "cpp"),
        ("a.cs", "csharp"),
        ("a.rb", "ruby"),
        ("Gemfile", "ruby"),
        ("a.hs", "haskell"),
        ("a.sh", "bash"),
        ("a.sql", "sql"),
        ("a.proto", "proto"),
        ("main.tf", "terraform"),
        ("prod.tfvars", "terraform"),
        ("Dockerfile", "dockerfile"),
        ("docker/Dockerfile.dev", "dockerfile"),
        ("docker/dev.Dockerfile", "dockerfile"),
        ("Containerfile", "dockerfile"),
        ("Dockerfile.dockerignore", None),
        ("Dockerfile.md", "markdown"),
        ("Makefile", "makefile"),
        ("rules.mk", "makefile"),
        ("a.yml", "yaml"),
        ("a.yaml.j2", "jinja"),
        ("a.yaml.example", "yaml"),
        ("package.json", "json"),
        ("events.jsonl", "jsonl"),
        ("Pipfile", "toml"),
        ("setup.cfg", "ini"),
        (".env", "ini"),
        (".env.production", "ini"),
        ("pom.xml", "xml"),
        ("README.md", "markdown"),
        ("LICENSE", "text"),
        ("docs/index.rst", "restructuredtext"),
        ("de.po", "gettext"),
        ("requirements.txt", "requirements"),
        ("requirements-dev.txt", "requirements"),
        ("dev-requirements.in", "requirements"),
        ("requirements/base.txt", "text"),
        ("noteless", None),
        ("", None),
    ],
)
def test_a_name_tells_the_language(path: str, language: str | None) -> None:
    assert language_of(path) == language


@pytest.mark.parametrize(
    ("first_line", "language"),
    [
        ("#!/usr/bin/env python3", "python"),
        ("#!/usr/bin/python3.11 -u", "python"),
        ("#! /bin/sh", "bash"),
        ("#!/usr/bin/env -S node --flag", "javascript"),
        ("#!/usr/bin/env X=1 bash", "bash"),
        ("#!/usr/bin/env\r", None),
        ("#!", None),
        ("python", None),
        ("", None),
    ],
)
def test_a_shebang_tells_it_where_the_name_does_not(first_line: str, language: str | None) -> None:
    assert language_of("bin/run", first_line) == language
    assert language_of("a.go", first_line) == "go"


def test_source_and_prose_are_apart() -> None:
    assert not SOURCE_LANGUAGES & PROSE_LANGUAGES
    assert {"python", "tsx", "haskell", "bash", "sql"} <= SOURCE_LANGUAGES
    assert {"yaml", "json", "toml", "dockerfile", "css"}.isdisjoint(
        SOURCE_LANGUAGES | PROSE_LANGUAGES
    )


def _file(text: str, path: str = "a.py") -> FileChange:
    return FileChange(
        path=path, status=FileStatus.ADDED, language=language_of(path), head_text=text
    )


def test_every_prefix_of_an_imported_module_is_there_with_its_line() -> None:
    file = _file(
        "import os, a.b as c  # and more\n"
        "\n"
        "if True:\n"
        "    from x.y import (\n        one,  # why\n        two as three,\n    )\n"
        "\timport late; import unseen\n"
        "from . import own\n"
        "from .own import thing\n"
        "from google import genai\n"
    )
    assert imported_at(file) == {
        "os": 1,
        "a": 1,
        "a.b": 1,
        "x": 4,
        "x.y": 4,
        "x.y.one": 4,
        "x.y.two": 4,
        "late": 8,
        "google": 11,
        "google.genai": 11,
    }
    assert imports_of(file) == imported_modules(file) == frozenset(imported_at(file))


@pytest.mark.parametrize(
    "text",
    [
        "import this module, then go on\n",
        "# import os\n",
        "x = 'import os'\n",
        "importlib.reload(x)\n",
        "from the shop, import nothing\n",
        "import\n",
        "import 3\n",
    ],
)
def test_a_sentence_imports_nothing(text: str) -> None:
    assert imports_of(_file(text)) == frozenset()


def test_other_languages_import_nothing() -> None:
    assert imports_of(_file("import os\n", "a.java")) == frozenset()


def test_a_star_imports_the_module_alone() -> None:
    assert imports_of(_file("from os import *\n")) == {"os"}


def test_notebooks_import_in_their_strings() -> None:
    file = _file(
        '{"cells": [{"source": [\n'
        '    "import torch\\n",\n'
        '    "from peft import LoraConfig\\n"\n'
        '  ]}, {"source": "import os\\nimport numpy as np\\nx = 1"}]}\n',
        "n.ipynb",
    )
    assert imported_at(file) == {"torch": 2, "peft": 3, "peft.LoraConfig": 3, "os": 4, "numpy": 4}


def test_without_the_head_text_the_hunks_are_read() -> None:
    (file,) = parse_patch(
        "--- a/a.py\n+++ b/a.py\n@@ -7,2 +8,3 @@\n import os\n-import gone\n+import new\n+x = 1\n"
    )
    assert imported_at(file) == {"os": 8, "new": 9}


def test_a_hostile_line_is_read_in_linear_time() -> None:
    assert imports_of(_file("from " + "a." * 100_000 + "\n")) == frozenset()
    assert imports_of(_file("import " + "a, " * 100_000 + "\n")) == frozenset()
    assert imports_of(_file("from a import (" + "\n" * 100_000)) == {"a"}
