"""``reviewer review --pr``: review a pull request, and say what would be posted, or post it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from reviewer.errors import ReviewerError

if TYPE_CHECKING:
    from reviewer.bootstrap import Request
    from reviewer.bootstrap.pull_request import Report
    from reviewer.config import Settings
    from reviewer.ports.progress import Progress
    from reviewer.service.rehearse import Intention


def check_options(options: dict[str, Any]) -> None:
    """Refuse options that mean nothing together.

    Raises:
        click.UsageError: They do not go together.
    """
    if options["publish"] and options["pull_request"] is None:
        raise click.UsageError("--publish needs --pr OWNER/REPO#N: where else should it stand?")
    if options["pull_request"] is None:
        return
    if options["evidence"]:
        raise click.UsageError("--evidence and --pr exclude each other.")
    for name in ("record", "replay", "estimate"):
        if options["publish"] and options[name]:
            raise click.UsageError(f"--publish and --{name} exclude each other.")


def review_on_host(
    request: Request,
    settings: Settings,
    *,
    publish: bool,
    progress: Progress,
    tell: Callable[[str], None],
) -> Report:
    """Review a pull request as it is now.

    Args:
        request: What is reviewed, by whom.
        settings: What the environment says.
        publish: Whether anything is written to it.
        progress: Who is told how far it is.
        tell: Is told what the analyser prints.

    Raises:
        UserError: There is no token, or a wish is wrong.
        ReviewerError: The pull request cannot be read.
    """
    from reviewer.bootstrap.analyser import hide_this_process
    from reviewer.bootstrap.pull_request import Order, PullRequestDesk

    if request.pull_request is None:
        raise ReviewerError("no pull request is named")
    if publish:
        hide_this_process()
    order = Order(
        model=request.model,
        personas=request.personas,
        panel=request.panel,
        layer=request.layer,
        publish=publish,
    )
    desk = PullRequestDesk(settings=settings, tell=tell, progress=progress)
    return desk.look(request.pull_request, order)


def posting_lines(report: Report, *, published: bool, verbose: bool) -> list[str]:
    """Say what was posted, or would be.

    Args:
        report: How the run went.
        published: Whether it was posted.
        verbose: Whether texts are shown, too.
    """
    lines = [f"Note: {note}" for note in report.notes]
    if published:
        return lines
    if not report.intentions:
        return [*lines, "Nothing would be posted: all of it stands there already."]
    lines.append("With --publish this would be posted:")
    for intention in report.intentions:
        lines += _told(intention, verbose=verbose)
    return lines


def _told(intention: Intention, *, verbose: bool) -> list[str]:
    if not verbose:
        return [f"  {intention.what}"]
    return [f"  {intention.what}", *(f"    {line}" for line in intention.body.splitlines()), ""]
