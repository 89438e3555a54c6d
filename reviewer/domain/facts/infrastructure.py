"""Facts about infrastructure as code: cloud permissions and what is open to the internet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from reviewer.domain.change import Change, FileChange
from reviewer.domain.facts.observation import (
    NoSubject,
    Observation,
    Seen,
    look,
    on_changed_lines,
)
from reviewer.domain.file_role import is_test

_FILE = re.compile(r"\.(?:tf|tf\.json|hcl|ya?ml|json|bicep|template)$", re.IGNORECASE)
_TERRAFORM = re.compile(r"\.(?:tf|hcl)$")
_POLICY = re.compile(
    r"\b(?:Action|actions)[\"']?[ \t]*[:=]|iam_(?:member|binding)\b|\brole_definition_name\b"
    r"|\bAdministratorAccess\b"
)
_EVERY_ACTION = re.compile(
    r"(?:^|[\s{,])[\"']?(?:Action|actions)[\"']?\s*[:=]\s*\[?\s*[\"']?(?P<action>\*(?::\*)?)[\"']?\s*\]?\s*(?:[,;}#]|$)"
)
# Every action of one service; harmful where it holds for every resource.
_SERVICE_ACTION = re.compile(
    r"(?:^|[\s{,\[:=-])[\"']?(?P<service>[a-z][a-z0-9-]{1,40}):\*[\"']?\s*(?:[\],;}#]|$)"
)
_ON_EVERYTHING = re.compile(
    r"(?:^|[\s{,])[\"']?(?:Resource|resources)[\"']?\s*[:=]\s*\[?\s*[\"']?\*[\"']?\s*\]?\s*(?:[,;}#]|$)"
)
_LIST_OPENS = re.compile(r"[\"']?\b(?:Action|actions)[\"']?\s*[:=]\s*\[?\s*$")
_ACTION_KEY = re.compile(r"\b(?:Action|actions)[\"']?\s*[:=]")
_ELEMENT = re.compile(r"^\s*(?:-\s*)?[\"']?[a-z][a-z0-9-]*:[\w*]+[\"']?\s*,?\s*$|^\s*$")
_STAR = re.compile(r"^\s*-?\s*[\"']\*(?::\*)?[\"']\s*,?\s*$")
_EFFECT = re.compile(r"[\"']?\beffect[\"']?\s*[:=]\s*[\"']?(?P<effect>Allow|Deny)", re.IGNORECASE)
_ADMIN = (
    (
        re.compile(r"\brole\s*[=:]\s*[\"']?roles/(?P<name>owner|editor)\b"),
        "`roles/{}` is granted on the whole project",
    ),
    (
        re.compile(
            r"role_definition_name\s*=\s*\"(?P<name>Owner|Contributor|User Access Administrator)\""
        ),
        "The role `{}` is granted",
    ),
    (re.compile(r"policy/(?P<name>AdministratorAccess)\b"), "`{}` is attached"),
)
_STATEMENT = re.compile(r"^\s*-\s+[\"']?(?:Sid|Effect|Action|NotAction|Resource|Principal)\b")
_NEAR = 12

_WORLD = re.compile(r"[\"'](?:0\.0\.0\.0/0|::/0|\*|Internet)[\"']")
_PORT = re.compile(r"\b(?P<edge>from|to)_port\s*=\s*\"?(?P<port>-?\d+)")
_INGRESS = re.compile(
    r"^\s*(?:dynamic\s+\"ingress\"|ingress)\s*(?:=\s*\[?\s*)?\{|type\s*=\s*\"ingress\"|aws_vpc_security_group_ingress_rule"
)
_PUBLIC = re.compile(
    r"^\s*(?:acl\s*=\s*\"public-read(?:-write)?\"|publicly_accessible\s*=\s*true"
    r"|block_public_(?:acls|policy)\s*=\s*false|restrict_public_buckets\s*=\s*false"
    r"|member\s*=\s*\"(?:allUsers|allAuthenticatedUsers)\")"
)
#: Ports that administer a machine or hold data; 80 and 443 are meant to be open.
_ADMIN_PORTS = frozenset(
    {
        22,
        23,
        135,
        445,
        1433,
        1521,
        2375,
        2379,
        3306,
        3389,
        5432,
        5601,
        5984,
        6379,
        6443,
        9200,
        10250,
        11211,
        27017,
    }
)


def iam_wildcard(change: Change) -> Observation:
    """A policy allows every action, or all of a service on everything, or hands out ownership."""
    return look(change, subject="cloud policy", among=_may_hold_policy, at=_wildcard)


def _may_hold_policy(file: FileChange) -> bool:
    if not _FILE.search(file.path) or is_test(file.path):
        return False
    if file.head_text is None:
        # A bare patch: only lines that it adds could be a new permission.
        return any(_POLICY.search(line[:2000]) for line in file.added.values())
    return _POLICY.search(file.head_text) is not None


def _wildcard(file: FileChange) -> Seen:
    lines = (file.head_text or "").split("\n")
    if not _FILE.search(file.path) or not _is_policy(file, lines):
        return NoSubject(reason="no cloud policy in this change")
    found: list[tuple[int, int, str, str]] = []
    for number in file.added:
        line = lines[number - 1][:2000] if number <= len(lines) else ""
        if _allows_everything(lines, number - 1, line):
            found.append((number, number, "This policy allows every action", ""))
        service = _service_on_everything(lines, number - 1, line)
        if service:
            headline = f"This policy allows every `{service}` action on every resource"
            found.append((number, number, headline, ""))
        for pattern, headline in _ADMIN:
            match = pattern.search(line)
            if match is not None:
                found.append((number, number, headline.format(match["name"]), ""))
    return on_changed_lines(file, found)


def _is_policy(file: FileChange, lines: Sequence[str]) -> bool:
    """Tell a policy from any YAML or JSON that happens to have a key `actions`."""
    if _TERRAFORM.search(file.path):
        return True
    return any(_EFFECT.search(line[:2000]) for line in lines)


def _allows_everything(lines: Sequence[str], index: int, line: str) -> bool:
    if not _EVERY_ACTION.search(line):
        above = next((lines[i] for i in range(index - 1, -1, -1) if lines[i].strip()), "")
        if not (_STAR.match(line) and _LIST_OPENS.search(above[:2000])):
            return False
    return not _denies(lines, index)


def _service_on_everything(lines: Sequence[str], index: int, line: str) -> str:
    """Return the service of which a statement allows every action on every resource."""
    match = _SERVICE_ACTION.search(line)
    if match is None or not (_ACTION_KEY.search(line) or _in_action_list(lines, index)):
        return ""
    near = range(max(0, index - _NEAR), min(len(lines), index + _NEAR + 1))
    everywhere = any(
        _ON_EVERYTHING.search(lines[i][:2000]) and not _parted(lines, index, i) for i in near
    )
    return match["service"] if everywhere and not _denies(lines, index) else ""


def _in_action_list(lines: Sequence[str], index: int) -> bool:
    """Tell whether a line is an element of a list of actions."""
    for above in range(index - 1, max(-1, index - 1 - _NEAR), -1):
        if _LIST_OPENS.search(lines[above][:2000]):
            return True
        if not _ELEMENT.match(lines[above][:2000]):
            return False
    return False


def _denies(lines: Sequence[str], index: int) -> bool:
    """Tell whether the statement round a line has the effect Deny: the nearest effect decides."""
    for distance in range(_NEAR):
        for near in dict.fromkeys((index - distance, index + distance)):
            if 0 <= near < len(lines):
                match = _EFFECT.search(lines[near][:2000])
                if match is not None and not _parted(lines, index, near):
                    return match["effect"].lower() == "deny"
    return False


def _parted(lines: Sequence[str], one: int, other: int) -> bool:
    """Tell whether the end of a block, or the beginning of a statement, parts two lines."""
    low, high = sorted((one, other))
    return any(
        lines[i].strip() in {"}", "},", "{", "},{", "}, {"} for i in range(low + 1, high)
    ) or any(_STATEMENT.match(lines[i][:200]) for i in range(low + 1, high + 1))


def open_to_the_world(change: Change) -> Observation:
    """Terraform opens an administration port, a database or a bucket to the whole internet."""
    return look(change, subject="Terraform", among=_is_terraform, at=_open)


def _is_terraform(file: FileChange) -> bool:
    return file.path.endswith(".tf") and not is_test(file.path)


def _open(file: FileChange) -> Seen:
    lines = (file.head_text or "").split("\n")
    found = [
        (number, number, "This is open to the whole internet", "")
        for number, text in file.added.items()
        if _PUBLIC.match(text[:2000])
    ]
    for first, last in _ingress_blocks(lines):
        ports = {
            m["edge"]: int(m["port"])
            for i in range(first, last + 1)
            if (m := _PORT.search(lines[i][:2000]))
        }
        world = next((i for i in range(first, last + 1) if _WORLD.search(lines[i][:2000])), None)
        low = ports.get("from", ports.get("to", 0))
        high = ports.get("to", low)
        opened = sorted(port for port in _ADMIN_PORTS if low <= port <= high)
        everything = low <= 0 and high in {-1, 0, 65535}
        if world is None or not ports or not (opened or everything):
            continue
        if everything:
            what = "Every port is"
        elif low < high:
            what = f"Ports {low} to {high} are"
        else:
            what = f"Port {low} is"
        found.append((world + 1, world + 1, f"{what} open to the whole internet", ""))
    return on_changed_lines(file, found)


def _ingress_blocks(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the first and last index of every block that lets traffic in."""
    index = 0
    while index < len(lines):
        if not _INGRESS.search(lines[index][:2000]):
            index += 1
            continue
        first = index if "{" in lines[index] else _opening(lines, index)
        last, depth = first, 0
        while last < min(len(lines), first + 60):
            depth += lines[last].count("{") - lines[last].count("}")
            if depth <= 0:
                break
            last += 1
        yield first, min(last, len(lines) - 1)
        index = max(last, index) + 1


def _opening(lines: Sequence[str], index: int) -> int:
    """Return the line that opens the resource round an attribute."""
    for above in range(index, max(-1, index - 30), -1):
        if lines[above].rstrip().endswith("{") and not lines[above].startswith((" ", "\t")):
            return above
    return index
