"""Which language a file is written in, from its name and first line, and what it imports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType

from reviewer.domain.change import FileChange

#: Final parts of file names, longest first where one ends the other; the value is the language.
_SUFFIXES = MappingProxyType(
    {
        suffix: language
        for language, suffixes in {
            "python": "py pyi pyw pyx pxd bzl",
            "jupyter": "ipynb",
            "javascript": "js mjs cjs jsx",
            "typescript": "ts mts cts",
            "tsx": "tsx",
            "vue": "vue",
            "svelte": "svelte",
            "go": "go",
            "rust": "rs",
            "java": "java",
            "kotlin": "kt kts",
            "scala": "scala sc sbt",
            "groovy": "groovy gradle gvy",
            "clojure": "clj cljs cljc",
            "c": "c h",
            "cpp": "cc cpp cxx c++ hh hpp hxx h++ ipp inl cu cuh",
            "objective-c": "m mm",
            "csharp": "cs csx",
            "fsharp": "fs fsi fsx",
            "visual-basic": "vb",
            "swift": "swift",
            "ruby": "rb rake gemspec erb",
            "php": "php phtml",
            "perl": "pl pm",
            "lua": "lua",
            "r": "r",
            "julia": "jl",
            "dart": "dart",
            "elixir": "ex exs",
            "erlang": "erl hrl",
            "elm": "elm",
            "haskell": "hs lhs",
            "ocaml": "ml mli",
            "nim": "nim",
            "zig": "zig",
            "solidity": "sol",
            "vhdl": "vhd vhdl",
            "verilog": "v sv svh",
            "assembly": "s asm",
            "fortran": "f f90 f95 f03",
            "bash": "sh bash zsh ksh bats",
            "fish": "fish",
            "powershell": "ps1 psm1 psd1",
            "batch": "bat cmd",
            "sql": "sql",
            "graphql": "graphql gql",
            "proto": "proto",
            "thrift": "thrift",
            "terraform": "tf tfvars",
            "hcl": "hcl",
            "rego": "rego",
            "nix": "nix",
            "jinja": "j2 jinja jinja2",
            "html": "html htm xhtml",
            "css": "css",
            "scss": "scss sass less",
            "yaml": "yaml yml",
            "json": "json jsonc json5 webmanifest geojson",
            "jsonl": "jsonl ndjson",
            "csv": "csv tsv",
            "toml": "toml",
            "ini": "ini cfg conf properties editorconfig env",
            "xml": "xml xsd xsl xslt csproj fsproj props targets plist",
            "svg": "svg",
            "markdown": "md markdown mdx mdown",
            "restructuredtext": "rst",
            "asciidoc": "adoc asciidoc",
            "tex": "tex bib",
            "gettext": "po pot",
            "text": "txt text",
            "makefile": "mk mak",
            "cmake": "cmake",
            "dockerfile": "dockerfile containerfile",
            "bicep": "bicep",
        }.items()
        for suffix in suffixes.split()
    }
)

#: Whole file names, in lower case.
_NAMES = MappingProxyType(
    {
        name: language
        for language, names in {
            "dockerfile": "dockerfile containerfile",
            "makefile": "makefile gnumakefile bsdmakefile",
            "cmake": "cmakelists.txt",
            "just": "justfile",
            "groovy": "jenkinsfile",
            "ruby": "gemfile rakefile vagrantfile podfile fastfile brewfile",
            "python": "sconstruct sconscript build.bazel workspace.bazel tiltfile",
            "toml": "pipfile",
            "go-module": "go.mod go.work",
            "requirements": "requirements.txt constraints.txt",
            "ini": ".env .editorconfig .npmrc .pylintrc .flake8 .coveragerc .gitconfig",
            "yaml": ".clang-format .clang-tidy .yamllint",
            "json": ".babelrc .eslintrc .prettierrc",
            "bash": ".bashrc .bash_profile .profile .zshrc .envrc pkgbuild",
            "ignore": ".gitignore .dockerignore .npmignore .prettierignore .eslintignore",
            "gitattributes": ".gitattributes",
            "codeowners": "codeowners",
            "text": "license copying authors notice readme changelog version",
        }.items()
        for name in names.split()
    }
)

#: Programs named by a ``#!`` line.
_INTERPRETERS = MappingProxyType(
    {
        "python": "python",
        "pypy": "python",
        "uv": "python",
        "sh": "bash",
        "bash": "bash",
        "dash": "bash",
        "zsh": "bash",
        "ksh": "bash",
        "fish": "fish",
        "node": "javascript",
        "nodejs": "javascript",
        "bun": "javascript",
        "deno": "typescript",
        "ts-node": "typescript",
        "tsx": "typescript",
        "ruby": "ruby",
        "perl": "perl",
        "php": "php",
        "lua": "lua",
        "rscript": "r",
        "julia": "julia",
        "pwsh": "powershell",
        "make": "makefile",
        "groovy": "groovy",
        "elixir": "elixir",
        "escript": "erlang",
        "runhaskell": "haskell",
        "swift": "swift",
        "scala": "scala",
    }
)

_SOURCE_LANGUAGES_TEXT = """
    python jupyter javascript typescript tsx vue svelte go rust java kotlin scala groovy clojure c
    cpp objective-c csharp fsharp visual-basic swift ruby php perl lua r julia dart elixir erlang
    elm haskell ocaml nim zig solidity vhdl verilog assembly fortran bash fish powershell batch sql
"""
#: Languages in which people write programs; a change in one of them is a change of source code.
SOURCE_LANGUAGES = frozenset(_SOURCE_LANGUAGES_TEXT.split())

#: Languages in which people write for people, translations included.
PROSE_LANGUAGES = frozenset({"markdown", "restructuredtext", "asciidoc", "tex", "gettext", "text"})

#: Every name that a language may have.
LANGUAGES = (
    SOURCE_LANGUAGES
    | PROSE_LANGUAGES
    | frozenset((*_SUFFIXES.values(), *_NAMES.values(), *_INTERPRETERS.values()))
)

_SHEBANG = re.compile(
    r"#!\s*(?:\S*/)?env\s+(?:-\S+\s+|\w+=\S*\s+)*(?:\S*/)?(\S+)|#!\s*(?:\S*/)?(\S+)"
)
_VERSION = re.compile(r"[\d.]+$")
_REQUIREMENTS = re.compile(r"(?:.*[-_.])?(?:requirements|constraints)(?:[-_.].*)?\.(?:txt|in)")


def language_of(path: str, first_line: str = "") -> str | None:
    """Tell the language of a file.

    Args:
        path: The path, with forward slashes.
        first_line: The first line of the text where it is known; only its ``#!`` counts.

    Returns:
        A lower-case name, the same that personas and patterns use; None where none is known.
    """
    name = path.rpartition("/")[2].lower()
    whole = _NAMES.get(name) or _family_name(name)
    if whole is not None:
        return whole
    stem, dot, suffix = name.rpartition(".")
    if dot and suffix in _SUFFIXES:
        # A dotfile such as .env has no stem; its only part is still its kind.
        return _SUFFIXES[suffix]
    if dot and stem and suffix in {"template", "tmpl", "tpl", "example", "sample", "dist", "in"}:
        return language_of(stem, first_line)
    return _language_of_shebang(first_line)


def _family_name(name: str) -> str | None:
    """Tell the language of names that carry a variant: ``Dockerfile.dev``, ``.env.local``."""
    if name.startswith(("dockerfile.", "containerfile.")):
        # Dockerfile.py would be a script about Dockerfiles, not a Dockerfile.
        return None if name.endswith((".md", ".py", ".txt", ".dockerignore")) else "dockerfile"
    if name.startswith("makefile."):
        return "makefile"
    if name.startswith(".env."):
        return "ini"
    if _REQUIREMENTS.fullmatch(name):
        return "requirements"
    return None


def _language_of_shebang(first_line: str) -> str | None:
    """Tell the language from a ``#!`` line."""
    match = _SHEBANG.match(first_line)
    if match is None:
        return None
    program = (match[1] or match[2]).rpartition("/")[2].lower()
    return _INTERPRETERS.get(_VERSION.sub("", program))


# An import statement, at any depth. The names are checked afterwards, so that a sentence in a
# docstring that begins with "import" is none. Notebooks hold their lines as JSON strings, which
# begin after a quote or after an escaped newline.
_DOTTED = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_FROM = rf"from[ \t]+(?P<source>{_DOTTED})[ \t]+import\b"
_PYTHON_IMPORT = re.compile(
    rf"^[ \t]*(?:{_FROM}(?P<names>[ \t]*\([^)]*|[^\n]*)|import[ \t]+(?P<modules>[^\n]+))",
    re.MULTILINE,
)
_NOTEBOOK_IMPORT = re.compile(
    rf'(?:"|\\n)[ \t]*(?:{_FROM}(?P<names>[^\n"\\]*)|import[ \t]+(?P<modules>[^\n"\\]+))'
)
_MODULE = re.compile(rf"\s*({_DOTTED})(?:\s+as\s+\w+)?\s*")
_END_OF_STATEMENT = re.compile(r"[#;]")
_COMMENT = re.compile(r"#[^\n]*")
_CACHE_NAME = "_imported_at"


def imports_of(file: FileChange) -> frozenset[str]:
    """Return every dotted prefix of what a Python file or notebook imports.

    ``from google.cloud import storage`` gives ``google``, ``google.cloud`` and
    ``google.cloud.storage``. Relative imports give nothing: they name the own package.
    """
    return frozenset(imported_at(file))


def imported_at(file: FileChange) -> dict[str, int]:
    """Return the same names as `imports_of`, each with the first head line that imports it.

    The head text is read where it is known, else the lines that the hunks show of the head.
    """
    # Selection, every rule's precondition and every fact ask the same file; the answer lives and
    # dies with the file, as its other cached properties do.
    cache: dict[str, dict[str, int]] = file.__dict__
    if _CACHE_NAME not in cache:
        cache[_CACHE_NAME] = _find_imports(file)
    return cache[_CACHE_NAME]


def _find_imports(file: FileChange) -> dict[str, int]:
    """Find the imports of a file."""
    if file.language not in {"python", "jupyter"}:
        return {}
    expression = _NOTEBOOK_IMPORT if file.language == "jupyter" else _PYTHON_IMPORT
    found: dict[str, int] = {}
    if file.head_text is not None:
        for line, name in _imports_in(file.head_text, expression):
            found.setdefault(name, line)
        return found
    for hunk in file.hunks:
        shown = [line for line in hunk.lines if line.head_number is not None]
        text = "\n".join(line.text for line in shown)
        for line, name in _imports_in(text, expression):
            found.setdefault(name, hunk.head_start + line - 1)
    return found


def _imports_in(text: str, expression: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of everything that a text imports, prefixes first."""
    line, position = 1, 0
    for match in expression.finditer(text):
        start = match.start("source") if match["source"] else match.start("modules")
        line += text.count("\n", position, start)
        position = start
        for module in _modules(match):
            parts = module.split(".")
            for count in range(1, len(parts) + 1):
                yield line, ".".join(parts[:count])


def _modules(match: re.Match[str]) -> Iterator[str]:
    """Yield the modules that one import statement names."""
    source = match["source"]
    if source is None:
        listed = _END_OF_STATEMENT.split(match["modules"], maxsplit=1)[0]
        modules = [_MODULE.fullmatch(part) for part in listed.split(",")]
        # One part that is no module name means that this is a sentence and not a statement.
        if all(modules):
            yield from (module[1] for module in modules if module is not None)
        return
    yield source
    names = match["names"].strip()
    listed = _COMMENT.sub("", names[1:]) if names.startswith("(") else names
    for part in _END_OF_STATEMENT.split(listed, maxsplit=1)[0].split(","):
        name = _MODULE.fullmatch(part)
        if name is not None:
            yield f"{source}.{name[1]}"
