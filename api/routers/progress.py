"""For requesters: the own case by number and code, and the rating by a private link. Nothing stands in an address."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from api.auth import OfficeDep
from api.openapi import errors
from api.schemas.progress import (
    ProgressBody,
    ProgressShown,
    RatingBody,
    RatingLinkShown,
    RatingReceivedShown,
    show_link,
    show_progress,
    show_receipt,
    to_rating,
)
from domain.errors import forbidden
from services.rate_case import issue_rating_link as issue_rating_link_
from services.rate_case import rate_case
from services.read_progress import read_progress as read_progress_

router = APIRouter(prefix="/v1", tags=["requesters"])


async def _no_staff(request: Request) -> None:
    if "authorization" in request.headers:
        raise forbidden("staff-never-rate", "a rating comes from the requester's own link, never from staff")


NoStaff = Annotated[None, Depends(_no_staff)]


@router.post("/progress", summary="查询进度 · See where the own case stands", responses=errors(404, 413, 422, 503))
async def read_progress(office: OfficeDep, body: ProgressBody) -> ProgressShown:
    """One answer for an unknown case, a wrong code and too many attempts."""
    return show_progress(await read_progress_(office, body.case_id, body.code))


@router.post(
    "/progress/rating-link",
    summary="获取评价链接 · Get the private link for a rating",
    responses=errors(403, 404, 409, 413, 422, 503),
)
async def issue_rating_link(office: OfficeDep, _: NoStaff, body: ProgressBody) -> RatingLinkShown:
    """For the holder of the code alone. A new link replaces an unused one."""
    return show_link(await issue_rating_link_(office, body.case_id, body.code))


@router.post(
    "/ratings", summary="评价 · Rate the coordination and the item", responses=errors(403, 404, 409, 413, 422, 503)
)
async def rate(office: OfficeDep, _: NoStaff, body: RatingBody) -> RatingReceivedShown:
    """Once per link, within its window. The same rating again gets the same receipt."""
    return show_receipt(await rate_case(office, body.case_id, body.token, to_rating(body)))
