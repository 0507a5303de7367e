"""Whoever counts with a calendar: cases at the counter, running cases, and follow-ups."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain.case import CaseRecord
from domain.clock import due
from domain.codes import CaseStage
from domain.follow_up import FollowUpLaunch, FollowUpSnapshot
from domain.launch import CaseLaunch
from domain.learned_years import LearnedYears, News, news, with_all
from domain.snapshot import CaseSnapshot
from domain.store_ports import Store, StoreSession
from domain.working_calendar import WorkingCalendar
from services.launch_circumstances import for_case
from services.read_case import ClockExplanation, explained, explained_follow_up

# In the order in which a case moves on: one that moves meanwhile is met again
_STAGES = (CaseStage.REGISTERED, CaseStage.TRIAGED, CaseStage.LAUNCHING, CaseStage.COORDINATING)


@dataclass(frozen=True)
class Running:
    """A launched case or an ordered follow-up, as the store knows it."""

    name: str
    case_id: str
    begun_at: datetime
    calendar: WorkingCalendar
    """As it began."""
    snapshot: CaseSnapshot | FollowUpSnapshot | None
    awaited: bool
    """The engine may not have it yet."""

    @property
    def learned(self) -> tuple[LearnedYears, ...]:
        return self.snapshot.learned if self.snapshot is not None else ()

    def counts_with(self, learned: tuple[LearnedYears, ...]) -> WorkingCalendar:
        return with_all(self.calendar, learned)

    def news(self, current: WorkingCalendar, learned: tuple[LearnedYears, ...], now: datetime) -> News:
        """What it does not know of the years that it can still need."""
        return news(self.counts_with(learned), for_case(current, self.begun_at, now))

    def explained(self, learned: tuple[LearnedYears, ...]) -> tuple[ClockExplanation, ...]:
        if self.snapshot is None:
            return ()
        snapshot = self.snapshot.model_copy(update={"learned": learned})
        if isinstance(snapshot, CaseSnapshot):
            return explained(snapshot, self.calendar)
        return explained_follow_up(snapshot, self.calendar)


class Counting(NamedTuple):
    """`record`: the case itself, whose clocks of the counter may still run. Both None: it is over."""

    record: CaseRecord | None = None
    running: Running | None = None


async def who_counts(store: Store) -> AsyncIterator[str]:
    """Ids of cases and follow-ups that are not over."""
    for stage in _STAGES:
        after = ""
        while True:
            async with store.reading() as session:
                names = await session.cases.ids(stage=stage, after=after)
            for name in names:
                yield name
            if not names:
                break
            after = names[-1]
    after = ""
    while True:
        async with store.reading() as session:
            names = await session.follow_ups.running(after)
        for name in names:
            yield name
        if not names:
            return
        after = names[-1]


async def read_counting(store: Store, name: str) -> Counting:
    async with store.reading() as session:
        # The id of a follow-up is its case's, a dot, and which one it is
        return await (_follow_up if "." in name else _case)(session, name)


async def _case(session: StoreSession, case_id: str) -> Counting:
    record, intent = await session.cases.get(case_id), await session.intents.get(case_id)
    if record.stage is CaseStage.CLOSED:
        return Counting()
    if intent is None:
        return Counting(record)
    launch = CaseLaunch.model_validate_json(intent.launch_json)
    awaited = record.stage is CaseStage.LAUNCHING or record.snapshot is None
    return Counting(record, Running(case_id, case_id, launch.launched_at, launch.calendar, record.snapshot, awaited))


async def _follow_up(session: StoreSession, name: str) -> Counting:
    order = await session.follow_ups.get(name)
    if order is None or (order.snapshot is not None and order.snapshot.ended_at is not None):
        return Counting()
    launch = FollowUpLaunch.model_validate_json(order.launch_json)
    awaited = order.snapshot is None
    return Counting(running=Running(name, order.case_id, launch.starts_at, launch.calendar, order.snapshot, awaited))


def recounted(record: CaseRecord, calendar: WorkingCalendar) -> CaseRecord:
    """What runs before the launch, the first contact also after it, counted with this calendar."""
    update: dict[str, datetime | None] = {}
    if record.first_contact_clock.stopped_at is None:
        update["first_contact_due_at"] = due(record.first_contact_clock, calendar).at
    if record.decision_clock is not None:
        update["decision_due_at"] = due(record.decision_clock, calendar).at
    return record.model_copy(update=update)
