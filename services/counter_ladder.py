"""The ladder of clocks that run before a case has a workflow: the store is their memory, each rung leaves a fact."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.case import CaseRecord
from domain.clock import Clock, ClockKind
from domain.codes import Urgency
from domain.fact import Fact, FactKind
from domain.ladder import DECIDER, Rung, rung_instant
from domain.notice import RungFiring, RungResult
from domain.working_calendar import WorkingCalendar
from services.by_itself import by_itself
from services.office import Office

_log = logging.getLogger(__name__)

BATCH: Final = 200
_SEND_SECONDS: Final = 60.0
_GIVE_UP: Final = timedelta(hours=12)
"""A channel that fails for so long after the rung's instant bounces; a running case is as patient."""
Owed = tuple[Clock, datetime]
"""A clock that still runs, and when it is due."""


@dataclass(frozen=True)
class CounterLadder:
    """One kind of clock: its rungs, and how a case says that it still owes something."""

    kind: ClockKind
    rungs: tuple[Rung, ...]
    owed: Callable[[CaseRecord], Owed | None]
    proof_id: Callable[[CaseRecord, Rung], str]


async def climb(office: Office, ladder: CounterLadder) -> int:
    """Send each rung that is owed, once, with a fact as its proof; returns how many rungs were proved.

    Like every rung it waits for office hours, except in urgent cases.
    """
    calendar = await office.calendar.current()
    proved = 0
    for rung in ladder.rungs:
        async for record, planned in _owing(office, ladder, rung, calendar):
            with by_itself(record.case_id):
                proved += await _fire(office, ladder, (record, rung, planned))
    return proved


def planned_at(rung: Rung, record: CaseRecord, due_at: datetime, calendar: WorkingCalendar) -> datetime:
    urgent = record.triage is not None and record.triage.urgency is Urgency.URGENT
    return rung_instant(rung, due_at, calendar, urgent=urgent)


async def _owing(
    office: Office, ladder: CounterLadder, rung: Rung, calendar: WorkingCalendar
) -> AsyncIterator[tuple[CaseRecord, datetime]]:
    now = office.time.now()
    last: CaseRecord | None = None
    while True:
        page = await _page(office, ladder, rung, last)
        for record in page:
            if (owed := ladder.owed(record)) is None:
                continue
            clock, due_at = owed
            if rung_instant(rung, due_at, calendar, urgent=True) > now:
                # Earliest due first: whoever comes after is not owed anything yet, however urgent
                return
            planned = planned_at(rung, record, due_at, calendar)
            # As in a running case: what would have been due before the clock started is left out
            in_range = rung.when.relation in ("at", "after") or planned > clock.started_at
            if planned <= now and in_range:
                yield record, planned
        if len(page) < BATCH:
            return
        last = page[-1]


async def _page(office: Office, ladder: CounterLadder, rung: Rung, last: CaseRecord | None) -> Sequence[CaseRecord]:
    async with office.store.reading() as session:
        if ladder.kind is ClockKind.DECISION:
            return await session.cases.decisions_owed(rung.name, after=last, limit=BATCH)
        return await session.cases.first_contacts_owed(rung.name, after=last, limit=BATCH)


async def _fire(office: Office, ladder: CounterLadder, what: tuple[CaseRecord, Rung, datetime]) -> bool:
    listed, rung, planned = what
    async with office.store.reading() as session:
        record = await session.cases.get(listed.case_id)
    owed = ladder.owed(record)
    if owed is None or owed != ladder.owed(listed):
        # Somebody has moved since the list was read
        return False
    result = await _send(office, _firing(record, rung, owed[1], planned))
    if result is None:
        return False
    async with office.store.writing() as session:
        fact_id = ladder.proof_id(record, rung)
        await session.facts.append(record.case_id, [_proof(office, fact_id, (record, rung, owed[1], planned), result)])
    _log.warning("%s of %s: %s, %s", ladder.kind.value, record.case_id, rung.name, result.result)
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


def _told(rung: Rung) -> tuple[str, ...]:
    """Before a launch whoever must decide is a duty leader."""
    return tuple(dict.fromkeys("duty_leader" if role == DECIDER else role for role in rung.tell))


def _firing(record: CaseRecord, rung: Rung, due_at: datetime, planned: datetime) -> RungFiring:
    return RungFiring(
        case_id=record.case_id,
        # It belongs to the case, not to a round of a request
        request_id=record.case_id,
        round=0,
        department=None,
        rung=rung.name,
        clock=rung.clock,
        due_at=due_at,
        planned_at=planned,
        tell=_told(rung),
        channel=rung.channel,
        demands_action=rung.demands_action,
    )


def _proof(office: Office, fact_id: str, what: tuple[CaseRecord, Rung, datetime, datetime], result: RungResult) -> Fact:
    record, rung, due_at, planned = what
    return Fact(
        fact_id=fact_id,
        case_id=record.case_id,
        kind=FactKind.RUNG_FIRED,
        at=office.time.now(),
        actor="engine",
        data={
            "rung": rung.name,
            "clock": rung.clock.value,
            "when": str(rung.when),
            "due_at": due_at.isoformat(),
            "planned_at": planned.isoformat(),
            "result": result.result,
            "told": ", ".join(_told(rung)),
            "channel": rung.channel,
        },
    )
