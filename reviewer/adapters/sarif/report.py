"""Reads SARIF 2.1.0, the format in which analysers hand their results on, strictly and forgivingly.

Strict about what is used, forgiving about everything that the standard leaves optional.
Specification: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reviewer.domain.evidence import EvidenceKind, Hit
from reviewer.errors import UserError

_LIMIT_BYTES = 20_000_000
_LONGEST_MESSAGE = 1_000
_HINT = "Hand in a SARIF 2.1.0 file, as the analyser wrote it."
#: https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html#_Toc34317648
_NO_FAULT_LEVEL = "none"
_NO_FAULT_KINDS = frozenset({"pass", "open", "informational", "notApplicable"})

#: https://www.rfc-editor.org/rfc/rfc3986#appendix-B
_URI = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*):)?(?://[^/?#]*)?(?P<path>[^?#]*)", re.DOTALL
)
_QUOTED = re.compile(rb"%([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class SarifReport:
    """What one SARIF file says.

    Args:
        path: The file, as the person named it.
        hits: Its results with a place in the repository.
        without_location: How many results name no file.
        outside: How many results name a file outside the repository.
        suppressed: How many results the analyser itself was told to suppress.
    """

    path: str
    hits: tuple[Hit, ...]
    without_location: int = 0
    outside: int = 0
    suppressed: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out, in sentences."""
        said = (
            (self.without_location, "without a location"),
            (self.outside, "outside the repository"),
            (self.suppressed, "suppressed by the analyser"),
        )
        return tuple(
            f"{self.path}: {count} {'result' if count == 1 else 'results'} {words} left out."
            for count, words in said
            if count
        )


def read_sarif(path: Path, *, root: Path) -> SarifReport:
    """Read a SARIF file.

    Args:
        path: The file.
        root: The repository's root, for absolute addresses.

    Raises:
        UserError: The file cannot be read, is too large, or is no SARIF 2.1.0.
    """
    name = str(path)
    try:
        with path.open("rb") as file:
            content = file.read(_LIMIT_BYTES + 1)
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", path=name, hint=_HINT) from error
    if len(content) > _LIMIT_BYTES:
        raise UserError(f"larger than {_LIMIT_BYTES // 1_000_000} MB", path=name, hint=_HINT)
    return parse_sarif(content, name=name, root=root)


def parse_sarif(content: bytes, *, name: str, root: Path) -> SarifReport:
    """Read the bytes of a SARIF file.

    Args:
        content: The bytes.
        name: How the file is called in messages.
        root: The repository's root, for absolute addresses.

    Raises:
        UserError: They are no SARIF 2.1.0.
    """
    try:
        value: object = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise UserError("not valid JSON", path=name, line=line, hint=_HINT) from error
    log = _table(value)
    runs = log.get("runs")
    if log.get("version") != "2.1.0" or not isinstance(runs, list):
        raise UserError("not SARIF 2.1.0", path=name, hint=_HINT)
    tally = _Tally(root=root)
    for run in runs:
        tally.take(_table(run))
    return SarifReport(
        path=name,
        hits=tuple(dict.fromkeys(tally.hits)),
        without_location=tally.without_location,
        outside=tally.outside,
        suppressed=tally.suppressed,
    )


class _Tally:
    """Collects the results of all runs."""

    def __init__(self, *, root: Path) -> None:
        self.root = root
        self.hits: list[Hit] = []
        self.without_location = self.outside = self.suppressed = 0

    def take(self, run: Mapping[str, object]) -> None:
        """Take over the results of one run."""
        driver = _table(_table(run.get("tool")).get("driver"))
        tool = _text(driver.get("name")) or "unknown analyser"
        bases = {
            key: _text(_table(base).get("uri"))
            for key, base in _table(run.get("originalUriBaseIds")).items()
        }
        rules = _list(driver.get("rules"))
        artifacts = _list(run.get("artifacts"))
        for item in _list(run.get("results")):
            result = _table(item)
            if (
                result.get("level") == _NO_FAULT_LEVEL
                or _text(result.get("kind")) in _NO_FAULT_KINDS
            ):
                continue
            if any(
                _table(s).get("status", "accepted") == "accepted"
                for s in _list(result.get("suppressions"))
            ):
                self.suppressed += 1
                continue
            self._place(result, tool, _rule_id(result, rules), bases, artifacts)

    def _place(
        self,
        result: Mapping[str, object],
        tool: str,
        code: str,
        bases: Mapping[str, str],
        artifacts: Sequence[object],
    ) -> None:
        """Make a hit of the result's first location: the others belong to the same fault."""
        locations = _list(result.get("locations"))
        physical = _table(_table(locations[0] if locations else None).get("physicalLocation"))
        address = _artifact(_table(physical.get("artifactLocation")), artifacts)
        uri = _text(address.get("uri"))
        if not uri:
            self.without_location += 1
            return
        base = bases.get(_text(address.get("uriBaseId")), "")
        path = _path(uri, base, self.root)
        if path is None:
            self.outside += 1
            return
        region = _table(physical.get("region"))
        start = _line(region.get("startLine"))
        end = _line(region.get("endLine")) or start
        self.hits.append(
            Hit(
                kind=EvidenceKind.SARIF,
                code=code,
                path=path,
                message=_text(_table(result.get("message")).get("text"))[:_LONGEST_MESSAGE],
                start_line=start,
                end_line=None if start is None or end is None else max(start, end),
                tool=tool,
            )
        )


def _rule_id(result: Mapping[str, object], rules: Sequence[object]) -> str:
    """Return the rule's id, which may stand in any of three places."""
    reference = _table(result.get("rule"))
    named = _text(result.get("ruleId")) or _text(reference.get("id"))
    if named:
        return named
    index = result.get("ruleIndex", reference.get("index"))
    if isinstance(index, int) and 0 <= index < len(rules):
        return _text(_table(rules[index]).get("id")) or "unnamed rule"
    return "unnamed rule"


def _artifact(address: Mapping[str, object], artifacts: Sequence[object]) -> Mapping[str, object]:
    """Return the address of a file, which may stand in the list of files instead."""
    index = address.get("index")
    if address.get("uri") is None and isinstance(index, int) and 0 <= index < len(artifacts):
        return _table(_table(artifacts[index]).get("location"))
    return address


def _path(uri: str, base: str, root: Path) -> str | None:
    """Turn an address into a path of the repository; None where it is outside.

    Nothing is opened: the path is only compared with the paths of the change.
    """
    address, folder = _local(uri), _local(base)
    if address is None or folder is None:
        return None
    text = address.replace("\\", "/")
    prefix = root.as_posix().rstrip("/") + "/"
    folder = folder.rstrip("/") + "/"
    # An absolute base that is not our root is the root on the machine that ran the analyser.
    if not text.startswith("/") and (not folder.startswith("/") or folder.startswith(prefix)):
        text = f"{folder}{text}"
    if text.startswith("/"):
        if not text.startswith(prefix):
            return None
        text = text.removeprefix(prefix)
    clean: list[str] = []
    for part in text.split("/"):
        if part in {"", "."}:
            continue
        if part == "..":
            if not clean:
                return None
            clean.pop()
        else:
            clean.append(part)
    return "/".join(clean) or None


def _local(uri: str) -> str | None:
    """Return the path that an address of a local file names; None for any other address.

    A scheme of one letter is a drive of Windows, which is outside here as well.
    """
    match = _URI.match(uri)
    if match is None or (match["scheme"] or "file").lower() != "file":
        return None
    raw = match["path"].encode("utf-8", "surrogatepass")
    plain = _QUOTED.sub(lambda found: bytes([int(found[1], 16)]), raw)
    return plain.decode("utf-8", "replace")


def _line(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
