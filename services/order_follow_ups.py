"""Every closed case gets its follow-up: ordered in the store first, started when the engine answers, never lost."""

import logging
from datetime import datetime, timedelta
from typing import Final

from domain.case import CaseRecord
from domain.clock import ClockKind
from domain.codes import CaseStage, Urgency
from domain.follow_up import FollowUpLaunch, RatingGiven, follow_up_id
from domain.follow_up_order import FollowUpOrder
from domain.ladder import Ladder, Rung, RungWhen
from domain.store_ports import StoreSession
from domain.working_calendar import WorkingCalendar
from services.by_itself import one_by_itself
from services.launch_circumstances import for_case
from services.office import Office

_log = logging.getLogger(__name__)

BATCH: Final = 50
_LOOKED_AT: Final = 500
_FIRST_PAUSE: Final = timedelta(seconds=2)
_LONGEST_PAUSE: Final = timedelta(minutes=2)
_KINDS: Final = (
    ClockKind.FOLLOW_UP,
    ClockKind.REVIEW_CONTACT,
    ClockKind.DECISION,
    ClockKind.RECTIFICATION,
    ClockKind.REVIEW,
)


async def order_follow_ups(office: Office) -> int:
    """Order what is owed after closings and treated reviews, then start what waits; returns how many were started."""
    async with office.store.reading() as session:
        closed = await session.follow_ups.unordered(BATCH)
        treated = await session.follow_ups.second_owed(BATCH)
    for case_id in closed:
        await one_by_itself(case_id, _order_first(office, case_id))
    for earlier in treated:
        await one_by_itself(earlier, _order_second(office, earlier))
    return await start_follow_ups(office)


async def _order_first(office: Office, case_id: str) -> None:
    async with office.store.writing() as session:
        record = await session.cases.get(case_id, lock=True)
        if record.stage is CaseStage.CLOSED and not await session.follow_ups.of_case(case_id):
            await order_next(office, session, record)


async def _order_second(office: Office, earlier: str) -> None:
    async with office.store.writing() as session:
        order = await session.follow_ups.get(earlier)
        if order is None:
            return
        record = await session.cases.get(order.case_id, lock=True)
        if await _is_latest(session, order):
            await order_next(office, session, record)


async def start_follow_ups(office: Office) -> int:
    """Start ordered follow-ups whose turn it is, one batch. Safe in several processes."""
    now = office.time.now()
    async with office.store.reading() as session:
        waiting = await session.follow_ups.unstarted(_LOOKED_AT)
    started = 0
    for order in [order for order in waiting if _next_try(order) <= now][:BATCH]:
        if not await start_follow_up(office, order):
            if await office.engine.ready() is not None:
                break
            continue
        started += 1
    return started


async def start_follow_up(office: Office, order: FollowUpOrder) -> bool:
    """True when the engine has it. A failure stays with the order."""
    if order.started_at is not None:
        return True
    failure: str | None = None
    try:
        await office.follow_ups.start(order.launch)
    except Exception as error:
        failure = str(getattr(error, "code", type(error).__name__))
        _log.warning("follow-up %s did not reach the engine: %s", order.follow_up_id, failure)
    async with office.store.writing() as session:
        current = await session.follow_ups.get(order.follow_up_id, lock=True)
        if current is not None and current.started_at is None:
            tried: dict[str, object] = {"attempts": current.attempts + 1, "last_error": failure}
            if failure is None:
                tried["started_at"] = office.time.now()
            await session.follow_ups.save(current.model_copy(update=tried))
    return failure is None


async def order_next(
    office: Office, session: StoreSession, record: CaseRecord, brought: RatingGiven | None = None
) -> FollowUpOrder:
    """One more follow-up of this case, which the caller's transaction holds."""
    before = await session.follow_ups.of_case(record.case_id)
    number = before[-1].number + 1 if before else 1
    now = office.time.now()
    ended = before[-1].snapshot.ended_at if before and before[-1].snapshot else None
    starts_at = (ended if before else record.closed_at) or now
    launch = _launch(office, record, (number, starts_at, await office.calendar.within(session)), brought)
    order = FollowUpOrder(
        follow_up_id=launch.follow_up_id,
        case_id=record.case_id,
        number=number,
        ordered_at=now,
        launch_json=launch.model_dump_json(),
    )
    await session.follow_ups.add(order)
    return order


def _launch(
    office: Office, record: CaseRecord, place: tuple[int, datetime, WorkingCalendar], brought: RatingGiven | None
) -> FollowUpLaunch:
    number, starts_at, calendar = place
    if record.outcome is None:
        raise ValueError("a case without outcome has no follow-up")
    limits = office.policy.limits
    return FollowUpLaunch(
        follow_up_id=follow_up_id(record.case_id, number),
        case_id=record.case_id,
        number=number,
        starts_at=starts_at,
        outcome=record.outcome.outcome,
        cause=record.triage.cause if record.triage else None,
        urgency=record.triage.urgency if record.triage else Urgency.NORMAL,
        calendar=for_case(calendar, starts_at, office.time.now()),
        ladder=follow_up_ladder(office.policy.ladder),
        call_limit=limits.follow_up,
        rating_limit=limits.rating_window,
        contact_limit=limits.review_contact,
        decision_limit=limits.decision,
        review_limit=limits.review,
        call_attempts=office.policy.follow_up_attempts,
        brought=brought,
    )


def follow_up_ladder(whole: Ladder) -> Ladder:
    """The rungs of these clocks; a policy without any does not make their silence go unnoticed."""
    rungs = [rung for rung in whole.rungs if rung.clock in _KINDS]
    for kind in _KINDS:
        if not any(rung.clock is kind and rung.when.relation in ("at", "after") for rung in rungs):
            overdue = f"{kind.value}_unwatched"
            at = RungWhen(relation="at")
            rungs.append(Rung(name=overdue, clock=kind, when=at, tell=("duty_leader",), channel="notice"))
    return Ladder(version=whole.version, rungs=tuple(rungs))


async def _is_latest(session: StoreSession, order: FollowUpOrder) -> bool:
    return (await session.follow_ups.of_case(order.case_id))[-1].number == order.number


def _next_try(order: FollowUpOrder) -> datetime:
    """Pauses of 2, 4, 8 … seconds after the order, two minutes at most."""
    pauses = (min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE) for attempt in range(min(order.attempts, 5_000)))
    return order.ordered_at + sum(pauses, timedelta())
