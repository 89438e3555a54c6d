"""The options that name a change and its reviewers, shared by the commands about a change."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewer.entrypoints.cli.session import Function
from reviewer.errors import UserError

if TYPE_CHECKING:
    from reviewer.bootstrap import Request
    from reviewer.bootstrap.model import ModelRequest
    from reviewer.domain.change import Change
    from reviewer.domain.policy import PolicyLayer

_WHICH = (
    click.argument("revisions", metavar="[RANGE]", required=False),
    click.option("--staged", is_flag=True, help="What is staged, against HEAD."),
    click.option("--working-tree", is_flag=True, help="All that is not committed, against HEAD."),
    click.option(
        "--patch",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, allow_dash=True),
        help="A patch file, or - for standard input.",
    ),
)

_REVIEWERS = (
    click.option(
        "--pr",
        "pull_request",
        metavar="OWNER/REPO#N",
        help="A pull request, or its address; GITHUB_TOKEN reads it.",
    ),
    click.option(
        "--persona",
        "personas",
        metavar="NAME,…",
        multiple=True,
        help="Exactly these personas, whatever the change is.",
    ),
    click.option("--panel", metavar="NAME", help="code-review, ml, deployment or production."),
)

_WHERE = (
    click.option(
        "--repository",
        metavar="DIR",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        default=".",
        help="Any folder inside the git repository (default: this one).",
    ),
)


def change_options(function: Function) -> Function:
    """Add the options that name a change and its reviewers to a command."""
    return _added((*_WHICH, *_REVIEWERS, *_WHERE), function)


def which_change_options(function: Function) -> Function:
    """Add the options that name a local change to a command that chooses no reviewers."""
    return _added((*_WHICH, *_WHERE), function)


def _added(decorators: Sequence[Callable[[Function], Function]], function: Function) -> Function:
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


def request_of(
    options: dict[str, Any],
    *,
    layer: PolicyLayer | None = None,
    sarif: tuple[Path, ...] = (),
    model: ModelRequest | None = None,
) -> Request:
    """Turn the options into what the composition root takes.

    Args:
        options: What `change_options` or `which_change_options` collected.
        layer: What the command line sets of the policy.
        sarif: SARIF files of other analysers.
        model: What is asked for of models; None asks for none.

    Raises:
        click.UsageError: Options exclude each other.
        UserError: The patch cannot be read.
    """
    from reviewer.bootstrap import Request
    from reviewer.bootstrap.model import ModelRequest
    from reviewer.domain.pull_request import PullRequestName

    given = [
        name
        for name, value in (
            ("RANGE", options["revisions"]),
            ("--staged", options["staged"]),
            ("--working-tree", options["working_tree"]),
            ("--patch", options["patch"]),
            ("--pr", options.get("pull_request")),
        )
        if value
    ]
    if len(given) > 1:
        raise click.UsageError(f"{given[0]} and {given[1]} exclude each other.")
    if options["revisions"] == "":
        raise click.UsageError("RANGE is empty; leave it out or write main...HEAD, A..B or HEAD.")
    named = options.get("pull_request")
    return Request(
        repository=options["repository"],
        revisions=options["revisions"],
        staged=options["staged"],
        working_tree=options["working_tree"],
        patch=None if options["patch"] is None else _read_patch(options["patch"]),
        patch_name=options["patch"] or "-",
        personas=_names(options.get("personas", ())),
        panel=options.get("panel"),
        sarif=sarif,
        layer=layer,
        model=ModelRequest(without=True) if model is None else model,
        pull_request=None if not named else PullRequestName.parse(named),
    )


def _names(values: tuple[str, ...]) -> tuple[str, ...]:
    """Split ``a,b`` and repeated options into names."""
    names = [name.strip() for value in values for name in value.split(",")]
    if values and not all(names):
        raise click.UsageError("--persona has an empty name; write --persona NAME or NAME,NAME.")
    return tuple(dict.fromkeys(names))


def _read_patch(name: str) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read()
        return Path(name).read_bytes()
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror}") from error


def chosen_by_itself(request: Request, change: Change) -> str | None:
    """Say what is looked at where nobody named a range; None where somebody did."""
    if request.revisions or request.staged or request.working_tree:
        return None
    if request.patch is not None or request.pull_request is not None:
        return None
    words = f"{_short(change.head)} against {_short(change.base)}"
    return f"No range was given: looking at {words} (reviewer review --help tells the others)."


def _short(commit: str) -> str:
    is_commit = len(commit) in {40, 64} and not set(commit) - set("0123456789abcdef")
    return commit[:7] if is_commit else f"the {commit}"
