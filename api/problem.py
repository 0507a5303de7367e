"""Every refusal leaves as one shape: application/problem+json (RFC 9457) with a stable type per error code."""

import logging
import re
from collections.abc import Mapping, Sequence
from traceback import extract_tb
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import identify
from api.closed_door import note_closed_door
from api.own_words import JSON_INVALID, own_words, own_words_zh
from api.throttle import TooManyFailures
from domain.errors import ErrorCategory, LiandongError
from domain.refusal_text import advice
from domain.rule_text import rule_text

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:liandong:problem:"
RETRY_AFTER_SECONDS = 5

_log = logging.getLogger(__name__)

STATUS = {
    ErrorCategory.INVALID: 422,
    ErrorCategory.UNAUTHENTICATED: 401,
    ErrorCategory.FORBIDDEN: 403,
    ErrorCategory.NOT_FOUND: 404,
    ErrorCategory.CONFLICT: 409,
    ErrorCategory.TOO_LARGE: 413,
    ErrorCategory.TOO_MANY: 429,
    ErrorCategory.UNAVAILABLE: 503,
}

_WITHOUT_TOKEN = ("/v1/links/", "/v1/progress", "/v1/ratings")
"""Doors with keys of their own: whoever comes there has no token to send."""

_ROUTER_CODES = {
    404: ("no-such-address", "There is nothing at this address; /docs lists what there is."),
    405: ("method-not-allowed", "This address does not know the method; the Allow header names those it knows."),
}

_NAME = re.compile(r"[\w.\-\[\]]{1,200}")


class ProblemField(BaseModel):
    """One reason: where, which rule, and what the rule wants."""

    model_config = ConfigDict(frozen=True)

    field: str
    rule: str
    detail: str
    detail_zh: str = Field(description="What the rule wants, in Chinese; fixed for each rule.")


class Problem(BaseModel):
    """Why a request was refused. Holds neither the submitted values nor an exception's text."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "type": f"{TYPE_PREFIX}invalid-input",
                    "title": "Invalid input",
                    "title_zh": "填写有误",
                    "status": 422,
                    "code": "invalid-input",
                    "detail": "1 field is not as it must be.",
                    "detail_zh": "请按所列各项更正后重新提交。",
                    "problems": [
                        {
                            "field": "plan.asks.0.reply_limit",
                            "rule": "limit-not-positive",
                            "detail": "a limit in working_days must be at least 1",
                            "detail_zh": "期限至少为 1",
                        }
                    ],
                }
            ]
        },
    )

    type: str = Field(description="Stable URI of the error code; docs/errors.md explains each.")
    title: str
    title_zh: str = Field(description="What the code means, in Chinese; fixed for each code.")
    status: int
    code: str = Field(description="The last part of `type`, for programs.")
    detail: str
    detail_zh: str = Field(description="What to do next, in Chinese; fixed for each code.")
    problems: list[ProblemField] | None = Field(default=None, description="Every broken rule, not just the first.")
    error_id: str | None = Field(default=None, description="Unexpected errors only: find it in the server's log.")


def problem_response(
    status: int,
    code: str,
    detail: str,
    *,
    problems: Sequence[ProblemField] = (),
    error_id: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    said = advice(code)
    problem = Problem(
        type=TYPE_PREFIX + code,
        title=code.replace("-", " ").capitalize(),
        title_zh=said.title,
        status=status,
        code=code,
        detail=detail,
        detail_zh=said.next_step,
        problems=list(problems) or None,
        error_id=error_id,
    )
    return JSONResponse(
        problem.model_dump(exclude_none=True), status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def refusal(error: LiandongError) -> JSONResponse:
    """The response to a business refusal."""
    status = STATUS[error.category]
    code = error.code.replace("_", "-")
    broken = [(item.field, item.rule, item.detail) for item in error.problems]
    if not broken and error.field is not None:
        broken = [(error.field, code, error.detail)]
    problems = [_problem_field(*one) for one in broken]
    return problem_response(status, code, error.detail, problems=problems, headers=_headers(status, error))


def install(app: FastAPI) -> None:
    """Make the application answer every error as a problem."""
    app.add_exception_handler(LiandongError, _refused)
    app.add_exception_handler(TooManyFailures, _throttled)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _from_router)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, LiandongError)
    await note_closed_door(request, STATUS[error.category], error.code)
    return refusal(error)


async def _throttled(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TooManyFailures)
    await note_closed_door(request, 429, "too-many-failures")
    detail = "Too many attempts failed. Wait for the time in Retry-After."
    return problem_response(429, "too-many-failures", detail, headers={"Retry-After": str(error.retry_after_seconds)})


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    if any(item["type"] == "json_invalid" for item in error.errors()) and (refused := await _stranger(request)):
        return refused
    return _invalid_input([_wrong_input(item) for item in error.errors()])


async def _stranger(request: Request) -> JSONResponse | None:
    """The refusal of somebody unknown. The framework reads a body before it asks who sent it; we tell only people."""
    if request.scope["path"].startswith(_WITHOUT_TOKEN):
        return None
    try:
        await identify(request)
    except LiandongError as error:
        return await _refused(request, error)
    except TooManyFailures as error:
        return await _throttled(request, error)
    return None


def _invalid_input(problems: Sequence[ProblemField]) -> JSONResponse:
    count = len(problems)
    detail = "1 field is not as it must be." if count == 1 else f"{count} fields are not as they must be."
    return problem_response(422, "invalid-input", detail, problems=problems)


async def _from_router(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:
        # Bytes that are no text, a depth or a number beyond reason
        return await _stranger(request) or _invalid_input([_problem_field("body", "json-invalid", JSON_INVALID)])
    if error.status_code == 405:
        error.headers = {"Allow": ", ".join(_allowed(request))}
    code, detail = _ROUTER_CODES.get(error.status_code, ("http-error", "The request was refused."))
    return problem_response(error.status_code, code, detail, headers=error.headers)


def _allowed(request: Request) -> list[str]:
    """The methods of every route at this address: the router names those of the first one only."""
    allowed: set[str] = set()
    for context in iter_route_contexts(request.app.routes):
        pattern = compile_path(context.path_format or "")[0]
        if pattern.fullmatch(request.scope["path"]):
            allowed |= context.methods or set()
    return sorted(allowed)


class UnexpectedErrors:
    """The last net. The server would log what it is handed, text and all, so nothing is handed on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watching(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watching)
        except Exception as error:
            error_id = uuid4().hex
            _log_unexpected(error, error_id)
            if started:
                # Too late for another response: the broken connection tells
                raise ConnectionError(f"response cut off, error id {error_id}") from None
            detail = "Something unexpected happened. Look the case up before you send it again; quote the error id."
            await problem_response(500, "unexpected", detail, error_id=error_id)(scope, receive, send)


def _log_unexpected(error: Exception, error_id: str) -> None:
    # Where it happened, but not the exception's text: that may quote what was submitted
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)[-12:]]
    _log.error(
        "unexpected error %s: %s",
        error_id,
        type(error).__qualname__,
        extra={
            "error_id": error_id,
            "error_type": type(error).__qualname__,
            "frames": frames,
        },
    )


def _headers(status: int, error: LiandongError) -> dict[str, str]:
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {"Retry-After": str(error.retry_after_seconds or RETRY_AFTER_SECONDS)} if status in (429, 503) else {}


def _problem_field(field: str, rule: str, detail: str) -> ProblemField:
    return ProblemField(field=field, rule=rule, detail=detail, detail_zh=rule_text(rule))


def _wrong_input(item: Mapping[str, Any]) -> ProblemField:
    kind = str(item["type"])
    where = [str(part) for part in item["loc"]]
    if where[:1] in (["body"], ["query"], ["path"], ["header"]) and len(where) > 1:
        where = where[1:]
    if kind == "json_invalid":
        where = ["body"]
    # A submitted name stands here when it is not allowed: shown only as far as it reads like a name
    names = [part if _NAME.fullmatch(part) else "?" for part in where]
    return ProblemField(
        field=".".join(names),
        rule=kind.replace("_", "-"),
        detail=own_words(item),
        detail_zh=own_words_zh(item),
    )
