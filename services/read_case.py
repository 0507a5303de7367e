"""Reading one case: its record, its timeline, and why each clock is due when it is."""

from collections.abc import Iterable, Iterator

from domain.case import CaseRecord
from domain.clock import Clock, Due, due
from domain.codes import CaseStage
from domain.fact import ChainedFact
from domain.follow_up import FollowUpLaunch, FollowUpSnapshot
from domain.follow_up_order import FollowUpOrder
from domain.launch import CaseLaunch
from domain.learned_years import counted_with
from domain.person import Person
from domain.snapshot import CaseSnapshot
from domain.store_ports import StoreSession
from domain.wire import Wire
from domain.working_calendar import WorkingCalendar
from services.access import Action, open_case
from services.live_snapshot import live_snapshot
from services.office import Office
from services.visibility import sees_the_counter, visible_facts, visible_record


class Timeline(Wire):
    """Facts in the order of their arrival. A department officer gets its own requests' facts only."""

    case_id: str
    facts: tuple[ChainedFact, ...]


class ClockExplanation(Wire):
    """One clock, derived anew with the calendar that the case counts with, line by line."""

    request_id: str | None = None
    """Or the id of the notice, the material, the wait or the follow-up; None for what belongs to the case itself."""
    round: int | None = None
    department: str | None = None
    clock: Clock
    due: Due
    round_ended: bool = False


async def read_case(office: Office, person: Person, case_id: str) -> CaseRecord:
    """The case with the live snapshot while it runs, or the projection when the engine is away."""
    async with office.store.reading() as session:
        record = await open_case(session, person, Action.READ, case_id)
    return visible_record(person, await freshest(office, record))


async def read_timeline(office: Office, person: Person, case_id: str) -> Timeline:
    async with office.store.reading() as session:
        record = await open_case(session, person, Action.READ, case_id)
        facts = await session.facts.of_case(case_id)
    return Timeline(case_id=case_id, facts=visible_facts(person, facts, record))


async def explain_clocks(office: Office, person: Person, case_id: str) -> tuple[ClockExplanation, ...]:
    """Every clock of the case: the first contact, then by request and round, then notices, materials, waits and
    follow-ups."""
    current = await office.calendar.current()
    async with office.store.reading() as session:
        record = await open_case(session, person, Action.READ, case_id)
        calendar = await _launched_with(session, case_id) or current
        orders = await session.follow_ups.of_case(case_id)
    record = visible_record(person, await freshest(office, record))
    contact = record.first_contact_clock
    # While it runs it is counted anew in the store, whatever calendar the case was launched with
    runs = contact.stopped_at is None and record.stage is not CaseStage.CLOSED
    counted = due(contact, current if runs else calendar)
    first = ClockExplanation(clock=contact, due=counted, round_ended=contact.stopped_at is not None)
    leader = record.decision_clock
    second = (ClockExplanation(clock=leader, due=due(leader, calendar)),) if leader is not None else ()
    of_case = (first, *second) if sees_the_counter(person) else ()
    followed = _followed(orders) if sees_the_counter(person) else ()
    return (*of_case, *(explained(record.snapshot, calendar) if record.snapshot else ()), *followed)


async def freshest(office: Office, record: CaseRecord) -> CaseRecord:
    if record.launched_at is None or record.stage is CaseStage.CLOSED:
        return record
    live = await live_snapshot(office, record.case_id)
    if live is None or live.version < record.version:
        return record
    update: dict[str, object] = {"snapshot": live}
    if live.outcome is not None:
        update |= {"stage": CaseStage.CLOSED, "outcome": live.outcome, "closed_at": live.outcome.decided_at}
    elif record.stage is CaseStage.LAUNCHING:
        update["stage"] = CaseStage.COORDINATING
    return record.model_copy(update=update)


async def _launched_with(session: StoreSession, case_id: str) -> WorkingCalendar | None:
    intent = await session.intents.get(case_id)
    return CaseLaunch.model_validate_json(intent.launch_json).calendar if intent else None


def explained(snapshot: CaseSnapshot, calendar: WorkingCalendar) -> tuple[ClockExplanation, ...]:
    """Every clock in a snapshot; `calendar` is the one of the launch."""
    outside = tuple(
        ClockExplanation(
            request_id=subject,
            clock=clock,
            due=due(clock, counted_with(calendar, snapshot.learned, clock)),
            round_ended=clock.stopped_at is not None,
        )
        for subject, clock in _outside_rounds(snapshot)
    )
    return (*_of_rounds(snapshot, calendar), *outside)


def explained_follow_up(snapshot: FollowUpSnapshot, calendar: WorkingCalendar) -> tuple[ClockExplanation, ...]:
    """Every clock that staff owe something by; `calendar` is the one of its launch."""
    return tuple(
        ClockExplanation(
            request_id=snapshot.follow_up_id,
            clock=clock,
            due=due(clock, counted_with(calendar, snapshot.learned, clock)),
            round_ended=clock.stopped_at is not None,
        )
        for clock in _of_staff(snapshot)
    )


def _of_staff(snapshot: FollowUpSnapshot) -> Iterator[Clock]:
    review = snapshot.review
    of_review = (review.contact, review.decision, review.rectification) if review else ()
    for shown in (snapshot.call, *of_review, snapshot.standing_still):
        if shown is not None:
            yield shown.clock


def _followed(orders: Iterable[FollowUpOrder]) -> Iterator[ClockExplanation]:
    for order in orders:
        if order.snapshot is not None:
            begun = FollowUpLaunch.model_validate_json(order.launch_json)
            yield from explained_follow_up(order.snapshot, begun.calendar)


def _outside_rounds(snapshot: CaseSnapshot) -> Iterator[tuple[str, Clock]]:
    """Clocks that run for the requester, and for people on our side."""
    if snapshot.supplement is not None and snapshot.supplement.clock is not None:
        yield f"{snapshot.case_id}.supplement", snapshot.supplement.clock.clock
    for deferral in snapshot.deferrals:
        for material in deferral.materials:
            if material.clock is not None:
                yield material.material_id, material.clock.clock
        if deferral.rectification is not None:
            yield f"{deferral.request_id}.rectify", deferral.rectification.clock
    for wait in snapshot.waits:
        yield wait.wait_id, wait.clock.clock


def _of_rounds(snapshot: CaseSnapshot, calendar: WorkingCalendar) -> tuple[ClockExplanation, ...]:
    return tuple(
        ClockExplanation(
            request_id=request.request_id,
            round=turn.number,
            department=turn.department,
            clock=clock,
            due=due(clock, counted_with(calendar, snapshot.learned, clock)),
            round_ended=turn.ended_at is not None,
        )
        for request in snapshot.requests
        for turn in request.rounds
        for clock in turn.clocks
    )
