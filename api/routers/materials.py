"""Files that requesters hand in, and the letters that the window hands out."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import AwareDatetime

from api.auth import LetterReader, MaterialReader, MaterialRecorder, OfficeDep
from api.body_limit import read_file_body
from api.openapi import errors
from api.routers.cases import CaseId
from api.routers.subject import AskKey, MaterialId, OnMaterial
from api.schemas.coordination import CoordinationShown, show_coordination
from domain.deferral import Channel, SubmitMaterial
from domain.file_kind import FileKind
from services.letter import write_commitment_letter, write_supplement_letter
from services.material_file import HandedIn, MaterialFile, open_file, open_supplied_file, submit_file

router = APIRouter(prefix="/v1/cases/{case_id}", tags=["materials"], responses=errors(401, 403, 404, 409, 422, 503))

_HANDED_IN = "材料文件提交 · file handed in"
_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}, "example": "%PDF-1.7 …"}
_FILES: dict[str, Any] = {kind.media_type: _BYTES for kind in FileKind}
_LETTER: dict[str, Any] = {
    "text/plain": {"schema": {"type": "string"}, "example": "告知承诺书\n\n案件编号：LD-2023-000001\n…"}
}


@router.post(
    "/materials/{material_id}/file",
    summary="材料文件提交 · Hand in a promised material as a file",
    responses=errors(408, 413),
    openapi_extra={"requestBody": {"required": True, "content": _FILES}},
)
async def submit_material_file(
    request: Request,
    office: OfficeDep,
    person: MaterialRecorder,
    on: OnMaterial,
    channel: Annotated[Channel, Query(description="提交方式 · How it came.")] = Channel.ONLINE,
    received_at: Annotated[AwareDatetime | None, Query(description="收到时间 · When it came, if not now.")] = None,
    sha256: Annotated[
        str | None,
        Header(alias="Content-SHA256", pattern=r"^[0-9a-fA-F]{64}$", description="Refused when the bytes differ."),
    ] = None,
) -> CoordinationShown:
    """The body is the file itself: PDF, OFD, JPEG or PNG, at most 20 MB, told by its content and not by its name.
    Token and role are looked at before a byte of it is taken."""
    command = SubmitMaterial.model_validate(
        {
            **on.reasoned("submit-file", person, _HANDED_IN),
            "material_id": on.part,
            "channel": channel,
            "received_at": received_at,
        }
    )
    file = HandedIn(await read_file_body(request), request.headers.get("content-type", ""), sha256)
    return show_coordination(await submit_file(office, person, on.case_id, command, file))


@router.get(
    "/materials/{material_id}/file",
    summary="材料文件下载 · Download a file that was handed in",
    response_class=Response,
    responses={200: {"description": "The very bytes that were handed in.", "content": _FILES}},
)
async def get_material_file(
    office: OfficeDep,
    person: MaterialReader,
    case_id: CaseId,
    material_id: MaterialId,
    submission: Annotated[int | None, Query(ge=1, le=10_000, description="Default: the latest one.")] = None,
) -> Response:
    """For those who handle the case and for the verifying department. Every download is on record."""
    return _download(await open_file(office, person, case_id, material_id, submission))


@router.get(
    "/supplement/{material}/file",
    summary="补正材料下载 · Download what the requester handed in for the notice",
    response_class=Response,
    responses={200: {"description": "The very bytes that were handed in.", "content": _FILES}},
)
async def get_supplied_file(
    office: OfficeDep,
    person: MaterialReader,
    case_id: CaseId,
    material: Annotated[str, Path(pattern=r"^n-[0-9a-f]{16}$", description="As the notice shows it.")],
) -> Response:
    """For those who handle the case and the departments that need it. Every download is on record."""
    return _download(await open_supplied_file(office, person, case_id, material))


def _download(file: MaterialFile) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(file.content, media_type=file.kind.media_type, headers=headers)


@router.get(
    "/requests/{key}/commitment-letter",
    summary="承诺书 · Print the commitment letter",
    response_class=PlainTextResponse,
    responses={200: {"description": "Chinese first, then English.", "content": _LETTER}},
)
async def get_commitment_letter(
    office: OfficeDep, person: LetterReader, case_id: CaseId, key: AskKey
) -> PlainTextResponse:
    """Who promised what, by when, how to hand it in, and what happens otherwise."""
    return PlainTextResponse(await write_commitment_letter(office, person, case_id, key))


@router.get(
    "/supplement-notice",
    summary="一次性告知书 · Print the notice of missing materials",
    response_class=PlainTextResponse,
    responses={200: {"description": "Chinese first, then English.", "content": _LETTER}},
)
async def get_supplement_letter(office: OfficeDep, person: LetterReader, case_id: CaseId) -> PlainTextResponse:
    """One notice over all departments; what a department holds already is not asked for."""
    return PlainTextResponse(await write_supplement_letter(office, person, case_id))
