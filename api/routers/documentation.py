"""The documentation page: plain HTML from the OpenAPI document, usable without any outside network."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from api.documentation import STYLE, page

router = APIRouter(include_in_schema=False)

_POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    return HTMLResponse(page(request.app.openapi()), headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/style.css")
async def style() -> Response:
    return Response(STYLE, media_type="text/css")
