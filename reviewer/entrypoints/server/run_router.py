"""``/api``: runs, costs, and what may be asked of the service."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from reviewer.domain.access import Caller
from reviewer.domain.access import Request as Asked
from reviewer.entrypoints.server.authentication import GUARDED_PROBLEMS, asking
from reviewer.entrypoints.server.body_bounds import is_json
from reviewer.entrypoints.server.problem import ProblemError, documented
from reviewer.entrypoints.server.run_schema import (
    Cancelled,
    CostFilters,
    CostList,
    DayCosts,
    Deleted,
    FoundPlace,
    HostId,
    Ordered,
    ReviewRequest,
    Run,
    RunFilters,
    RunId,
    RunList,
    RunReport,
    Verdict,
    write_cursor,
)
from reviewer.entrypoints.server.state import OpenDoor
from reviewer.service.carry_out_request import Answer, WantedReview
from reviewer.service.tell_runs import account_for_run, list_runs, sum_costs

_NO_RUN = "there is no such run"

RunIdInPath = Annotated[RunId, Path(description="The run.")]

_may_order = asking(Asked.ORDER_REVIEW)


async def _wanted(request: Request, _: Annotated[Caller, Depends(_may_order)]) -> ReviewRequest:
    """Read what is wanted, and only of those who may want it: a framework reads it first."""
    if not is_json(request.headers.get("content-type", "")):
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "an order is application/json")
    try:
        return ReviewRequest.model_validate_json(await request.body())
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError(
            [{**fault, "loc": ("body", *fault["loc"])} for fault in faults]
        ) from None


router = APIRouter(prefix="/api", tags=["api"], responses=GUARDED_PROBLEMS)


@router.get("/runs", summary="Runs, newest first", dependencies=[Depends(asking(Asked.READ_RUNS))])
async def runs(door: OpenDoor, filters: Annotated[RunFilters, Query()]) -> RunList:
    """Return a page of runs; each filter narrows, and `next` leads to the next page."""
    page = await list_runs(door.services.store, filters.query())
    return RunList(
        runs=[Run.of(run) for run in page.runs],
        next=None if page.following is None else write_cursor(page.following),
    )


@router.get(
    "/runs/{run_id}",
    summary="One run in full",
    dependencies=[Depends(asking(Asked.READ_RUNS))],
    responses=documented(HTTPStatus.NOT_FOUND),
)
async def run(door: OpenDoor, run_id: RunIdInPath) -> RunReport:
    """Return one run, what every rule of it was answered, and every finding."""
    account = await account_for_run(door.services.store, run_id)
    if account is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, _NO_RUN)
    return RunReport(
        run=Run.of(account.run),
        verdicts=[Verdict.of(verdict) for verdict in account.verdicts],
        findings=[FoundPlace.of(record) for record in account.findings],
    )


@router.post(
    "/runs/{run_id}/cancel",
    summary="Give a run up",
    status_code=HTTPStatus.ACCEPTED,
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
async def cancel(
    door: OpenDoor,
    run_id: RunIdInPath,
    caller: Annotated[Caller, Depends(asking(Asked.CANCEL_RUN))],
) -> Cancelled:
    """Give a run up that waits or is under way; calls that are under way end soon."""
    answer = await door.requests.cancel_run(caller, run_id)
    if answer is Answer.UNKNOWN:
        raise ProblemError(HTTPStatus.NOT_FOUND, _NO_RUN)
    if answer is Answer.TOO_LATE:
        raise ProblemError(HTTPStatus.CONFLICT, "the run has ended already")
    return Cancelled()


@router.post(
    "/reviews",
    summary="Order a review",
    status_code=HTTPStatus.ACCEPTED,
    responses=documented(
        HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ReviewRequest.model_json_schema()}},
        }
    },
)
async def order(
    door: OpenDoor,
    wanted: Annotated[ReviewRequest, Depends(_wanted)],
    caller: Annotated[Caller, Depends(_may_order)],
) -> Ordered:
    """Order a review of a pull request, as `/review` does; its run stands in `/api/runs` soon."""
    order_id = f"api-{uuid4().hex}"
    answer = await door.requests.order_review(
        caller,
        WantedReview(
            pull_request=wanted.pull_request(),
            full=wanted.full,
            personas=tuple(dict.fromkeys(wanted.personas)),
            panel=wanted.panel,
        ),
        order_id=order_id,
    )
    if answer is Answer.UNKNOWN:
        raise ProblemError(HTTPStatus.NOT_FOUND, "the App is not installed on this repository")
    if answer is Answer.SUSPENDED:
        raise ProblemError(HTTPStatus.CONFLICT, "the installation is suspended")
    return Ordered(delivery=order_id)


@router.get("/costs", summary="What days cost", dependencies=[Depends(asking(Asked.READ_COSTS))])
async def costs(door: OpenDoor, filters: Annotated[CostFilters, Query()]) -> CostList:
    """Return what calls cost, by day and repository."""
    days = await sum_costs(
        door.services.store,
        since=datetime.combine(filters.since, time(), UTC),
        until=datetime.combine(filters.until + timedelta(days=1), time(), UTC),
        installation_id=filters.installation,
        repository=filters.repository,
    )
    total = sum((day.dollars for day in days), Decimal(0))
    return CostList(days=[DayCosts.of(day) for day in days], total=f"{total:f}")


@router.delete(
    "/installations/{installation_id}/data",
    summary="Delete an installation's data",
)
async def forget(
    door: OpenDoor,
    installation_id: Annotated[HostId, Path(description="The host's number of it.")],
    caller: Annotated[Caller, Depends(asking(Asked.FORGET_INSTALLATION))],
) -> Deleted:
    """Give up what an installation has under way, and delete everything that is its own."""
    gone = await door.requests.forget_installation(caller, installation_id)
    return Deleted(rows=dict(gone))
