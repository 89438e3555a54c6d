"""Facts about Kubernetes manifests and compose files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from reviewer.domain.change import Change, FileChange, Side
from reviewer.domain.facts.image import Image
from reviewer.domain.facts.observation import (
    NoSubject,
    NotRead,
    Observation,
    Seen,
    look,
    on_changed_lines,
)
from reviewer.domain.facts.yaml_document import Node, documents
from reviewer.domain.file_role import is_test

_YAML = re.compile(r"\.ya?ml$", re.IGNORECASE)
_COMPOSE = re.compile(r"(?:^|/)(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$", re.IGNORECASE)
_FOR_DEVELOPMENT = re.compile(
    r"(?:^|/)\.devcontainer/|[.-](?:dev|devel|development|override|local|ci|test|debug)[.-]",
    re.IGNORECASE,
)
_WORKFLOW = re.compile(r"(?:^|/)\.(?:github|gitea|forgejo)/workflows/")
_MANIFEST = re.compile(r"^[ \t]*kind[ \t]*:[ \t]*[\"']?[A-Z]", re.MULTILINE)
_TEMPLATED = re.compile(r"\{\{|\$\{|\$\(|<[\w .:-]+>|^\$\w+$|^ENC\[|^\*\w|^ref\+|^vault:")
_PLACEHOLDER = re.compile(
    r"(?i)change[_-]?me|replace|your[_-]|placeholder|redacted|example|dummy|^x{3,}$|^\*{3,}$|^todo|^\.{3}$"
)
_BASE64_PLACEHOLDER = re.compile(r"^(?:Y2hhbmdl|Q0hBTkdF|cGxhY2Vob2xkZXI|eW91ci|PD|VE9ETw)")
# What stands in a Secret beside the secret itself.
_NO_SECRET = re.compile(
    r"(?:^|[-_.a-z])(?:user(?:_?name)?(?:_in)?|login|host(?:name)?|port|account_?name|namespace|region|bucket"
    r"|e-?mail|database|endpoint)$|\.crt$",
    re.IGNORECASE,
)
_WORKLOADS = frozenset(
    "Deployment StatefulSet DaemonSet ReplicaSet Job CronJob Pod".split()  # noqa: SIM905
)
_PIPELINE = re.compile(
    r"(?<![a-z])(?:re)?train(?:ing|er)?(?![a-z])|(?<![a-z])(?:etl|elt|pipeline|feature[-_]?(?:store|build)"
    r"|ingest(?:ion)?|fine[-_]?tun(?:e|ing)|batch[-_]?(?:predict|inference|scor)\w*)(?![a-z])",
    re.IGNORECASE,
)
_INNER_PORT = re.compile(r"metric|prom|debug|pprof|health", re.IGNORECASE)
_CRONTAB = re.compile(r"(?:^|/)(?:crontab|cron\.d/[^/]+|[\w.-]+\.cron(?:tab)?)$")
_CRON_LINE = re.compile(
    r"^\s*(?:[-*/,\d]+\s+){5}(?P<command>\S.*)$|^\s*@(?:hourly|daily|weekly|monthly)\s+(?P<named>\S.*)$"
)

Found = Iterator[tuple[int, int, str, str]]


def is_compose(file: FileChange) -> bool:
    """Tell whether the file describes services for docker compose."""
    return _COMPOSE.search(file.path) is not None


def is_manifest(file: FileChange) -> bool:
    """Tell whether the file holds a Kubernetes object: YAML with a ``kind`` that is a type."""
    if not _YAML.search(file.path) or is_compose(file) or _WORKFLOW.search(file.path):
        return False
    if is_test(file.path):
        return False
    if file.head_text is None:
        return any(_MANIFEST.match(line) for line in file.added.values())
    return _MANIFEST.search(file.head_text) is not None


def _objects(text: str) -> tuple[Node, ...] | NotRead:
    """Return the objects of a manifest, those inside a ``List`` too."""
    read = documents(text)
    if isinstance(read, NotRead):
        return read
    found: list[Node] = []
    for document in read:
        items = document.get("items") if document.word("kind").endswith("List") else None
        found += [document] if items is None else items.items
    return tuple(found)


def _ask(
    change: Change, kinds: frozenset[str], question: Callable[[FileChange, Node], Found], noun: str
) -> Observation:
    """Ask a question of every Kubernetes object of certain kinds."""

    def at(file: FileChange) -> Seen:
        read = _objects(file.head_text or "")
        if isinstance(read, NotRead):
            named = any(f"kind: {kind}" in (file.head_text or "") for kind in kinds)
            return read if named else NoSubject(reason=f"no {noun} in this change")
        concerned = [entry for entry in read if entry.word("kind") in kinds]
        if not concerned:
            return NoSubject(reason=f"no {noun} in this change")
        return on_changed_lines(file, [hit for entry in concerned for hit in question(file, entry)])

    return look(change, subject=noun, among=is_manifest, at=at)


def kubernetes_secret_in_clear(change: Change) -> Observation:
    """A Secret carries its values in the clear or as base64; sealed and templated ones are fine."""
    return _ask(change, frozenset({"Secret"}), _values_in_clear, "Kubernetes Secret")


def _values_in_clear(file: FileChange, entry: Node) -> Found:
    if entry.get("sops") is not None:
        return
    found = [
        (key, value)
        for section in ("data", "stringData")
        for key, value in getattr(entry.get(section), "entries", ())
        if _is_clear(section, key.text or "", (value.text or "").strip())
        and file.locate(Side.HEAD, key.line, value.last) is not None
    ]
    if found:
        key, value = found[0]
        more = f" and {len(found) - 1} more are" if len(found) > 1 else " is"
        headline = f"The secret `{key.text}`{more} committed in the clear"
        # One Secret is one finding: the remedy is the same for all of its values.
        yield key.line, value.last, headline, ""


def _is_clear(section: str, name: str, text: str) -> bool:
    """Tell whether a value of a Secret is secret, and readable by whoever can read the file."""
    if not text or _TEMPLATED.search(text) or _PLACEHOLDER.search(text):
        return False
    if section == "data" and _BASE64_PLACEHOLDER.match(text):
        return False
    return _NO_SECRET.search(name) is None


def rbac_wildcard(change: Change) -> Observation:
    """A role allows every verb or every resource, or a binding hands out cluster-admin."""
    kinds = frozenset({"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"})
    return _ask(change, kinds, _wildcards, "RBAC object")


def _wildcards(_file: FileChange, entry: Node) -> Found:
    rules = entry.get("rules")
    for rule in () if rules is None else rules.items:
        for section, words in (("verbs", "every verb"), ("resources", "every resource")):
            node = rule.get(section)
            star = None if node is None else next((w for w in node.words() if w.text == "*"), None)
            if star is not None:
                yield star.line, star.last, f"This role allows {words}", ""
                break
    name = entry.get("roleRef", "name")
    if name is not None and name.text == "cluster-admin":
        yield name.line, name.last, "This binding hands out `cluster-admin`", ""


def privileged_container(change: Change) -> Observation:
    """A container runs privileged (node agents of a DaemonSet apart), or holds Docker's socket."""
    kinds = _WORKLOADS - {"DaemonSet"}
    seen = _ask(change, kinds, _privileged, "workload")
    compose = look(
        change, subject="compose file", among=is_compose, at=_compose(_privileged_service)
    )
    return _both(seen, compose)


def _privileged(_file: FileChange, entry: Node) -> Found:
    for node in entry.walk():
        context = node.get("securityContext")
        key = None if context is None else context.key("privileged")
        if context is not None and key is not None and context.word("privileged") == "true":
            yield key.line, key.last, "", ""
        path = node.get("hostPath", "path")
        if path is not None and (path.text or "").endswith("docker.sock"):
            yield path.line, path.last, "A container holds Docker's socket", ""


def _both(one: Observation, other: Observation) -> Observation:
    """Put two looks of one fact together."""
    idle = one.inapplicable if other.inapplicable is not None else None
    return Observation(
        hits=one.hits + other.hits,
        unexamined=one.unexamined + other.unexamined,
        inapplicable=idle,
    )


def _compose(question: Callable[[Node], Found]) -> Callable[[FileChange], Seen]:
    """Ask a question of every service of a compose file."""

    def at(file: FileChange) -> Seen:
        if is_test(file.path) or _FOR_DEVELOPMENT.search(file.path):
            return NoSubject(reason="the compose file is for development or tests")
        read = documents(file.head_text or "")
        if isinstance(read, NotRead):
            return read
        services = [s for document in read if (s := document.get("services")) is not None]
        return on_changed_lines(
            file,
            [hit for node in services for _, service in node.entries for hit in question(service)],
        )

    return at


def _privileged_service(service: Node) -> Found:
    key = service.key("privileged")
    if key is not None and service.word("privileged") == "true":
        yield key.line, key.last, "", ""
    volumes = service.get("volumes")
    for volume in () if volumes is None else volumes.items:
        source = volume if volume.text is not None else volume.get("source")
        text = "" if source is None else source.text or ""
        if source is not None and text.partition(":")[0].endswith("docker.sock"):
            yield source.line, source.last, "A container holds Docker's socket", ""


def compose_image_unpinned(change: Change) -> Observation:
    """A compose service runs an image without a tag or with `latest` that it does not build."""
    return look(change, subject="compose file", among=is_compose, at=_compose(_moving_image))


def _moving_image(service: Node) -> Found:
    image = service.get("image")
    if image is None or image.text is None or service.get("build") is not None:
        return
    if "$" not in image.text and "{" not in image.text and Image.parse(image.text).has_moving_tag:
        yield image.line, image.last, f"`{image.text}` has no fixed version", ""


def compose_service_as_root(change: Change) -> Observation:
    """A compose service is told to run as root."""
    return look(change, subject="compose file", among=is_compose, at=_compose(_root_service))


def _root_service(service: Node) -> Found:
    user = service.get("user")
    if user is not None and (user.text or "").partition(":")[0] in {"root", "0"}:
        yield user.line, user.last, "", ""


def manifest_image_unpinned(change: Change) -> Observation:
    """A workload runs an image without a tag or with `latest`."""
    return _ask(change, _WORKLOADS, _moving_container_image, "workload")


def _moving_container_image(_file: FileChange, entry: Node) -> Found:
    for container in _containers(entry):
        image = container.get("image")
        text = "" if image is None or image.text is None else image.text
        # Kustomize and CI replace bare names; a name that only a template fills is not judged.
        if image is None or _TEMPLATED.search(text) or not text.endswith(":latest"):
            continue
        yield image.line, image.last, f"`{text}` has no fixed version", ""


def _containers(entry: Node) -> Iterator[Node]:
    for node in entry.walk():
        containers = node.get("containers")
        if containers is not None:
            yield from containers.items


def deployment_recreates(change: Change) -> Observation:
    """A Deployment ends all old pods before it starts a new one."""
    return _ask(change, frozenset({"Deployment"}), _recreates, "Deployment")


def _recreates(_file: FileChange, entry: Node) -> Found:
    kind = entry.get("spec", "strategy", "type")
    if kind is not None and kind.text == "Recreate":
        yield kind.line, kind.last, "", ""


def deployment_without_readiness_probe(change: Change) -> Observation:
    """A new Deployment with open ports has no readiness probe."""

    def question(file: FileChange, entry: Node) -> Found:
        kind = entry.key("kind")
        # What is missing from a template may be what an instruction inserts.
        whole = "{{" not in (file.head_text or "")
        new = whole and kind is not None and kind.line in file.added
        containers = tuple(_containers(entry))
        if kind is None or not new or any(c.get("readinessProbe") is not None for c in containers):
            return
        ports = next((key for c in containers if (key := c.key("ports")) is not None), None)
        if ports is not None and not all(_is_inner(c) for c in containers):
            yield ports.line, ports.last, "", ""

    return _ask(change, frozenset({"Deployment"}), question, "Deployment")


def _is_inner(container: Node) -> bool:
    """Tell whether only metrics and debuggers are asked on the container's ports."""
    ports = container.get("ports")
    named = () if ports is None else ports.items
    return all(_INNER_PORT.search(port.word("name")) for port in named)


def pipeline_started_by_cron(change: Change) -> Observation:
    """A CronJob or crontab starts training or a data pipeline."""

    def cron_job(_file: FileChange, entry: Node) -> Found:
        schedule = entry.get("spec", "schedule")
        named = [entry.get("metadata", "name")]
        for container in _containers(entry):
            for key in ("name", "image", "command", "args"):
                node = container.get(key)
                named += () if node is None else node.words()
        text = next((n for n in named if n is not None and _PIPELINE.search(n.text or "")), None)
        if schedule is not None and text is not None:
            yield schedule.line, schedule.last, "", f"A CronJob starts `{text.text}`"

    def crontab(file: FileChange) -> Seen:
        found = []
        for number, line in file.added.items():
            match = _CRON_LINE.match(line[:2000])
            if match is not None and _PIPELINE.search(match["command"] or match["named"]):
                found.append((number, number, "", "A crontab starts it"))
        return on_changed_lines(file, found)

    seen = _ask(change, frozenset({"CronJob"}), cron_job, "CronJob")
    return _both(seen, look(change, subject="crontab", among=_is_crontab, at=crontab))


def _is_crontab(file: FileChange) -> bool:
    return _CRONTAB.search(file.path) is not None
