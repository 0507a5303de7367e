"""The way to a department comes from the directory, never from the caller; a new ask is completed like a plan's."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.any_decision import AnyDecision
from domain.assignment import AddAsk, AskAgain, ReassignRequest
from domain.case import CaseRecord
from domain.codes import CaseStage
from domain.conference import RecordMinutes
from domain.department import DepartmentRoute
from domain.errors import LiandongError, conflict, invalid, unsound
from domain.objection import ConveneConference, Designate
from domain.plan import PlanProblem
from domain.plan_completion import complete_ask
from domain.store_ports import StoreSession
from domain.working_calendar import WorkingCalendar
from services.launch_circumstances import circumstances
from services.office import Office


async def with_known_routes(
    office: Office, session: StoreSession, record: CaseRecord, decision: AnyDecision, calendar: WorkingCalendar
) -> AnyDecision:
    """The decision with every route replaced. `calendar`: the one in force.

    Raises INVALID `unknown-department`, `department-disabled`, `not-the-unit-complained-of` or `plan-unsound`, with
    the field as the caller wrote it.
    """
    ways = _Ways(session, record)
    match decision:
        case ReassignRequest():
            return decision.model_copy(update={"to": await ways.to(decision.to.code, "to")})
        case Designate():
            to = await ways.to(decision.to.code, "to")
            support = await ways.to_all([route.code for route in decision.support], "support.{}")
            return decision.model_copy(update={"to": to, "support": support})
        case ConveneConference():
            await ways.to_all(decision.participants, "participants.{}")
            return decision
        case RecordMinutes():
            codes = [action.department.code for action in decision.actions]
            routes = await ways.to_all(codes, "actions.{}.department")
            acting = zip(decision.actions, routes, strict=True)
            return decision.model_copy(
                update={"actions": tuple(action.model_copy(update={"department": route}) for action, route in acting)}
            )
        case AskAgain():
            await ways.still_enabled(decision.request_id)
            return decision
        case AddAsk():
            return await _completed(office, session, record, decision, calendar)
        case _:
            return decision


@dataclass(frozen=True)
class _Ways:
    session: StoreSession
    record: CaseRecord

    async def to(self, code: str, field: str) -> DepartmentRoute:
        department = await self.session.directory.get(code)
        if department is None:
            raise invalid("unknown-department", "the directory has no such department", field=field)
        if not department.enabled:
            raise _disabled(field)
        if self.record.triage is not None and code == self.record.triage.complained_of:
            detail = "a complaint is never sent to the unit complained of"
            raise invalid("not-the-unit-complained-of", detail, field=field)
        return department.route()

    async def to_all(self, codes: Sequence[str], field: str) -> tuple[DepartmentRoute, ...]:
        return tuple([await self.to(code, field.format(index)) for index, code in enumerate(codes)])

    async def still_enabled(self, request_id: str) -> None:
        """The department that would be asked again still takes part."""
        asked = self.record.snapshot.requests if self.record.snapshot else ()
        code = next((one.department for one in asked if one.request_id == request_id), None)
        department = await self.session.directory.get(code) if code else None
        if department is not None and not department.enabled:
            raise _disabled(None)


def _disabled(field: str | None) -> LiandongError:
    detail = "this department is switched off: ask another one, or withdraw the request"
    return invalid("department-disabled", detail, field=field)


async def _completed(
    office: Office, session: StoreSession, record: CaseRecord, decision: AddAsk, calendar: WorkingCalendar
) -> AddAsk:
    if record.stage is CaseStage.CLOSED:
        raise conflict("case-ended", "the case has ended; nobody can be asked any more unless it is reopened")
    given = await circumstances(office, session, record, calendar, office.time.now())
    ask, problems = complete_ask(decision.ask, given)
    if problems:
        raise unsound("plan-unsound", "this ask cannot be added", tuple(_renamed(one) for one in problems))
    route = given.departments[ask.department].route() if ask.department else None
    return decision.model_copy(update={"ask": ask, "route": route})


def _renamed(problem: PlanProblem) -> PlanProblem:
    field = problem.field.removeprefix("asks.0.")
    return problem.model_copy(update={"field": "ask" if problem.field == "asks" else f"ask.{field}"})
