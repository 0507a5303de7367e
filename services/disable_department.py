"""Take a department out: no new plan names it, and what it still owes becomes the duty leader's decision."""

import logging
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from domain.audit import AuditKind
from domain.case import CaseFilter
from domain.codes import RequestState
from domain.department import Department
from domain.disable_department import BY_POLICY, HandOverRound
from domain.errors import ErrorCategory, LiandongError
from domain.ids import case_of, round_id
from domain.person import Person
from domain.store_ports import StoreSession
from services.access import Action, may
from services.administer_department import known_department
from services.audit import note_change
from services.by_itself import by_itself
from services.office import Office

_log = logging.getLogger(__name__)

PAGE: Final = 100
_LONGEST_REASON: Final = 500
_SETTLED: Final = frozenset({ErrorCategory.CONFLICT, ErrorCategory.NOT_FOUND})
"""The case says that nothing waits there any more."""


class _Switch(NamedTuple):
    """Who switched the department off, and why."""

    actor: str
    reason: str


class _OpenRound(NamedTuple):
    request_id: str
    number: int


async def disable_department(office: Office, person: Person, code: str, reason: str) -> int:
    """How many open rounds were handed over at once; the loop hands over the rest. Again: changes nothing."""
    department = await _switch(office, person, code, enabled=False, reason=reason)
    return await hand_over(office, department, patient=False)


async def enable_department(office: Office, person: Person, code: str, reason: str) -> Department:
    """New plans may name it again. What was handed over stays with the duty leader, who may ask again."""
    return await _switch(office, person, code, enabled=True, reason=reason)


async def hand_over_disabled(office: Office) -> int:
    """For the loop: whatever waits for departments that are switched off, also what was asked since."""
    async with office.store.reading() as session:
        disabled = [one for one in await session.directory.all() if not one.enabled]
    ended = 0
    for department in disabled:
        with by_itself(department.code):
            ended += await hand_over(office, department)
    return ended


async def hand_over(office: Office, department: Department, *, patient: bool = True) -> int:
    """End every open round of this department. Safe to repeat: each round has one order with an id of its own.

    `patient` False: a person waits for our answer, so the first case that cannot be reached ends the attempt.
    """
    async with office.store.reading() as session:
        switch = await _who_and_why(session, department.code)
    ended = 0
    async for waiting in _open_rounds(office, department.code):
        try:
            with by_itself(waiting.request_id):
                ended += await _hand_over(office, waiting, switch)
        except LiandongError:
            _log.warning("%s waits for a disabled department until the engine is back", waiting.request_id)
            if not patient:
                break
    return ended


async def _open_rounds(office: Office, code: str) -> AsyncIterator[_OpenRound]:
    """As projected. A round whose answer is in the inbox is left out: what came before the switch still counts.

    Ends when somebody has brought the department back meanwhile.
    """
    cursor: str | None = None
    while True:
        wanted = CaseFilter(waiting_on=code, limit=PAGE, cursor=cursor)
        async with office.store.reading() as session:
            if (await known_department(session, code)).enabled:
                return
            page = await session.cases.page(wanted, office.time.now())
            found = [
                _OpenRound(request.request_id, request.round)
                for line in page.items
                for request in line.requests
                if request.department == code and request.state is RequestState.OPEN
            ]
            answered = [one for one in found if await session.inbox.effective(one.request_id, one.number)]
        for one in found:
            if one not in answered:
                yield one
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


async def _hand_over(office: Office, waiting: _OpenRound, switch: _Switch) -> bool:
    order = HandOverRound(
        command_id=f"{round_id(waiting.request_id, waiting.number)}.disabled",
        decided_by=switch.actor,
        reason=switch.reason,
        request_id=waiting.request_id,
        round=waiting.number,
    )
    try:
        await office.engine.decide(case_of(waiting.request_id) or "", order)
    except LiandongError as error:
        if error.category in _SETTLED:
            return False
        raise
    return True


async def _who_and_why(session: StoreSession, code: str) -> _Switch:
    found = await session.audit.latest(1, code, AuditKind.DEPARTMENT_DISABLED)
    if not found:
        return _Switch(BY_POLICY, "the district's policy has switched this department off")
    return _Switch(found[0].actor, found[0].data.get("reason") or "no reason was given")


async def _switch(office: Office, person: Person, code: str, *, enabled: bool, reason: str) -> Department:
    """Once: whoever switches it off a second time takes nobody's name from the first."""
    may(person, Action.ADMINISTER)
    async with office.store.writing() as session:
        before = await known_department(session, code, lock=True)
        if before.enabled is enabled:
            return before
        department = before.model_copy(update={"enabled": enabled})
        await session.directory.save(department)
        kind = AuditKind.DEPARTMENT_ENABLED if enabled else AuditKind.DEPARTMENT_DISABLED
        await note_change(office, session, person, kind, code, reason=reason[:_LONGEST_REASON])
    return department
