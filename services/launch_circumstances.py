"""What preview and launch complete a plan with: the same for both, so that a preview never promises too much."""

from datetime import datetime

from domain.case import CaseRecord, Triage
from domain.codes import CaseStage, TriageDecision
from domain.errors import conflict, unsound
from domain.plan import Plan
from domain.plan_completion import Circumstances, complete_plan
from domain.store_ports import StoreSession
from domain.working_calendar import WorkingCalendar
from services.office import Office


async def circumstances(
    office: Office, session: StoreSession, record: CaseRecord, calendar: WorkingCalendar, now: datetime
) -> Circumstances:
    """`calendar`: the one in force. Raises CONFLICT `not-for-coordination` unless triage ordered a coordination."""
    departments = await session.directory.all()
    return Circumstances(
        registration=record.registration,
        triage=_coordinating_triage(record),
        departments={department.code: department for department in departments if department.enabled},
        policy=office.policy,
        calendar=for_case(calendar, now, now),
        launch_at=now,
        reopened=record.lineage.reopened_from is not None,
        disabled=frozenset(department.code for department in departments if not department.enabled),
    )


def for_case(calendar: WorkingCalendar, begun_at: datetime, now: datetime) -> WorkingCalendar:
    """The years that a coordination or a follow-up may need: it travels with it, so it is kept small."""
    first, last = calendar.local_day(begun_at).year, calendar.local_day(now).year
    return calendar.for_years(first - 1, last + 2)


def sound_plan(plan: Plan, given: Circumstances) -> Plan:
    """The completed plan. Raises INVALID `plan-unsound` with every problem."""
    completed, problems = complete_plan(plan, given)
    if problems:
        raise unsound("plan-unsound", "this plan cannot be launched", problems)
    return completed


def _coordinating_triage(record: CaseRecord) -> Triage:
    triage = record.triage
    coordinating = (TriageDecision.COORDINATE, TriageDecision.SUPERVISE)
    if triage is None or triage.decision not in coordinating or record.stage is CaseStage.CLOSED:
        raise conflict("not-for-coordination", "only a case whose triage ordered a coordination can have a plan")
    return triage
