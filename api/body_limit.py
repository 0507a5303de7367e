"""Bounds every request body in bytes and in time before anything else looks at it."""

import asyncio
import re

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.closed_door import note_unread_body
from api.problem import problem_response
from domain.file_kind import MAX_FILE_BYTES

MAX_CALLBACK_BYTES = 64 * 1024
MAX_BODY_BYTES = 256 * 1024
BODY_TIMEOUT_SECONDS = 15.0

FILE_TIMEOUT_SECONDS = 120.0

_READ_BY_ITS_DOOR = re.compile(r"/v1/(?:progress|cases/[^/]+)/materials/[^/]+/file/?")
"""A file is large: nobody makes us hold one before the door has looked at who brings it."""
_CALLBACK = re.compile(r"/v1/departments/[^/]+/callbacks/?")


class BodyRefused(Exception):
    """Too much or too slow."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail

    @property
    def response(self) -> JSONResponse:
        # What is left unread cannot be told from the next request, so the connection ends with the refusal
        return problem_response(self.status, self.code, self.detail, headers={"Connection": "close"})


class _TooLarge(Exception):
    pass


async def read_file_body(request: Request) -> bytes:
    """For a door that looks at its caller's key before it takes a byte. Raises BodyRefused, ClientDisconnect."""
    return await _bounded(request.scope, request.receive, MAX_FILE_BYTES, FILE_TIMEOUT_SECONDS)


async def refused_body(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, BodyRefused)
    return error.response


async def nobody_listens(_request: Request, _error: Exception) -> Response:
    """The sender has left in the middle of the body."""
    return Response(status_code=400)


class BodyLimit:
    """Reads the body whole: what arrives is counted, whatever Content-Length says."""

    def __init__(self, app: ASGIApp, *, timeout_seconds: float = BODY_TIMEOUT_SECONDS) -> None:
        self._app = app
        self._timeout = timeout_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _READ_BY_ITS_DOOR.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            body = await _bounded(scope, receive, *self._bounds(scope))
        except ClientDisconnect:
            return
        except BodyRefused as refused:
            await note_unread_body(scope, refused.status, refused.code)
            await refused.response(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    def _bounds(self, scope: Scope) -> tuple[int, float]:
        """Bytes and seconds."""
        if _CALLBACK.fullmatch(scope["path"]):
            return MAX_CALLBACK_BYTES, self._timeout
        return MAX_BODY_BYTES, self._timeout


async def _bounded(scope: Scope, receive: Receive, most: int, patience: float) -> bytes:
    try:
        async with asyncio.timeout(patience):
            return await _read(scope, receive, most)
    except _TooLarge:
        raise BodyRefused(413, "body-too-large", f"The body is larger than {most // 1024} KiB.") from None
    except TimeoutError:
        detail = f"The body did not arrive within {patience:g} seconds."
        raise BodyRefused(408, "body-too-slow", detail) from None


async def _read(scope: Scope, receive: Receive, most: int) -> bytes:
    announced = Headers(scope=scope).get("content-length", "")
    # Not to believe it, only to refuse early; a long row of digits is too slow to convert and too large anyway
    if announced.isascii() and announced.isdigit() and (len(announced) > 12 or int(announced) > most):
        raise _TooLarge
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > most:
            raise _TooLarge
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def once_then_live() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once_then_live
