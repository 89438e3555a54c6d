"""Reads GitHub's JSON of a pull request, of accounts and of repositories; null is always allowed.

What GitHub may leave out is taken from its OpenAPI (a deleted account or fork is null, an empty
description too): https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from reviewer.domain.pull_request import (
    Account,
    AccountKind,
    PullRequest,
    PullRequestName,
    Repository,
)
from reviewer.errors import GitHubError

#: REST writes it behind the login of an application's account, GraphQL does not.
_BOT_SUFFIX = "[bot]"
#: The id of an object of git, which goes into addresses and questions.
Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{40}(?:[0-9a-f]{24})?$")]

_KINDS = {
    "User": AccountKind.USER,
    "Bot": AccountKind.BOT,
    "Organization": AccountKind.ORGANIZATION,
}


def _whole(text: str) -> str:
    """Replace halves of characters, which JSON can write and nothing can encode."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


#: A text of people's; everything that is not an id or a name of GitHub's own.
FreeText = Annotated[str, AfterValidator(_whole)]


class Wire(BaseModel):
    """A piece of GitHub's JSON, of which only the named fields are read."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class WireAccount(Wire):
    """Somebody, as REST writes them."""

    id: int = 0
    login: str | None = None
    type: str | None = None

    def account(self) -> Account:
        """Return the account; what it is stands in its type, whatever its name ends in."""
        return Account(
            id=self.id,
            login=(self.login or "").removesuffix(_BOT_SUFFIX),
            kind=_KINDS.get(self.type or "", AccountKind.UNKNOWN),
        )


class WireRepository(Wire):
    """A repository, as REST writes it."""

    id: int
    full_name: Annotated[str, Field(pattern=r"^[^/\s]+/[^/\s]+$")]

    def repository(self) -> Repository:
        """Return its name."""
        owner, _, name = self.full_name.partition("/")
        return Repository(owner=owner, name=name)


class WireLabel(Wire):
    """A label."""

    name: FreeText | None = None


class WireSide(Wire):
    """The head or the base of a pull request."""

    sha: Sha
    ref: FreeText
    repo: WireRepository | None = None


class WirePullRequest(Wire):
    """A pull request, as REST and events write it; events leave out some of it."""

    number: int
    head: WireSide
    base: WireSide
    title: FreeText | None = None
    body: FreeText | None = None
    user: WireAccount | None = None
    state: str | None = None
    draft: bool | None = None
    labels: tuple[WireLabel, ...] | None = None
    changed_files: int | None = None


WireT = TypeVar("WireT", bound=Wire)


def read_wire(model: type[WireT], value: object, *, what: str) -> WireT:
    """Read a piece of GitHub's JSON.

    Args:
        model: What it should be.
        value: What came.
        what: What people call it, for the error.

    Raises:
        GitHubError: Something that GitHub promises is not there, or is of another type.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "all of it"
        raise GitHubError(f"{what} cannot be read: {place}: {first['msg']}") from None


def account_of(wire: WireAccount | None) -> Account | None:
    """Return the account, None for a deleted one."""
    return None if wire is None else wire.account()


def pull_request_of(
    value: Mapping[str, object] | object, *, repository: WireRepository | None = None
) -> PullRequest:
    """Read a pull request out of REST's answer or out of an event.

    Args:
        value: The JSON.
        repository: The repository that the event names; else the one of the base is taken.

    Raises:
        GitHubError: Something that GitHub promises is not there.
    """
    wire = read_wire(WirePullRequest, value, what="the pull request")
    home = repository or wire.base.repo
    if home is None:
        raise GitHubError("the pull request cannot be read: base.repo: it names no repository")
    return PullRequest(
        name=PullRequestName(repository=home.repository(), number=wire.number),
        repository_id=home.id,
        title=wire.title or "",
        body=wire.body or "",
        author=account_of(wire.user),
        head_sha=wire.head.sha,
        base_sha=wire.base.sha,
        base_ref=wire.base.ref,
        head_repository="" if wire.head.repo is None else wire.head.repo.full_name,
        open=wire.state != "closed",
        draft=bool(wire.draft),
        labels=tuple(label.name for label in wire.labels or () if label.name),
        changed_files=wire.changed_files,
    )
