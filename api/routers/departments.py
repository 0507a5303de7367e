"""Departments, administered while everything runs; and the audit beside the cases."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.auth import Administrator, AuditReader, OfficeDep
from api.openapi import errors
from api.schemas.department_admin import (
    AuditShown,
    CheckShown,
    DepartmentAddedShown,
    DepartmentBody,
    DepartmentEntryShown,
    DisabledShown,
    KeyChangeBody,
    KeysShown,
    NewDepartmentBody,
    SwitchBody,
    show_added,
    show_audit,
    show_check,
    show_entry,
    show_keys,
    to_changed,
    to_department,
    to_key_change,
)
from domain.department import DEPARTMENT_CODE
from services import administer_department as administer
from services import disable_department as switch
from services.read_audit import read_audit

router = APIRouter(prefix="/v1", tags=["administration"])

Code = Annotated[str, Path(pattern=DEPARTMENT_CODE, description="部门代码 · department code", examples=["market"])]
_NO_STORE = "no-store"


@router.post(
    "/departments",
    status_code=201,
    summary="新增部门 · Add a department",
    responses=errors(401, 403, 409, 413, 422, 503),
)
async def add_department(
    office: OfficeDep, person: Administrator, body: NewDepartmentBody, response: Response
) -> DepartmentAddedShown:
    """Takes part at once, without a restart. Its keys, and people's first token, are in this answer and never again."""
    added = await administer.add_department(office, person, to_department(body))
    response.headers["Location"] = f"/v1/departments/{body.code}"
    response.headers["Cache-Control"] = _NO_STORE
    return show_added(added)


@router.get("/departments/{code}", summary="部门条目 · Read an entry", responses=errors(401, 403, 404, 422, 503))
async def get_department(office: OfficeDep, person: Administrator, code: Code) -> DepartmentEntryShown:
    """With its address; keys are never read back."""
    return show_entry(await administer.read_department(office, person, code))


@router.put(
    "/departments/{code}",
    summary="修改部门 · Change an entry",
    responses=errors(401, 403, 404, 409, 413, 422, 503),
)
async def change_department(
    office: OfficeDep, person: Administrator, code: Code, body: DepartmentBody
) -> DepartmentEntryShown:
    """Holds from the next message on. What the body does not name stays, and so does the technique: rounds are under
    way by it."""
    changed = await administer.change_department(office, person, code, lambda before: to_changed(before, body))
    return show_entry(changed)


@router.post(
    "/departments/{code}/rotate-key",
    summary="更换密钥 · Rotate keys",
    responses=errors(401, 403, 404, 409, 413, 422, 503),
)
async def rotate_key(
    office: OfficeDep, person: Administrator, code: Code, body: KeyChangeBody, response: Response
) -> KeysShown:
    """Former keys stay good for the overlap; meanwhile we sign with both and accept both."""
    keys = await administer.rotate_key(office, person, code, to_key_change(body))
    response.headers["Cache-Control"] = _NO_STORE
    return show_keys(keys)


@router.post(
    "/departments/{code}/check",
    summary="检查连接 · Check a department",
    responses=errors(401, 403, 404, 422, 503),
)
async def check_department(office: OfficeDep, person: Administrator, code: Code) -> CheckShown:
    """Sends a signed trial message about a request that never was."""
    return show_check(await administer.check_department(office, person, code))


@router.post(
    "/departments/{code}/disable",
    summary="停用部门 · Take a department out",
    responses=errors(401, 403, 404, 413, 422, 503),
)
async def disable_department(office: OfficeDep, person: Administrator, code: Code, body: SwitchBody) -> DisabledShown:
    """New plans refuse it, its messages are refused, and what it owes becomes its duty leaders' decision."""
    handed_over = await switch.disable_department(office, person, code, body.reason)
    return DisabledShown(code=code, handed_over=handed_over)


@router.post(
    "/departments/{code}/enable",
    summary="启用部门 · Bring a department back",
    responses=errors(401, 403, 404, 413, 422, 503),
)
async def enable_department(
    office: OfficeDep, person: Administrator, code: Code, body: SwitchBody
) -> DepartmentEntryShown:
    """New plans may name it again. What was handed over stays with the duty leaders."""
    return show_entry(await switch.enable_department(office, person, code, body.reason))


@router.get("/audit", summary="审计记录 · Read the audit", responses=errors(401, 403, 422, 503))
async def get_audit(
    office: OfficeDep,
    person: AuditReader,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    subject: Annotated[
        str | None, Query(min_length=1, max_length=200, description="A department's code or an address's template.")
    ] = None,
) -> AuditShown:
    """Who was turned away, and who changed the directory. What happened to a case is in its timeline."""
    return show_audit(list(await read_audit(office, person, limit, subject)))
