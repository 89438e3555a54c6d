"""What the repository's own linters report anyway, read as data from their base configuration.

Only ruff, flake8 and bandit by way of ruff's codes, and hadolint have codes in common with ours.
Where a configuration leaves doubt, nothing counts as covered: to repeat what a linter says is a
nuisance, to keep silent about what none says is a loss.

ruff decides whether a rule is on by the most exact of the selectors that name it, and lets
``ignore`` win a tie: https://docs.astral.sh/ruff/settings/#lint_select
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

from reviewer.domain.finding import Finding
from reviewer.domain.glob import matches_any
from reviewer.domain.review import OwnLinter
from reviewer.domain.toml_document import load_toml

#: Base files that say what a linter reports, most telling first; for ``Workspace.base_files``.
CONFIGURATION_GLOBS = (
    "/.ruff.toml",
    "/ruff.toml",
    "/pyproject.toml",
    "/.flake8",
    "/setup.cfg",
    "/tox.ini",
    "/.bandit",
    "/.hadolint.yaml",
    "/.hadolint.yml",
    "/.pre-commit-config.yaml",
)

#: What every ruff selects that is told nothing. Version 0.17 dropped most of E4 and E7 from its
#: defaults and added much, so that only what old and new have in common is sure.
_RUFF_DEFAULTS = ("E722", "E9", "F")
_FLAKE8_DEFAULTS = ("E", "F", "W", "C90")
#: Prefixes that flake8 and ruff share, core first, then well-known plug-ins.
_FLAKE8_SHARES = ("E", "F", "W", "B", "S", "ANN", "T20", "BLE", "PT", "ASYNC", "C4")

#: Patterns of our personas that look for what these codes of ruff look for, only more narrowly.
SAME_AS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "API004/path-parameter-dropped": ("FAST003",),
        "OBS001/print-beside-a-logger": ("T201",),
        "OBS006/blind-except": ("BLE001",),
        "OBS006/printed-and-forgotten": ("BLE001",),
        "OBS006/skipped-item": ("S112", "BLE001"),
        "OBS006/swallowed": ("S110", "BLE001"),
        "OBS007/error-without-traceback": ("TRY400",),
        "PY001/special-method-without-return-type": ("ANN204",),
        "TST001/new-test-case-class": ("PT009",),
        "TST001/unittest-assertion-beside-pytest": ("PT009",),
    }
)

#: The configuration of bandit, whose B102 is ruff's S102, and so on for most of its tests.
_BANDIT = re.compile(r"S([1-7][0-9]{2})")

_HADOLINT_HOOK = re.compile(r"^\s*-?\s*(?:id|repo):.*hadolint", re.MULTILINE)
_RUFF_HOOK = re.compile(r"^\s*-?\s*id:\s*['\"]?ruff(?:-check)?['\"]?\s*$", re.MULTILINE)
_BANDIT_HOOK = re.compile(r"^\s*-?\s*id:\s*['\"]?bandit['\"]?\s*$", re.MULTILINE)
_IGNORED_IN_YAML = re.compile(
    r"^ignored:[ \t]*(?:\[([^\]]*)\]|((?:\n[ \t]*-[^\n]*)+))", re.MULTILINE
)
_CODE = re.compile(r"\b[A-Z]{1,6}[0-9]{1,5}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Linter:
    """One configured linter: its name, where it is configured, and whether it reports a code."""

    name: str
    path: str
    kind: str
    reports: Callable[[str, str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLinters:
    """The linters that a repository runs itself.

    Args:
        linters: Those whose configuration was understood.
        notices: What could not be read, ready to be shown.
    """

    linters: tuple[_Linter, ...] = ()
    notices: tuple[str, ...] = ()

    def covers(self, kind: str, code: str, path: str) -> tuple[str, str] | None:
        """Tell which of them reports a code on a file.

        Args:
            kind: ``ruff``, ``hadolint``, or ``pattern`` for one that stands for codes of ruff.
            code: The full code, or the pattern's name.
            path: The file.

        Returns:
            The linter's name and the file that configures it; None where none is sure to.
        """
        if kind == "pattern":
            told = (self.covers("ruff", same, path) for same in SAME_AS.get(code, ()))
            return next((answer for answer in told if answer is not None), None)
        for linter in self.linters:
            if linter.kind == kind and linter.reports(code, path):
                return linter.name, linter.path
        return None


def covered_sources(
    findings: Iterable[Finding], base_texts: Mapping[str, str]
) -> tuple[tuple[OwnLinter, ...], tuple[str, ...]]:
    """Find out which sources of findings the repository's own linters report anyway.

    A source counts only if it is covered in every file in which it was found.

    Args:
        findings: What was found.
        base_texts: Configuration files of the base, by path.

    Returns:
        The covered sources, and notices about configurations that could not be read.
    """
    own = read_own_linters(base_texts)
    places: dict[str, set[str]] = {}
    for finding in findings:
        for source in finding.sources:
            places.setdefault(source, set()).add(finding.path)
    covered: list[OwnLinter] = []
    for source, paths in sorted(places.items()):
        kind, _, code = source.partition(" ")
        answers = {own.covers(kind, code, path) for path in paths}
        if len(answers) == 1 and (answer := answers.pop()) is not None:
            covered.append(OwnLinter(source=source, name=answer[0], path=answer[1]))
    return tuple(covered), own.notices


def read_own_linters(base_texts: Mapping[str, str]) -> OwnLinters:
    """Read which linters a repository runs, and what they report.

    Args:
        base_texts: Configuration files of the base, by path.
    """
    notices: list[str] = []
    tables = {
        path: _toml(path, base_texts[path], notices)
        for path in (".ruff.toml", "ruff.toml", "pyproject.toml")
        if path in base_texts
    }
    hooks = base_texts.get(".pre-commit-config.yaml", "")
    found = (
        _ruff(tables, hooks),
        _flake8(base_texts, notices),
        _bandit(base_texts, tables, hooks),
        _hadolint(base_texts, hooks),
    )
    return OwnLinters(
        linters=tuple(linter for linter in found if linter is not None), notices=tuple(notices)
    )


def _toml(path: str, text: str, notices: list[str]) -> Mapping[str, object]:
    try:
        return load_toml(text)
    except ValueError:
        notices.append(
            f"{path} of the base is not valid TOML; your own linters were not considered."
        )
        return {}


def _table(value: object, *keys: str) -> Mapping[str, object]:
    """Walk into nested tables; an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(item for item in value if isinstance(item, str))


def _ruff(tables: Mapping[str, Mapping[str, object]], hooks: str) -> _Linter | None:
    """Read ruff's configuration: the first file that ruff itself would take."""
    for path in (".ruff.toml", "ruff.toml", "pyproject.toml"):
        if path not in tables:
            continue
        table = tables[path] if path != "pyproject.toml" else _table(tables[path], "tool", "ruff")
        if table or path != "pyproject.toml":
            return _ruff_from(path, table)
    if _RUFF_HOOK.search(hooks):
        return _ruff_from(".pre-commit-config.yaml", {})
    return None


def _ruff_from(path: str, table: Mapping[str, object]) -> _Linter | None:
    # A file that builds on another one can hold anything.
    if "extend" in table:
        return None
    lint = _table(table, "lint")

    def setting(name: str) -> object:
        # Before 0.2 the linter's settings stood at the top; they still work there.
        return lint.get(name, table.get(name))

    chosen = _texts(setting("select")) if isinstance(setting("select"), list) else _RUFF_DEFAULTS
    selected = (*chosen, *_texts(setting("extend-select")))
    ignored = (*_texts(setting("ignore")), *_texts(setting("extend-ignore")))
    per_file = [
        (glob, _texts(codes))
        for name in ("per-file-ignores", "extend-per-file-ignores")
        for glob, codes in _table({name: setting(name)}, name).items()
    ]
    excluded = (*_texts(table.get("exclude")), *_texts(table.get("extend-exclude")))
    excluded = (*excluded, *_texts(lint.get("exclude")))

    def reports(code: str, file: str) -> bool:
        if any(_applies(glob, file) for glob in excluded):
            return False
        if any(_names(codes, code) >= 0 and _applies(glob, file) for glob, codes in per_file):
            return False
        return _names(selected, code) > _names(ignored, code)

    return _Linter(name="ruff", path=path, kind="ruff", reports=reports)


def _names(selectors: Sequence[str], code: str) -> int:
    """Return how exactly selectors name a code: the longest prefix, 0 for ALL, -1 for none."""
    exactness = [len(s) for s in selectors if s != "ALL" and _is_prefix(s, code)]
    return max(exactness, default=0 if "ALL" in selectors else -1)


def _is_prefix(selector: str, code: str) -> bool:
    """Tell whether a selector names a code: ``S`` names S102 but not SIM102."""
    letters = re.match(r"[A-Z]*", code)
    head = letters[0] if letters else ""
    if selector in _FAMILIES:
        return head in _FAMILIES[selector]
    return code.startswith(selector) and (not selector.isalpha() or selector == head)


#: Selectors that name several linters at once: https://docs.astral.sh/ruff/rules/
_FAMILIES: Mapping[str, frozenset[str]] = MappingProxyType(
    {"PL": frozenset({"PLC", "PLE", "PLR", "PLW"})}
)


def _applies(glob: str, file: str) -> bool:
    """Tell whether a glob of ruff's may name a file: itself, its name or a folder above it.

    ruff's ``*`` crosses slashes, and ``!`` turns a key of per-file-ignores round.
    """
    if glob.startswith("!"):
        return not _applies(glob[1:], file)
    pattern = glob.removeprefix("./").rstrip("/")
    parts = file.split("/")
    above = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return fnmatchcase(parts[-1], pattern) or any(
        matches_any((pattern,), path) is not None or fnmatchcase(path, pattern) for path in above
    )


def _flake8(texts: Mapping[str, str], notices: list[str]) -> _Linter | None:
    """Read flake8's configuration, for the codes that it shares with ruff."""
    for path in (".flake8", "setup.cfg", "tox.ini"):
        section = _section(path, texts.get(path), "flake8", notices)
        if section is None:
            continue
        selected = _codes(section.get("select")) or _FLAKE8_DEFAULTS
        selected = (*selected, *_codes(section.get("extend-select")))
        ignored = (*_codes(section.get("ignore")), *_codes(section.get("extend-ignore")))
        # Who ignores what per file is written in a form of its own: doubt, so not covered.
        doubtful = "per-file-ignores" in section or "exclude" in section

        def reports(
            code: str,
            _: str,
            *,
            selected: Sequence[str] = selected,
            ignored: Sequence[str] = ignored,
            doubtful: bool = doubtful,
        ) -> bool:
            shared = any(_is_prefix(prefix, code) for prefix in _FLAKE8_SHARES)
            return shared and not doubtful and _names(selected, code) > _names(ignored, code)

        return _Linter(name="flake8", path=path, kind="ruff", reports=reports)
    return None


def _section(
    path: str, text: str | None, name: str, notices: list[str]
) -> Mapping[str, str] | None:
    if text is None:
        return None
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        notices.append(f"{path} of the base cannot be read; your own linters were not considered.")
        return None
    if not parser.has_section(name):
        return None
    return {key.replace("_", "-"): value for key, value in parser.items(name)}


def _codes(value: str | None) -> tuple[str, ...]:
    """Read a list of codes with commas, line feeds and comments."""
    if value is None:
        return ()
    lines = (line.split("#", 1)[0] for line in value.splitlines())
    return tuple(word for line in lines for word in re.split(r"[,\s]+", line) if word)


def _bandit(
    texts: Mapping[str, str], tables: Mapping[str, Mapping[str, object]], hooks: str
) -> _Linter | None:
    """Read whether bandit runs, and which of its tests it skips."""
    table = _table(tables.get("pyproject.toml", {}), "tool", "bandit")
    section = _section(".bandit", texts.get(".bandit"), "bandit", [])
    if section is not None:
        path, skipped, chosen = (
            ".bandit",
            _codes(section.get("skips")),
            _codes(section.get("tests")),
        )
        excluded: tuple[str, ...] = _codes(section.get("exclude"))
    elif table or _BANDIT_HOOK.search(hooks):
        path = "pyproject.toml" if table else ".pre-commit-config.yaml"
        skipped, chosen = _texts(table.get("skips")), _texts(table.get("tests"))
        excluded = _texts(table.get("exclude_dirs"))
    else:
        return None
    folders = tuple(part.strip("/").removeprefix("./") for part in excluded)

    def reports(code: str, file: str) -> bool:
        match = _BANDIT.fullmatch(code)
        if match is None or any(folder and folder in file for folder in folders):
            return False
        test = f"B{match[1]}"
        return test not in skipped and (not chosen or test in chosen)

    return _Linter(name="bandit", path=path, kind="ruff", reports=reports)


def _hadolint(texts: Mapping[str, str], hooks: str) -> _Linter | None:
    """Read whether hadolint runs, and what it ignores; a few keys of YAML, so no parser."""
    path = next((p for p in (".hadolint.yaml", ".hadolint.yml") if p in texts), None)
    if path is None and not _HADOLINT_HOOK.search(hooks):
        return None
    text = texts[path] if path is not None else ""
    ignored = {
        code
        for match in _IGNORED_IN_YAML.finditer(text)
        for code in _CODE.findall(match[1] or match[2] or "")
    }
    return _Linter(
        name="hadolint",
        path=path or ".pre-commit-config.yaml",
        kind="hadolint",
        reports=lambda code, _: code not in ignored,
    )
