"""Before the launch the ball lies with the duty leader: a case that nobody triages or launches is chased too."""

from datetime import datetime

from domain.case import CaseRecord
from domain.clock import Clock, ClockKind, due
from domain.codes import Urgency
from domain.ladder import Rung, ScheduledRung, instants
from domain.working_calendar import WorkingCalendar
from services.counter_ladder import CounterLadder, Owed, climb
from services.office import Office


async def watch_triage(office: Office) -> int:
    """Returns how many rungs were proved."""
    rungs = tuple(rung for rung in office.policy.ladder.rungs if rung.clock is ClockKind.DECISION)
    return await climb(office, CounterLadder(ClockKind.DECISION, rungs, _owed, proof_id))


def proof_id(record: CaseRecord, rung: Rung) -> str:
    """Both waits climb the same ladder: the stage tells their proofs apart."""
    return f"{record.case_id}.{record.stage.value.lower()}.{rung.name}"


def decision_rungs(office: Office, record: CaseRecord, calendar: WorkingCalendar) -> tuple[ScheduledRung, ...]:
    if record.decision_clock is None:
        return ()
    urgent = record.triage is not None and record.triage.urgency is Urgency.URGENT
    return instants(office.policy.ladder, record.decision_clock, calendar, urgent=urgent)


def waits_for_leader(
    office: Office, record: CaseRecord, since: datetime, calendar: WorkingCalendar
) -> dict[str, object]:
    """The fields of the wait that begins now: for the triage, or for the launch after it."""
    clock = Clock(
        clock_id=f"{record.case_id}.{record.stage.value.lower()}.{ClockKind.DECISION.value}",
        kind=ClockKind.DECISION,
        started_at=since,
        limit=office.policy.limits.decision,
    )
    return {"decision_clock": clock, "decision_due_at": due(clock, calendar).at}


def _owed(record: CaseRecord) -> Owed | None:
    if record.decision_clock is None or record.decision_due_at is None:
        return None
    return record.decision_clock, record.decision_due_at
