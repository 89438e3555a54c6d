"""REST of check runs: https://docs.github.com/en/rest/checks/runs."""

from __future__ import annotations

from collections.abc import Mapping

from reviewer.testing.fake_github.exchange_parts import Asked, Reply
from reviewer.testing.fake_github.refusal import GitHubRefusal, invalid_request, not_found
from reviewer.testing.fake_github.standing import FakeCheck
from reviewer.testing.fake_github.wire_standing import (
    check_of,
)

ANNOTATIONS_A_REQUEST = 50
#: https://docs.github.com/en/rest/checks/runs: of summary and text each.
LONGEST_TEXT = 65_535


def create_check(asked: Asked) -> Reply:
    """``POST …/check-runs``."""
    asked.need("checks")
    repository = asked.repository
    output = _output(asked.body)
    _refuse_bad_end(asked.body, "queued")
    sha = asked.text("head_sha") or ""
    if repository.store.resolve(sha) is None:
        raise GitHubRefusal(422, f"No commit found for SHA: {sha}")
    conclusion = asked.text("conclusion")
    check = FakeCheck(
        id=asked.hub.next_large_id(),
        author=asked.viewer,
        name=asked.text("name") or "",
        head_sha=sha,
        status="completed" if conclusion else asked.text("status") or "queued",
        conclusion=conclusion,
        title=None,
        summary=None,
        text=None,
        external_id=asked.text("external_id") or "",
        details_url=asked.text("details_url") or "",
        started_at=asked.text("started_at") or asked.hub.now(),
        completed_at=asked.hub.now() if conclusion else None,
    )
    _put(check, output)
    repository.checks.append(check)
    return Reply(status=201, body=check_of(repository, check))


def update_check(asked: Asked) -> Reply:
    """``PATCH …/check-runs/{check_run_id}``; annotations are added to those that stand."""
    asked.need("checks")
    check = _check(asked)
    if check.author is not asked.viewer:
        message = (
            f"Invalid app_id `{asked.viewer.id}` - check run can only be modified by the GitHub "
            "App that created it."
        )
        raise GitHubRefusal(403, message)
    output = _output(asked.body)
    _refuse_bad_end(asked.body, check.status if check.conclusion is None else "queued")
    _put(check, output)
    check.name = asked.text("name") or check.name
    check.status = asked.text("status") or check.status
    conclusion = asked.text("conclusion")
    if conclusion is not None:
        check.status, check.conclusion = "completed", conclusion
        check.completed_at = asked.hub.now()
    return Reply(body=check_of(asked.repository, check))


def get_check(asked: Asked) -> Reply:
    """``GET …/check-runs/{check_run_id}``."""
    asked.need("checks", level="read")
    return Reply(body=check_of(asked.repository, _check(asked)))


def list_annotations(asked: Asked) -> Reply:
    """``GET …/check-runs/{check_run_id}/annotations``."""
    asked.need("checks", level="read")
    check = _check(asked)
    blob = f"{asked.hub.server_url}/{asked.repository.full_name}/blob/{check.head_sha}"
    empty = {"start_column": None, "end_column": None, "title": None, "raw_details": None}
    return asked.page(
        [{**empty, "blob_href": f"{blob}/{item['path']}", **item} for item in check.annotations]
    )


def list_checks(asked: Asked) -> Reply:
    """``GET …/commits/{ref}/check-runs``: of every name the newest."""
    asked.need("checks", level="read")
    repository = asked.repository
    ref = asked.names["ref"]
    sha = repository.branch(ref) or ref
    wanted = asked.query.get("check_name")
    found = {
        (check.name, check.author.id): check
        for check in repository.checks
        if check.head_sha == sha and wanted in {None, check.name}
    }
    page = asked.page([check_of(repository, check) for check in reversed(found.values())])
    body = {"total_count": len(found), "check_runs": page.body}
    return Reply(body=body, headers=page.headers)


def _check(asked: Asked) -> FakeCheck:
    number = asked.names["check_run_id"]
    found = (check for check in asked.repository.checks if str(check.id) == number)
    check = next(found, None)
    if check is None:
        raise not_found()
    return check


def _refuse_bad_end(body: Mapping[str, object], status: str) -> None:
    ends = body.get("status", status) == "completed"
    if ends and not body.get("conclusion"):
        raise invalid_request(
            'No subschema in "anyOf" matched.\n"conclusion" wasn\'t supplied.\n'
            'completed is not a member of ["queued", "in_progress"].',
            "/reference/checks#create-a-check-run",
        )


def _output(body: Mapping[str, object]) -> Mapping[str, object]:
    output = body.get("output") or {}
    if not isinstance(output, dict):
        raise invalid_request("For 'properties/output', the value is not an object.")
    annotations = output.get("annotations") or []
    count = len(annotations)
    if count > ANNOTATIONS_A_REQUEST:
        raise invalid_request(
            f"No more than {ANNOTATIONS_A_REQUEST} items are allowed; {count} were supplied."
        )
    for name in ("summary", "text"):
        value = output.get(name)
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise invalid_request(
                f"Only {LONGEST_TEXT} characters are allowed; {len(value)} were supplied."
            )
    return output


def _put(check: FakeCheck, output: Mapping[str, object]) -> None:
    for name in ("title", "summary", "text"):
        value = output.get(name)
        if isinstance(value, str):
            setattr(check, name, value)
    annotations = output.get("annotations")
    if isinstance(annotations, list):
        check.annotations.extend(dict(item) for item in annotations)
