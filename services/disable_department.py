"""Take a department out: no new plan names it, and what it still owes becomes the duty leader's decision."""

import logging
from typing import Final

from domain.audit import AuditKind
from domain.case import CaseFilter, CaseLine
from domain.codes import RequestState
from domain.department import Department
from domain.dispatch import RoundRef
from domain.errors import ErrorCategory, LiandongError
from domain.person import Person
from services.access import Action, may
from services.administer_department import known_department
from services.audit import note_change
from services.office import Office

_log = logging.getLogger(__name__)

WHY: Final = "department-disabled: the directory has switched this department off"


async def disable_department(office: Office, person: Person, code: str, reason: str) -> int:
    """How many open rounds were handed over at once; the loop hands over the rest when the engine is back."""
    department = await _switch(office, person, code, enabled=False, reason=reason)
    return await hand_over(office, department)


async def enable_department(office: Office, person: Person, code: str, reason: str) -> Department:
    """New plans may name it again. What was handed over stays with the duty leader, who may ask again."""
    return await _switch(office, person, code, enabled=True, reason=reason)


async def hand_over_disabled(office: Office) -> int:
    """For the loop: whatever still waits for departments that are switched off."""
    async with office.store.reading() as session:
        disabled = [one for one in await session.directory.all() if not one.enabled]
    return sum([await hand_over(office, department) for department in disabled])


async def hand_over(office: Office, department: Department) -> int:
    """End every wait for this department; its requests then stand as decisions of the duty leader. Safe to repeat."""
    ended = 0
    cursor: str | None = None
    while True:
        wanted = CaseFilter(waiting_on=department.code, limit=100, cursor=cursor)
        async with office.store.reading() as session:
            page = await session.cases.page(wanted, office.time.now())
        for line in page.items:
            ended += await _end_waits(office, department, line)
        if page.next_cursor is None:
            return ended
        cursor = page.next_cursor


async def _end_waits(office: Office, department: Department, line: CaseLine) -> int:
    ended = 0
    for request in line.requests:
        if request.department != department.code or request.state is not RequestState.OPEN:
            continue
        ref = RoundRef(
            case_id=line.case_id, request_id=request.request_id, round=request.round, department=department.route()
        )
        try:
            ended += await office.engine.end_wait(ref, WHY)
        except LiandongError as error:
            if error.category is not ErrorCategory.UNAVAILABLE:
                raise
            _log.warning("%s waits for a disabled department until the engine is back", request.request_id)
    return ended


async def _switch(office: Office, person: Person, code: str, *, enabled: bool, reason: str) -> Department:
    may(person, Action.ADMINISTER)
    async with office.store.writing() as session:
        department = (await known_department(session, code)).model_copy(update={"enabled": enabled})
        await session.directory.save(department)
        kind = AuditKind.DEPARTMENT_ENABLED if enabled else AuditKind.DEPARTMENT_DISABLED
        await note_change(office, session, person, kind, code, reason=reason[:500])
    return department
