"""Looks git objects up through GraphQL, many in one question, and reads blobs exactly.

What is asked for travels in variables, never in the document. A text that GraphQL gives is
believed where its git id is the one that was asked for: GitHub guesses encodings, and cuts texts
off at 512,000 bytes (``isTruncated``). Everything else is read as bytes through REST.
Source: https://docs.github.com/en/graphql/reference/objects#blob
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reviewer.adapters.github.addresses import path_of
from reviewer.adapters.github.pull_request_reader import Wire, read_wire
from reviewer.adapters.github.reading import GitHubReading
from reviewer.domain.classification import TEXT_LIMIT_BYTES, is_binary
from reviewer.domain.pull_request import Repository
from reviewer.errors import GitHubError
from reviewer.ports.code_host import CodeHostError, Refusal

#: GraphQL cuts a text off here.
GRAPHQL_TEXT_BYTES = 512_000
#: One question asks for so many objects and about so many bytes at most: GitHub gives a question
#: ten seconds, and an answer of tens of megabytes an error.
_OBJECTS_A_QUESTION = 50
_BYTES_A_QUESTION = 2_000_000
#: What a text is taken for whose size nobody told.
_USUAL_BYTES = 40_000
#: So many blobs are read through REST, one call each; a change with more strange files than
#: that is reviewed without their whole texts.
_MOST_BLOBS = 20
_SHA256_DIGITS = 64


class Fragment(StrEnum):
    """What is asked of an object."""

    BLOB_TEXT = "on Blob { oid byteSize isBinary isTruncated text }"
    BLOB_SIZE = "on Blob { oid byteSize isBinary isTruncated }"
    NAMES = "on Tree { entries { name mode type } }"
    FILES = (
        "on Tree { entries { name mode type"
        " object { ... on Blob { oid byteSize isBinary isTruncated text } } } }"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One object that is asked for.

    Args:
        fragment: What is asked of it.
        oid: Its id; or
        expression: ``COMMIT:PATH``, as ``git rev-parse`` reads it.
        size_bytes: About how much the answer holds; None where nobody knows.
    """

    fragment: Fragment
    oid: str = ""
    expression: str = ""
    size_bytes: int | None = 0


class WireBlob(Wire):
    """A blob, as GraphQL writes it."""

    oid: str
    byteSize: int  # noqa: N815 - GitHub's name
    isBinary: bool | None = None  # noqa: N815
    isTruncated: bool = False  # noqa: N815
    text: str | None = None


class _WireRestBlob(Wire):
    """A blob, as REST writes it."""

    content: str
    encoding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobContent:
    """What is known of the content of a blob.

    Args:
        size_bytes: How long it is, where that is known.
        text: The whole text; None where it is not known or is none.
        binary: Whether it is binary.
        undecodable: Whether it is text, but not in UTF-8.
    """

    size_bytes: int | None = None
    text: str | None = None
    binary: bool = False
    undecodable: bool = False

    @classmethod
    def of(cls, content: bytes) -> BlobContent:
        """Judge a whole content as git does."""
        if is_binary(content):
            return cls(size_bytes=len(content), binary=True)
        try:
            return cls(size_bytes=len(content), text=content.decode("utf-8"))
        except UnicodeDecodeError:
            return cls(size_bytes=len(content), undecodable=True)


def git_id(content: bytes, like: str) -> str:
    """Return git's id of a blob, in the hash of another id."""
    name = "sha256" if len(like) == _SHA256_DIGITS else "sha1"
    header = f"blob {len(content)}\0".encode()
    return hashlib.new(name, header + content, usedforsecurity=False).hexdigest()


async def look_up(
    client: GitHubReading, repository: Repository, lookups: Sequence[Lookup]
) -> list[Mapping[str, object]]:
    """Ask for objects, in as few questions as they fit into.

    Args:
        client: Whom.
        repository: Where; the objects of a fork are known in the repository that it forked.
        lookups: What.

    Returns:
        One answer to each, in order; empty where there is no such object, or one of another kind.

    Raises:
        GitHubError: GitHub did not answer as agreed.
    """
    portions = list(_portions(lookups))
    answers = await asyncio.gather(*(_ask(client, repository, portion) for portion in portions))
    return [answer for portion in answers for answer in portion]


def _portions(lookups: Sequence[Lookup]) -> Iterator[list[Lookup]]:
    """Cut what is asked for into questions."""
    portion: list[Lookup] = []
    total_bytes = 0
    for lookup in lookups:
        size_bytes = _USUAL_BYTES if lookup.size_bytes is None else lookup.size_bytes
        full = total_bytes + size_bytes > _BYTES_A_QUESTION
        if portion and (full or len(portion) == _OBJECTS_A_QUESTION):
            yield portion
            portion, total_bytes = [], 0
        portion.append(lookup)
        total_bytes += size_bytes
    if portion:
        yield portion


async def _ask(
    client: GitHubReading, repository: Repository, lookups: Sequence[Lookup]
) -> list[Mapping[str, object]]:
    """Ask one question."""
    asked = ObjectFields(lookups)
    document = (
        f"query Objects($owner: String!, $name: String!, {asked.declared}) {{\n"
        f"  repository(owner: $owner, name: $name) {{\n{asked.text}\n  }}\n}}"
    )
    variables = {"owner": repository.owner, "name": repository.name, **asked.variables}
    found = (await client.query(document, variables)).get("repository")
    if not isinstance(found, dict):
        raise GitHubError(f"there is no repository {repository}, or it may not be read")
    return asked.answers(found)


class ObjectFields:
    """Objects as the fields of a repository in GraphQL; their names travel as variables.

    Args:
        lookups: What is asked for.

    Attributes:
        lookups: The same.
        declared: The declarations of the variables.
        text: The fields.
        variables: The variables.
    """

    def __init__(self, lookups: Iterable[Lookup]) -> None:
        self.lookups = tuple(lookups)
        declared, fields = [], []
        self.variables: dict[str, object] = {}
        for index, lookup in enumerate(self.lookups):
            argument, kind = ("oid", "GitObjectID!") if lookup.oid else ("expression", "String!")
            declared.append(f"$v{index}: {kind}")
            self.variables[f"v{index}"] = lookup.oid or lookup.expression
            wanted = f"{{ ... {lookup.fragment.value} }}"
            fields.append(f"    a{index}: object({argument}: $v{index}) {wanted}")
        self.declared = ", ".join(declared)
        self.text = "\n".join(fields)

    def answers(self, repository: Mapping[str, object]) -> list[Mapping[str, object]]:
        """Return one answer to each lookup, empty for no such object.

        Args:
            repository: What GraphQL said of the repository.
        """
        answers = (repository.get(f"a{index}") for index in range(len(self.lookups)))
        return [answer if isinstance(answer, dict) else {} for answer in answers]


class BlobReader:
    """Reads the contents of blobs; bounded, whatever the change.

    Args:
        client: Whom to ask.
        repository: Where.
    """

    def __init__(self, client: GitHubReading, repository: Repository) -> None:
        self._client = client
        self._repository = repository
        self._left = _MOST_BLOBS

    async def complete(
        self, oid: str, answer: Mapping[str, object], *, shown: bool = True
    ) -> BlobContent:
        """Turn GraphQL's answer about a blob into its content; where it is not exact, read it.

        Args:
            oid: The blob.
            answer: What `look_up` brought for it with `Fragment.BLOB_TEXT`; empty for nothing.
            shown: Whether GitHub itself shows it as lines; else its word that it is binary
                is taken.
        """
        size_bytes: int | None = None
        if answer:
            blob = read_wire(WireBlob, answer, what="a blob")
            size_bytes = blob.byteSize
            exact = _exact(blob, oid)
            if exact is not None:
                return exact
            if blob.isBinary and not shown:
                return BlobContent(size_bytes=size_bytes, binary=True)
        if self._left == 0 or (size_bytes or 0) > TEXT_LIMIT_BYTES:
            return BlobContent(size_bytes=size_bytes)
        self._left -= 1
        return await self._bytes(oid)

    async def _bytes(self, oid: str) -> BlobContent:
        """Read a blob through REST; one that is not there has no content that is known."""
        place = path_of("repos", self._repository.owner, self._repository.name, "git", "blobs", oid)
        try:
            value = await self._client.get(place)
        except CodeHostError as error:
            if error.refusal is Refusal.NOT_FOUND:
                return BlobContent()
            raise
        wire = read_wire(_WireRestBlob, value, what="a blob")
        try:
            content = base64.b64decode(wire.content) if wire.encoding == "base64" else b""
        except binascii.Error:
            content = b""
        if git_id(content, oid) != oid:
            raise GitHubError(f"GitHub sent another content than that of the blob {oid[:12]}")
        return BlobContent.of(content)


def _exact(blob: WireBlob, oid: str) -> BlobContent | None:
    """Return the content where GraphQL's text is byte for byte that of the blob."""
    if blob.text is None or blob.isTruncated:
        return None
    try:
        content = blob.text.encode("utf-8")
    except UnicodeEncodeError:
        return None
    return BlobContent.of(content) if git_id(content, oid) == oid else None
