"""What departments' systems send us: signed, bounded, durable before it is answered."""

from typing import Annotated, Any, get_args

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse

from api.auth import OfficeDep
from api.openapi import errors, leads_to
from api.throttle import Throttle
from domain.errors import ErrorCategory, LiandongError
from domain.ids import REQUEST_ID
from domain.reply import Reply
from services.receive_callback import receive_callback

router = APIRouter(prefix="/v1/departments", tags=["callbacks"])

# Kept with the message as evidence; a credential that somebody sends by mistake is not
_NOT_PASSED_ON = frozenset({"authorization", "cookie", "proxy-authorization"})

_ROUND: dict[str, Any] = {
    "request_id": {"type": "string", "pattern": REQUEST_ID, "maxLength": 60},
    "round": {"type": "integer", "minimum": 1, "maximum": 10_000},
}
_REPLIES = [f"{kind.__name__}Body" for kind in get_args(get_args(Reply)[0])]
_REPLY = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in _REPLIES]}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": [*properties], "properties": properties, "additionalProperties": False}


def _message(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    stamp = {"type": "string", "format": "date-time", "description": "with its zone"}
    return _object({"type": {"const": kind}, "timestamp": stamp, "data": _object(data)})


_BODY = {"oneOf": [_message("request.acknowledged", _ROUND), _message("request.replied", _ROUND | {"reply": _REPLY})]}
_EXAMPLES = {
    "replied": {
        "summary": "答复 · a final answer",
        "value": {
            "type": "request.replied",
            "timestamp": "2023-01-04T11:00:00+08:00",
            "data": {
                "request_id": "LD-2023-000001.dissolve",
                "round": 1,
                "reply": {"code": "ACCEPTED", "note": "已指导办理"},
            },
        },
    },
    "acknowledged": {
        "summary": "签收 · signed for",
        "value": {
            "type": "request.acknowledged",
            "timestamp": "2023-01-03T14:00:00+08:00",
            "data": {"request_id": "LD-2023-000001.dissolve", "round": 1},
        },
    },
}


def _status(description: str, status: str) -> dict[str, Any]:
    example = {"status": status}
    return {
        "description": description,
        "content": {"application/json": {"schema": {"type": "object", "examples": [example]}, "example": example}},
    }


@router.post(
    "/{code}/callbacks",
    summary="部门回执与答复 · Receive a department's message",
    response_class=JSONResponse,
    responses={
        200: _status("Applied, or a repetition of a message that was.", "applied")
        | leads_to("department_callback", code="$request.path.code")[200],
        202: _status("Durable; it reaches the case as soon as the engine is back.", "stored"),
        **errors(401, 404, 413, 422, 429, 503),
        409: _status(
            "Kept, and without effect: late, contradicting, about a round that is over, or under another message's id.",
            "late",
        ),
    },
    openapi_extra={
        "security": [{"department": []}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _BODY, "examples": _EXAMPLES}},
        },
    },
)
async def department_callback(
    request: Request,
    office: OfficeDep,
    code: Annotated[str, Path(max_length=64, description="部门代码 · department code", examples=["market"])],
) -> JSONResponse:
    """No bearer token: the signature over the raw bytes is the credential. At most 64 KiB."""
    body = await request.body()
    headers = {name: value for name, value in request.headers.items() if name not in _NOT_PASSED_ON}
    try:
        reply = await receive_callback(office, code, headers, body)
    except LiandongError as refusal:
        if refusal.category is ErrorCategory.UNAUTHENTICATED:
            throttle: Throttle = request.app.state.throttle
            throttle.signature_was_wrong(code)
        raise
    return JSONResponse(reply.body, reply.status)
