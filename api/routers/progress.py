"""For requesters: the own case by number and code, its materials, and the rating by a private link. No key stands in an
address."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request

from api.auth import OfficeDep, office_of
from api.body_limit import read_file_body
from api.openapi import errors
from api.routers.subject import IdempotencyKey
from api.schemas.progress import (
    HandedInShown,
    ProgressBody,
    ProgressShown,
    RatingBody,
    RatingLinkShown,
    RatingReceivedShown,
    show_handed_in,
    show_link,
    show_progress,
    show_receipt,
    to_rating,
)
from api.throttle import source_of
from domain.case import CaseRecord
from domain.errors import ErrorCategory, LiandongError, forbidden
from domain.file_kind import FileKind
from domain.ids import CASE_ID
from domain.progress_code import read_progress_code
from services.authenticate import token_hash
from services.hand_in_material import REQUESTER
from services.hand_in_material import hand_in_material as hand_in_material_
from services.material_file import HandedIn
from services.open_progress import open_progress
from services.rate_case import issue_rating_link as issue_rating_link_
from services.rate_case import rate_case
from services.read_progress import read_progress as read_progress_

router = APIRouter(prefix="/v1", tags=["requesters"])


_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}, "example": "%PDF-1.7 …"}
_FILES: dict[str, Any] = {kind.media_type: _BYTES for kind in FileKind}


async def _open(request: Request, case_id: str, code: str, *, with_file: bool = False) -> CaseRecord:
    """The case behind the code; whoever tries many cases from one address is slowed down, whether they exist or not."""
    guesses = request.app.state.throttle.codes
    source = source_of(request.client.host if request.client else None)
    seal = token_hash(f"{case_id} {read_progress_code(code) or ''}")
    guesses.admit(source, seal)
    try:
        record = await open_progress(await office_of(request), case_id, code, with_file=with_file)
    except LiandongError as refusal:
        if refusal.category is ErrorCategory.NOT_FOUND:
            guesses.was_wrong(source, seal)
        raise
    guesses.was_good(source, seal)
    request.state.actor = REQUESTER
    return record


async def _no_staff_hands_in(request: Request) -> None:
    if "authorization" in request.headers:
        raise forbidden(
            "staff-have-their-own-door", "this door is the requester's own; staff record what came at theirs"
        )


async def _no_staff(request: Request) -> None:
    if "authorization" in request.headers:
        raise forbidden("staff-never-rate", "a rating comes from the requester's own link, never from staff")


NoStaff = Annotated[None, Depends(_no_staff)]


@router.post("/progress", summary="查询进度 · See where the own case stands", responses=errors(404, 413, 422, 429, 503))
async def read_progress(request: Request, office: OfficeDep, body: ProgressBody) -> ProgressShown:
    """One answer for an unknown case, a wrong code and too many attempts."""
    return show_progress(await read_progress_(office, await _open(request, body.case_id, body.code)))


@router.post(
    "/progress/materials/{material}/file",
    summary="提交材料 · Hand in a material of the own case",
    responses=errors(403, 404, 408, 409, 413, 422, 429, 503),
    openapi_extra={"requestBody": {"required": True, "content": _FILES}},
)
async def hand_in_material(
    request: Request,
    office: OfficeDep,
    _: Annotated[None, Depends(_no_staff_hands_in)],
    material: Annotated[
        str, Path(pattern=r"^[a-z][a-z0-9_-]{0,60}$", description="As the progress names it.", examples=["change-m1"])
    ],
    case_id: Annotated[str, Header(alias="Case-Number", pattern=CASE_ID, examples=["LD-2023-000001"])],
    code: Annotated[str, Header(alias="Progress-Code", min_length=1, max_length=40, examples=["7K3M-W9PD-4"])],
    idempotency_key: IdempotencyKey,
    sha256: Annotated[
        str | None,
        Header(alias="Content-SHA256", pattern=r"^[0-9a-fA-F]{64}$", description="Refused when the bytes differ."),
    ] = None,
) -> HandedInShown:
    """The body is the file itself: PDF, OFD, JPEG or PNG, at most 20 MB, told by its content and not by its name.
    Number and code are looked at before a byte of it is taken; at most 40 files of a case within a day."""
    record = await _open(request, case_id, code, with_file=True)
    file = HandedIn(await read_file_body(request), request.headers.get("content-type", ""), sha256)
    return show_handed_in(await hand_in_material_(office, record, material, idempotency_key, file))


@router.post(
    "/progress/rating-link",
    summary="获取评价链接 · Get the private link for a rating",
    responses=errors(403, 404, 409, 413, 422, 429, 503),
)
async def issue_rating_link(request: Request, office: OfficeDep, _: NoStaff, body: ProgressBody) -> RatingLinkShown:
    """For the holder of the code alone. A new link replaces an unused one."""
    return show_link(await issue_rating_link_(office, await _open(request, body.case_id, body.code)))


@router.post(
    "/ratings", summary="评价 · Rate the coordination and the item", responses=errors(403, 404, 409, 413, 422, 503)
)
async def rate(office: OfficeDep, _: NoStaff, body: RatingBody) -> RatingReceivedShown:
    """Once per link, within its window. The same rating again gets the same receipt."""
    return show_receipt(await rate_case(office, body.case_id, body.token, to_rating(body)))
