"""The inbox of departments without a system, and the door for those who come by a mailed link."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse

from api.auth import Answerer, OfficeDep
from api.openapi import errors, leads_to
from api.schemas.inbox import InboxItemShown, InboxShown, show_inbox, show_item
from api.schemas.reply import InboxReplyBody, to_reply
from domain.refusal_text import VERDICTS
from services.answer_link import acknowledge_by_link, open_link, reply_by_link
from services.callback_verdict import CallbackReply
from services.officer_inbox import acknowledge, list_inbox, read_inbox_item, reply

router = APIRouter(prefix="/v1/inbox", tags=["inbox"])
links = APIRouter(prefix="/v1/links", tags=["inbox"])

RequestId = Annotated[
    str, Path(max_length=60, description="请求编号 · request id", examples=["LD-2023-000001.performance"])
]
Token = Annotated[str, Path(max_length=200, description="邮件中的链接 · the last part of the mailed link")]


def _told(status: str, description: str) -> dict[str, Any]:
    example = {"status": status, "detail_zh": VERDICTS[status]}
    return {
        "description": description,
        "content": {"application/json": {"schema": {"type": "object", "examples": [example]}, "example": example}},
    }


_TAKEN: dict[int | str, dict[str, Any]] = {
    200: _told("applied", "Applied, or a repetition of what was."),
    202: _told("stored", "Durable; it reaches the case as soon as the engine is back."),
    409: _told("late", "Kept, and without effect: late, contradicting, or about a round that is over."),
}
_LINK: dict[str, Any] = {"security": [{"link": []}]}
_ITEM = ("read_desk", "acknowledge_desk", "reply_desk")
_LISTED = leads_to(*_ITEM, request_id="$response.body#/items/0/request_id")
_READ = leads_to(*_ITEM[1:], request_id="$response.body#/request_id")
_OPENED = leads_to("acknowledge_link", "reply_link", token="$request.path.token")


@router.get("", summary="收件箱 · List one's own department's inbox", responses=_LISTED | errors(401, 403, 503))
async def list_desk(office: OfficeDep, person: Answerer) -> InboxShown:
    """What was asked of the officer's department, with its clocks: the open ones first, by when they are due; then the
    newest others. At most 200."""
    return show_inbox(await list_inbox(office, person))


@router.get("/{request_id}", summary="待办详情 · Read one request", responses=_READ | errors(401, 403, 404, 422, 503))
async def read_desk(office: OfficeDep, person: Answerer, request_id: RequestId) -> InboxItemShown:
    """The latest round of this request on the department's desk."""
    return show_item(await read_inbox_item(office, person, request_id))


@router.post(
    "/{request_id}/acknowledge",
    summary="签收 · Sign for a request",
    response_class=JSONResponse,
    responses=_TAKEN | errors(401, 403, 404, 413, 422, 429, 503),
)
async def acknowledge_desk(
    request: Request, office: OfficeDep, person: Answerer, request_id: RequestId
) -> JSONResponse:
    """Stops the sign-for clock. Signing twice has one effect."""
    return _answered(await acknowledge(office, person, request_id, await request.body()))


@router.post(
    "/{request_id}/reply",
    summary="答复 · Answer a request",
    response_class=JSONResponse,
    responses=_TAKEN | errors(401, 403, 404, 413, 422, 429, 503),
)
async def reply_desk(
    request: Request, office: OfficeDep, person: Answerer, request_id: RequestId, body: InboxReplyBody
) -> JSONResponse:
    """Any reply code. The same answer again gets the same response; a different one is kept as a contradiction."""
    return _answered(await reply(office, person, request_id, to_reply(body.reply), await request.body()))


@links.get(
    "/{token}",
    summary="打开链接 · Read what a link opens",
    responses=_OPENED | errors(404, 422, 503),
    openapi_extra=_LINK,
)
async def read_link(office: OfficeDep, token: Token) -> InboxItemShown:
    """One round of one request, until it is answered or the link expires. The link is the credential."""
    return show_item(await open_link(office, token))


@links.post(
    "/{token}/acknowledge",
    summary="链接签收 · Sign for a request by link",
    response_class=JSONResponse,
    responses=_TAKEN | errors(404, 413, 422, 429, 503),
    openapi_extra=_LINK,
)
async def acknowledge_link(request: Request, office: OfficeDep, token: Token) -> JSONResponse:
    """Stops the sign-for clock. Signing twice has one effect."""
    return _answered(await acknowledge_by_link(office, token, await request.body()))


@links.post(
    "/{token}/reply",
    summary="链接答复 · Answer a request by link",
    response_class=JSONResponse,
    responses=_TAKEN | errors(404, 413, 422, 429, 503),
    openapi_extra=_LINK,
)
async def reply_link(request: Request, office: OfficeDep, token: Token, body: InboxReplyBody) -> JSONResponse:
    """One answer; interim notes leave the link open. The same answer again gets the same response."""
    return _answered(await reply_by_link(office, token, to_reply(body.reply), await request.body()))


def _answered(told: CallbackReply) -> JSONResponse:
    zh = VERDICTS.get(str(told.body.get("status")))
    return JSONResponse(told.body | ({"detail_zh": zh} if zh else {}), told.status)
