"""A plan made ready for launch: limits from the policy, fields from the case, and everything that speaks against it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from domain.case import Registration, Triage
from domain.clock import Clock, ClockKind, due
from domain.codes import TriageDecision, Urgency
from domain.department import Department
from domain.ladder import climb_problems
from domain.limit import Limit, TimeUnit
from domain.plan import Ask, AskKind, Plan, PlanProblem, check_ask, check_plan
from domain.plan_order import earliest_starts
from domain.policy import DistrictPolicy
from domain.working_calendar import WorkingCalendar

FIELDS: Final[Mapping[str, Callable[[Registration], str | None]]] = {
    "requester_name": lambda registration: registration.requester.name,
    "requester_contact": lambda registration: registration.requester.contact,
    "uscc": lambda registration: registration.requester.uscc,
    "resident_id": lambda registration: registration.requester.resident_id,
    "health": lambda registration: registration.requester.health,
    "item": lambda registration: registration.item.name,
    "request": lambda registration: registration.request,
}
"""Names that an ask's `sees` may hold. Nothing that is not named leaves."""
SENSITIVE_FIELDS: Final = frozenset({"health", "resident_id"})
"""Go to departments only, never to a party outside."""
_UNFIT_FOR_PERIODS: Final = frozenset({TimeUnit.END_OF_BUSINESS_TODAY, TimeUnit.WORKING_HOURS})


class Circumstances(NamedTuple):
    """What completes a plan: the case, the directory, the policy and the time."""

    registration: Registration
    triage: Triage
    departments: Mapping[str, Department]
    """The enabled ones, by code."""
    policy: DistrictPolicy
    calendar: WorkingCalendar
    launch_at: datetime
    reopened: bool = False
    """Looked into again: the shorter limit of a re-check holds where the plan names none."""
    disabled: frozenset[str] = frozenset()
    """Departments that are switched off: known, and asked nothing."""

    @property
    def known(self) -> frozenset[str]:
        return frozenset(self.departments) | self.disabled

    @property
    def reachable(self) -> tuple[Department, ...]:
        """Departments that something of this case may be sent to: never the unit complained of."""
        return tuple(one for one in self.departments.values() if one.code != self.triage.complained_of)

    def held_by(self) -> dict[str, str]:
        """Material → the department that has it already and can be asked for it."""
        reachable = {department.code for department in self.reachable}
        return {held.name: held.held_by for held in self.policy.materials if held.held_by in reachable}

    @property
    def urgent(self) -> bool:
        return self.triage.urgency is Urgency.URGENT


class CompletedPlan(NamedTuple):
    plan: Plan
    problems: tuple[PlanProblem, ...]
    """Empty when the plan can be launched."""


def complete_plan(plan: Plan, given: Circumstances) -> CompletedPlan:
    """Fill in what the plan leaves open and name everything that is wrong with it."""
    completed = plan.model_copy(update={"asks": tuple(_with_reply_limit(ask, given) for ask in plan.asks)})
    starts = earliest_starts(completed, given.calendar, given.launch_at)
    asks = tuple(_with_sign_limit(ask, starts.get(ask.key, given.launch_at), given) for ask in completed.asks)
    completed = completed.model_copy(update={"asks": tuple(_with_case(ask, given) for ask in asks)})
    problems = (
        *check_plan(completed, given.known),
        *(problem for index, ask in enumerate(completed.asks) for problem in _ask_problems(index, ask, given)),
        *_time_problems(completed, starts, given),
        *_ladder_problems(completed, given),
    )
    return CompletedPlan(completed, problems)


def complete_ask(ask: Ask, given: Circumstances) -> tuple[Ask, tuple[PlanProblem, ...]]:
    """One more ask of a running case, completed as a launch would. What it waits for is for the case to check."""
    completed = _with_case(_with_sign_limit(_with_reply_limit(ask, given), given.launch_at, given), given)
    alone = Plan(asks=(completed.model_copy(update={"after": ()}),))
    problems = (
        *check_ask(0, completed, given.known),
        *_ask_problems(0, completed, given),
        *_time_problems(alone, {completed.key: given.launch_at}, given),
        *_ladder_problems(alone, given),
    )
    return completed, problems


def _with_reply_limit(ask: Ask, given: Circumstances) -> Ask:
    if ask.reply_limit is not None or ask.kind is AskKind.STATUTORY_WAIT:
        return ask
    limits = given.policy.limits
    if ask.kind is AskKind.EXTERNAL:
        return ask.model_copy(update={"reply_limit": limits.external_follow_up})
    department = given.departments.get(ask.department or "")
    if given.reopened:
        limit = limits.reply_urgent if given.urgent else limits.reply_supervised
    elif department is not None and department.reply_limit is not None:
        limit = department.reply_limit
    elif given.urgent:
        limit = limits.reply_urgent
    elif given.triage.decision is TriageDecision.SUPERVISE:
        limit = limits.reply_supervised
    else:
        limit = limits.reply_normal
    return ask.model_copy(update={"reply_limit": limit})


def _with_sign_limit(ask: Ask, start: datetime, given: Circumstances) -> Ask:
    """A default never lets the signature come after the reply."""
    if ask.sign_limit is not None or ask.kind is not AskKind.DEPARTMENT:
        return ask
    department = given.departments.get(ask.department or "")
    limit = (department.sign_limit if department else None) or given.policy.limits.sign_for
    reply = ask.reply_limit
    if reply is not None and _ends(limit, start, given.calendar) > _ends(reply, start, given.calendar):
        limit = reply
    return ask.model_copy(update={"sign_limit": limit})


def _with_case(ask: Ask, given: Circumstances) -> Ask:
    """Whatever the caller put here is dropped: values come from the case alone, consent by silence from the policy."""
    values = {name: FIELDS[name](given.registration) for name in ask.sees if name in FIELDS}
    consents = given.policy.silence_consents_under(ask.department, ask.role) if ask.department else None
    own = {
        "fields": {name: value for name, value in values.items() if value},
        "silence_consents": consents,
        "ruling": None,
        "verifies": None,
        "fetches": None,
    }
    return ask.model_copy(update=own)


def _ask_problems(index: int, ask: Ask, given: Circumstances) -> Iterator[PlanProblem]:
    where = f"asks.{index}"
    if not ask.text.strip():
        yield PlanProblem(field=f"{where}.text", rule="not-blank", detail="an ask says what is asked")
    for name in ask.sees:
        if name not in FIELDS:
            # A field name is the caller's text: it is shown only as far as it cannot be personal data
            detail = f"the case has no such field; known are {', '.join(FIELDS)}"
            yield PlanProblem(field=f"{where}.sees", rule="known-field", detail=detail)
        elif name in SENSITIVE_FIELDS and ask.kind is not AskKind.DEPARTMENT:
            detail = f"{name} goes to departments only"
            yield PlanProblem(field=f"{where}.sees", rule="sensitive-stays-inside", detail=detail)
    if ask.department is not None and ask.department == given.triage.complained_of:
        detail = "a complaint is never sent to the unit complained of"
        yield PlanProblem(field=f"{where}.department", rule="not-the-unit-complained-of", detail=detail)
    if ask.department in given.disabled:
        detail = "this department is switched off: ask another one"
        yield PlanProblem(field=f"{where}.department", rule="department-enabled", detail=detail)
    limit = ask.reply_limit
    if ask.kind is AskKind.STATUTORY_WAIT and limit is not None and limit.unit in _UNFIT_FOR_PERIODS:
        detail = f"a period that the law prescribes is not counted in {limit.unit.value}"
        yield PlanProblem(field=f"{where}.reply_limit", rule="unit-fits-period", detail=detail)
    if ask.kind is not AskKind.DEPARTMENT and ask.sign_limit is not None:
        detail = f"{ask.kind} asks are not signed for"
        yield PlanProblem(field=f"{where}.sign_limit", rule="no-sign-limit", detail=detail)


def _time_problems(plan: Plan, starts: Mapping[str, datetime], given: Circumstances) -> Iterator[PlanProblem]:
    for index, ask in enumerate(plan.asks):
        start = starts.get(ask.key, given.launch_at)
        ends = {}
        for name, limit in (("reply_limit", ask.reply_limit), ("sign_limit", ask.sign_limit)):
            if limit is None:
                continue
            ends[name] = _ends(limit, start, given.calendar)
            if ends[name] <= start:
                detail = f"{limit.text_en()} would be over before the ask can start"
                yield PlanProblem(field=f"asks.{index}.{name}", rule="limit-after-start", detail=detail)
        if len(ends) == 2 and ends["sign_limit"] > ends["reply_limit"]:
            detail = "it is signed for before it is answered, not after"
            yield PlanProblem(field=f"asks.{index}.sign_limit", rule="sign-before-reply", detail=detail)


def _ladder_problems(plan: Plan, given: Circumstances) -> Iterator[PlanProblem]:
    """The ladder must climb for the plan's own limits too; those of the policy were tried when it was loaded."""
    tried = given.policy.limits_by_clock()
    own: dict[ClockKind, list[Limit]] = {}
    for ask in plan.asks:
        for kind, limit in _limits(ask):
            if limit not in tried[kind] and limit not in own.setdefault(kind, []):
                own[kind].append(limit)
    for problem in climb_problems(given.policy.ladder, own, given.calendar):
        yield PlanProblem(field="asks", rule="ladder", detail=problem)


def _limits(ask: Ask) -> Iterator[tuple[ClockKind, Limit]]:
    """Those that rungs hang on."""
    if ask.reply_limit is not None and ask.kind is not AskKind.STATUTORY_WAIT:
        yield ClockKind.REPLY if ask.kind is AskKind.DEPARTMENT else ClockKind.EXTERNAL_FOLLOW_UP, ask.reply_limit
    if ask.sign_limit is not None:
        yield ClockKind.SIGN_FOR, ask.sign_limit


def _ends(limit: Limit, start: datetime, calendar: WorkingCalendar) -> datetime:
    at = due(Clock(clock_id="trial", kind=ClockKind.REPLY, started_at=start, limit=limit), calendar).at
    if at is None:
        raise ValueError("a clock without pauses has an end")
    return at
