"""Every refusal that closes a door leaves a record beside the cases: who stood before it, where, and the code."""

import re

from fastapi import Request
from starlette.types import Scope

from api.access_log import route_of
from domain.department import DEPARTMENT_CODE
from services.audit import Turned, note_turned_away

_TURNED_AWAY = frozenset({401, 403, 404, 429})
_DEPARTMENT_TURNED_AWAY = frozenset({408, 413, 422})
"""A department's message that cannot be read may belong to no case, and then stands nowhere else."""
_DEPARTMENT_ROUTE = "/v1/departments/{code}/callbacks"
_DEPARTMENT_DOOR = re.compile(r"/v1/departments/([^/]+)/callbacks/?")


async def note_unread_body(scope: Scope, status: int, code: str) -> None:
    """Write down that a body was turned away before any route looked at it."""
    if _DEPARTMENT_DOOR.fullmatch(scope["path"]):
        await note_closed_door(Request(scope), status, code)


async def note_closed_door(request: Request, status: int, code: str) -> None:
    """Every closed door leaves a record, whoever stood before it."""
    door = _DEPARTMENT_DOOR.fullmatch(request.scope["path"])
    if status not in (_TURNED_AWAY | _DEPARTMENT_TURNED_AWAY if door else _TURNED_AWAY):
        return
    case_id = getattr(request.state, "case_id", None)
    turned = Turned(
        actor=_department(door[1], status) if door else str(getattr(request.state, "actor", "unknown")),
        method=request.method if request.method.isalpha() else "?",
        where=_DEPARTMENT_ROUTE if door else route_of(request.scope),
        status=status,
        code=code,
        case_id=case_id if isinstance(case_id, str) else None,
    )
    await note_turned_away(request.app.state.office, turned)


def _department(code: str, status: int) -> str:
    """A department is named as the actor only once its signature has proved it."""
    claimed = f"department:{code}" if re.fullmatch(DEPARTMENT_CODE, code) else "unknown"
    return claimed if status in (404, 422) else f"unknown, claims to be {claimed}"
