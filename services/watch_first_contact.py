"""The ladder of the first contact: somebody is reminded, and when nobody spoke to the requester in time, told so."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final

from domain.case import CaseRecord
from domain.clock import ClockKind
from domain.codes import Urgency
from domain.fact import Fact, FactKind
from domain.ladder import Rung, RungWhen, rung_instant
from domain.notice import RungFiring, RungResult
from domain.working_calendar import WorkingCalendar
from services.office import Office

_log = logging.getLogger(__name__)

BATCH: Final = 200
_SEND_SECONDS: Final = 60.0
_GIVE_UP: Final = timedelta(hours=12)
"""A channel that fails for so long after the rung's instant bounces; a running case is as patient."""
_FALLBACK: Final = Rung(
    name="first_contact_overdue",
    clock=ClockKind.FIRST_CONTACT,
    when=RungWhen(relation="at"),
    tell=("duty_leader",),
    channel="notice",
)
"""A policy without a rung for the first contact does not make its silence go unnoticed."""


async def watch_first_contact(office: Office) -> int:
    """Send each rung that is owed, once, with a fact as its proof; returns how many rungs were proved.

    Like every rung it waits for office hours, except in urgent cases.
    """
    calendar = await office.calendar.current()
    proved = 0
    for rung in _rungs(office):
        async for record, planned in _owed(office, rung, calendar):
            proved += await _fire(office, record, rung, planned)
    return proved


def overdue_rung(office: Office) -> Rung:
    """The policy's first rung for a first contact that is overdue."""
    return next((rung for rung in _of_policy(office) if rung.when.relation in ("at", "after")), _FALLBACK)


def planned_at(rung: Rung, record: CaseRecord, calendar: WorkingCalendar) -> datetime:
    urgent = record.triage is not None and record.triage.urgency is Urgency.URGENT
    return rung_instant(rung, record.first_contact_due_at, calendar, urgent=urgent)


def _of_policy(office: Office) -> tuple[Rung, ...]:
    return tuple(rung for rung in office.policy.ladder.rungs if rung.clock is ClockKind.FIRST_CONTACT)


def _rungs(office: Office) -> tuple[Rung, ...]:
    rungs, overdue = _of_policy(office), overdue_rung(office)
    return rungs if overdue in rungs else (*rungs, overdue)


async def _owed(office: Office, rung: Rung, calendar: WorkingCalendar) -> AsyncIterator[tuple[CaseRecord, datetime]]:
    now = office.time.now()
    last: CaseRecord | None = None
    while True:
        async with office.store.reading() as session:
            page = await session.cases.first_contacts_owed(rung.name, after=last, limit=BATCH)
        for record in page:
            if rung_instant(rung, record.first_contact_due_at, calendar, urgent=True) > now:
                # Earliest due first: whoever comes after is not owed anything yet, however urgent
                return
            planned = planned_at(rung, record, calendar)
            # As in a running case: what would have been due before the clock started is left out
            in_range = rung.when.relation in ("at", "after") or planned > record.first_contact_clock.started_at
            if planned <= now and in_range:
                yield record, planned
        if len(page) < BATCH:
            return
        last = page[-1]


async def _fire(office: Office, record: CaseRecord, rung: Rung, planned: datetime) -> bool:
    async with office.store.reading() as session:
        # The contact may have been made since the list was read
        if (await session.cases.get(record.case_id)).first_contact is not None:
            return False
    result = await _send(office, _firing(record, rung, planned))
    if result is None:
        return False
    async with office.store.writing() as session:
        await session.facts.append(record.case_id, [_proof(office, record, rung, (planned, result))])
    _log.warning("first contact of %s: %s, %s", record.case_id, rung.name, result.result)
    return True


async def _send(office: Office, firing: RungFiring) -> RungResult | None:
    """None: it failed, and the next pass tries again under the same id."""
    channel = office.notices.get(firing.channel)
    if channel is None:
        return RungResult(result=f"bounced: no notice channel is named {firing.channel}")
    try:
        async with asyncio.timeout(_SEND_SECONDS):
            return await channel.send(firing)
    except Exception as error:
        _log.exception("the notice %s could not be sent", firing.firing_id)
        given_up = office.time.now() >= firing.planned_at + _GIVE_UP
        return RungResult(result=f"bounced: {type(error).__name__}") if given_up else None


def _firing(record: CaseRecord, rung: Rung, planned: datetime) -> RungFiring:
    return RungFiring(
        case_id=record.case_id,
        # The first contact belongs to the case, not to a round of a request
        request_id=record.case_id,
        round=0,
        department=None,
        rung=rung.name,
        clock=rung.clock,
        due_at=record.first_contact_due_at,
        planned_at=planned,
        tell=rung.tell,
        channel=rung.channel,
        demands_action=rung.demands_action,
    )


def _proof(office: Office, record: CaseRecord, rung: Rung, fired: tuple[datetime, RungResult]) -> Fact:
    planned, result = fired
    return Fact(
        fact_id=f"{record.case_id}.{rung.name}",
        case_id=record.case_id,
        kind=FactKind.RUNG_FIRED,
        at=office.time.now(),
        actor="engine",
        data={
            "rung": rung.name,
            "clock": rung.clock.value,
            "when": str(rung.when),
            "due_at": record.first_contact_due_at.isoformat(),
            "planned_at": planned.isoformat(),
            "result": result.result,
            "told": ", ".join(rung.tell),
            "channel": rung.channel,
        },
    )
