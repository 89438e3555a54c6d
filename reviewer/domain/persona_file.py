"""A persona file: from its text to a persona, or to everything that is wrong in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reviewer.domain.evidence import Evidence, EvidenceKind, Pattern
from reviewer.domain.pattern_rule import Complaint, complaints
from reviewer.domain.persona import (
    AddedLine,
    Applies,
    FileKindSignal,
    Match,
    ModelSettings,
    Origin,
    Persona,
    Rule,
    SignalSet,
    Wakes,
)
from reviewer.domain.persona_schema import EvidenceTable, PersonaFile, RuleTable, SignalTable
from reviewer.domain.toml_document import TomlDocument, one_of, parse_toml
from reviewer.domain.toml_place import KeyPath
from reviewer.errors import ConfigurationError

#: The language that stands for any source code, in signals.
ANY_LANGUAGE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The words that persona files may use; None leaves a kind of word unchecked.

    Args:
        facts: Names of facts about a change.
        secret_kinds: Kinds of secrets that the scanner knows.
        languages: Names of languages.
        structures: Names of functions that look at a change as a whole.
    """

    facts: frozenset[str] | None = None
    secret_kinds: frozenset[str] | None = None
    languages: frozenset[str] | None = None
    structures: frozenset[str] | None = None


def parse_persona(
    text: str,
    path: str,
    *,
    origin: Origin = Origin.BUILT_IN,
    vocabulary: Vocabulary | None = None,
) -> Persona:
    """Read a persona file.

    Args:
        text: The file's text.
        path: The file, as people know it.
        origin: Where it comes from; a repository's own file may hold no regular expression.
        vocabulary: The words that it may use.

    Raises:
        ConfigurationError: The file is wrong; tells everything that is, with the lines.
    """
    document = parse_toml(text, path)
    file = document.validate(PersonaFile)
    wrong = [
        document.error(message, at, hint)
        for at, message, hint in (
            *_asleep(file),
            *_signals_allowed(file, origin, vocabulary or Vocabulary()),
            *_unknown_languages(file, vocabulary or Vocabulary()),
            *_rules(file, origin, document, vocabulary or Vocabulary()),
        )
    ]
    if wrong:
        raise ConfigurationError.of(sorted(wrong, key=lambda error: error.line or 0))
    return _persona(file, path, origin)


_Complaints = Iterator[Complaint]


def _signal_tables(file: PersonaFile) -> tuple[tuple[KeyPath, SignalTable], ...]:
    return ((("match",), file.match), (("match", "weak"), file.match.weak))


def _asleep(file: PersonaFile) -> _Complaints:
    """Tell a persona that no change could ever wake."""
    strong = file.match.model_dump(exclude={"wakes", "exclude", "absent", "weak"})
    if file.match.wakes is Wakes.SIGNALS and not any(strong.values()):
        hint = 'Give paths, languages, imports or words, or set wakes = "when asked".'
        yield ("match",), "nothing wakes this persona", hint


def _signals_allowed(file: PersonaFile, origin: Origin, vocabulary: Vocabulary) -> _Complaints:
    """Check regular expressions and structures; a repository may bring none (security.md S13)."""
    built_in = origin is Origin.BUILT_IN
    for at, signals in _signal_tables(file):
        if signals.added and not built_in:
            yield (
                (*at, "added"),
                "a repository's persona may hold no regular expression",
                'Use words = ["…"], which are literal.',
            )
        if signals.structure and not built_in:
            yield (*at, "structure"), "structure is for the personas that ship", None
        for number, line in enumerate(signals.added):
            wrong = _not_a_regular_expression(line.regex) if built_in else None
            if wrong is not None:
                place = (*at, "added", number, "regex")
                yield place, f"this is no regular expression: {wrong}", None
        known = vocabulary.structures
        for name in signals.structure:
            if known is not None and name not in known:
                hint = one_of(name, sorted(known))
                yield (*at, "structure"), f'unknown structure "{name}"', hint


def _not_a_regular_expression(text: str) -> str | None:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        return str(error)
    return None


def _unknown_languages(file: PersonaFile, vocabulary: Vocabulary) -> _Complaints:
    known = vocabulary.languages
    if known is None:
        return
    named: list[tuple[KeyPath, Sequence[str]]] = []
    for at, signals in _signal_tables(file):
        named.append(((*at, "languages"), [n for n in signals.languages if n != ANY_LANGUAGE]))
        named += [
            (
                (*at, "added", number, "languages"),
                [name for name in line.languages if name != ANY_LANGUAGE],
            )
            for number, line in enumerate(signals.added)
        ]
        named += [
            (
                (*at, "files", number, "languages"),
                [name for name in kind.languages if name != ANY_LANGUAGE],
            )
            for number, kind in enumerate(signals.files)
        ]
    for number, rule in enumerate(file.rules):
        named.append((("rules", number, "applies", "languages"), rule.applies.languages))
        for index, piece in enumerate(rule.evidence):
            own = () if piece.language is None else (piece.language,)
            named.append((("rules", number, "evidence", index, "language"), own))
    for at, languages in named:
        for language in languages:
            if language not in known:
                yield at, f'unknown language "{language}"', one_of(language, sorted(known))


def _rules(
    file: PersonaFile, origin: Origin, document: TomlDocument, vocabulary: Vocabulary
) -> _Complaints:
    seen: dict[str, int] = {}
    names: dict[str, KeyPath] = {}
    for number, rule in enumerate(file.rules):
        at = ("rules", number)
        if rule.id in seen:
            first = document.line(("rules", seen[rule.id], "id"))
            yield (*at, "id"), f"rule {rule.id} exists already, at line {first}", None
        seen.setdefault(rule.id, number)
        yield from _habit(rule, (*at, "habit"), origin)
        for index, piece in enumerate(rule.evidence):
            here = (*at, "evidence", index)
            yield from _evidence(piece, rule.id, here, origin)
            yield from _names(piece, here, vocabulary)
            if piece.pattern is None:
                continue
            if piece.pattern in names:
                first = document.line(names[piece.pattern])
                yield here, f"pattern {piece.pattern} exists already, at line {first}", None
            names.setdefault(piece.pattern, here)


def _habit(rule: RuleTable, at: KeyPath, origin: Origin) -> _Complaints:
    if not rule.habit:
        return
    if origin is not Origin.BUILT_IN:
        yield at, "a repository's persona may hold no regular expression", "Leave habit out."
        return
    wrong = _not_a_regular_expression(rule.habit)
    if wrong is not None:
        yield at, f"this is no regular expression: {wrong}", None


def _evidence(piece: EvidenceTable, rule_id: str, at: KeyPath, origin: Origin) -> _Complaints:
    kinds = [kind.value for kind in EvidenceKind]
    if not piece.kinds:
        yield at, "evidence names nobody who gives it", f"Give one of {', '.join(kinds)}."
        return
    if len(piece.kinds) > 1:
        named = " and ".join(piece.kinds)
        yield at, f"evidence of two kinds: {named}", "Give each an [[rules.evidence]] of its own."
    is_pattern = piece.pattern is not None
    for key, value, owner, belongs in (
        ("language", piece.language, "pattern", is_pattern),
        ("rule", piece.rule, "pattern", is_pattern),
        ("tool", piece.tool, "sarif", piece.sarif is not None),
    ):
        if value is not None and not belongs:
            yield (*at, key), f"{key} belongs to {owner} only", None
        elif value is None and belongs and owner == "pattern":
            yield at, f"a pattern needs {key}", None
    if piece.pattern is not None and not piece.pattern.startswith(f"{rule_id}/"):
        yield (*at, "pattern"), f"a pattern of this rule is named {rule_id}/…", None
    if piece.rule is not None:
        may_use_regex = origin is Origin.BUILT_IN
        yield from complaints(piece.rule, (*at, "rule"), may_use_regex=may_use_regex)


def _names(piece: EvidenceTable, at: KeyPath, vocabulary: Vocabulary) -> _Complaints:
    """Check the names of facts and of kinds of secrets."""
    secret_kinds = vocabulary.secret_kinds
    for key, codes, known, what in (
        ("fact", piece.fact, vocabulary.facts, "fact"),
        ("secret", piece.secret, secret_kinds and secret_kinds | {"*"}, "kind of secret"),
    ):
        for code in codes or ():
            if known is not None and code not in known:
                yield (*at, key), f'unknown {what} "{code}"', one_of(code, sorted(known))


def _persona(file: PersonaFile, path: str, origin: Origin) -> Persona:
    return Persona(
        name=file.name,
        title=file.title,
        version=file.version,
        summary=file.summary,
        charter=file.charter,
        match=Match(
            wakes=file.match.wakes,
            strong=_signals(file.match),
            weak=_signals(file.match.weak),
            exclude=tuple(file.match.exclude),
            absent=file.match.absent,
        ),
        rules=tuple(_rule(rule) for rule in file.rules),
        model=ModelSettings(
            temperature=file.model.temperature, top_p=file.model.top_p, model=file.model.model
        ),
        origin=origin,
        path=path,
    )


def _signals(table: SignalTable) -> SignalSet:
    return SignalSet(
        paths=tuple(table.paths),
        languages=tuple(table.languages),
        imports=tuple(table.imports),
        added=tuple(
            AddedLine(
                regex=line.regex,
                means=line.means,
                languages=tuple(line.languages),
                paths=tuple(line.paths),
            )
            for line in table.added
        ),
        words=tuple(table.words),
        files=tuple(
            FileKindSignal(
                means=kind.means,
                paths=tuple(kind.paths),
                languages=tuple(kind.languages),
                created=kind.created,
            )
            for kind in table.files
        ),
        structure=tuple(table.structure),
    )


def _rule(table: RuleTable) -> Rule:
    applies = table.applies
    return Rule(
        id=table.id,
        title=table.title,
        severity=table.severity,
        check=table.check,
        why=table.why,
        problem=table.problem,
        remedy=table.remedy,
        bad=table.bad,
        good=table.good,
        family=table.family,
        habit=table.habit,
        applies=Applies(
            languages=tuple(applies.languages),
            paths=tuple(applies.paths),
            exclude=tuple(applies.exclude),
            imports=tuple(applies.imports),
            words=tuple(applies.words),
        ),
        evidence=tuple(_piece(piece) for piece in table.evidence),
    )


def _piece(table: EvidenceTable) -> Evidence:
    kind = table.kinds[0]
    codes = (table.pattern,) if table.pattern is not None else getattr(table, kind.value)
    pattern = None
    if table.pattern is not None:
        rule: Mapping[str, object] = table.rule or {}
        pattern = Pattern(code=table.pattern, language=table.language or "", rule=rule)
    return Evidence(
        kind=kind,
        codes=tuple(codes),
        decides=table.decides,
        problem=table.problem or "",
        why=table.why or "",
        remedy=table.remedy or "",
        paths=tuple(table.paths),
        exclude=tuple(table.exclude),
        pattern=pattern,
        tool=table.tool or "",
    )
