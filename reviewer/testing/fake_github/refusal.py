"""GitHub's refusals, with its own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

DOCUMENTATION = "https://docs.github.com/rest"


class GitHubRefusal(Exception):  # noqa: N818 - an answer, which the application sends
    """What is answered instead of what was asked for.

    Args:
        status: The status.
        message: GitHub's message.
        errors: Its errors: texts on ``/reviews``, objects elsewhere.
        documentation: The page that it names, below the documentation's address.
        headers: Further headers.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Sequence[object] | None = None,
        documentation: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body: dict[str, object] = {"message": message}
        if errors is not None:
            self.body["errors"] = list(errors)
        self.body["documentation_url"] = f"{DOCUMENTATION}{documentation}"
        self.body["status"] = str(status)


def not_found() -> GitHubRefusal:
    """It does not exist, or the token may not know of it."""
    return GitHubRefusal(404, "Not Found")


def forbidden(permission: str) -> GitHubRefusal:
    """The token lacks a permission (``pull_requests=write``)."""
    return GitHubRefusal(
        403,
        "Resource not accessible by integration",
        headers={"x-accepted-github-permissions": permission},
    )


def unprocessable(*errors: str, documentation: str = "") -> GitHubRefusal:
    """The review cannot be made; errors are texts, and none names the comment."""
    return GitHubRefusal(
        422,
        "Unprocessable Entity",
        errors=errors,
        documentation=documentation or "/pulls/reviews#create-a-review-for-a-pull-request",
    )


def invalid(resource: str, code: str, field: str, message: str | None = None) -> dict[str, object]:
    """Make one of the errors of `validation_failed`."""
    error: dict[str, object] = {"resource": resource, "code": code, "field": field}
    if message is not None:
        error["message"] = message
    return error


def validation_failed(*errors: Mapping[str, object], documentation: str = "") -> GitHubRefusal:
    """What was sent breaks a rule; errors are objects."""
    return GitHubRefusal(
        422, "Validation Failed", errors=[dict(e) for e in errors], documentation=documentation
    )


def invalid_request(words: str, documentation: str = "") -> GitHubRefusal:
    """What was sent has the wrong form."""
    return GitHubRefusal(422, f"Invalid request.\n\n{words}", documentation=documentation)
