"""A calendar that has changed reaches whoever counts with it: cases at the counter, running cases, and follow-ups."""

import logging
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from domain.case import CaseRecord
from domain.errors import ErrorCategory, LiandongError
from domain.fact import ENGINE, Fact, FactKind
from domain.follow_up import LearnFollowUpYears
from domain.learned_years import LearnedYears, LearnYears, News, with_news
from domain.working_calendar import WorkingCalendar
from services.by_itself import by_itself
from services.live_snapshot import live_snapshot
from services.office import Office
from services.running_cases import Running, read_counting, recounted, who_counts

_log = logging.getLogger(__name__)

_AWAY_AFTER: Final = 3
"""So many in a row without an answer: one that is stuck keeps the news from no other, an absent engine from all."""


class Brought(NamedTuple):
    """How far the calendar has come."""

    version: str = ""
    """Everybody has been told of this calendar, except …"""
    left: frozenset[str] = frozenset()
    """… these, which could not be, or whose record does not show it yet."""


NOBODY: Final = Brought()
"""Nobody has been told of anything."""


async def bring_years(office: Office, brought: Brought = NOBODY) -> Brought:
    """Nobody is looked at twice for the same calendar, except those that are left. Safe in several processes.

    Raises UNAVAILABLE when store or engine are away: then everything must be tried again.
    """
    current = await office.calendar.current()
    changed = current.version != brought.version
    if not changed and not brought.left:
        return brought
    left: set[str] = set()
    away = 0
    async for name in who_counts(office.store) if changed else _each(brought.left):
        left.add(name)
        try:
            with by_itself(name):
                if await _bring(office, name, current, doubtful=changed and name in brought.left):
                    left.discard(name)
        except LiandongError:
            _log.warning("%s could not be told of the calendar", name)
            away += 1
            if away >= _AWAY_AFTER and (await office.engine.ready() or await office.store.ready()) is not None:
                raise
            continue
        away = 0
    return Brought(current.version, frozenset(left))


async def _each(names: frozenset[str]) -> AsyncIterator[str]:
    for name in sorted(names):
        yield name


async def _bring(office: Office, name: str, current: WorkingCalendar, *, doubtful: bool) -> bool:
    """True when nothing is left to tell. `doubtful`: it was told something that its record did not show yet."""
    record, running = await read_counting(office.store, name)
    if record is not None and recounted(record, current) != record:
        await _recount(office, name, current)
    if running is None:
        return True
    learned = await _live(office, running) if doubtful else running.learned
    told = running.news(current, learned, office.time.now())
    if told.empty:
        return learned == running.learned
    return await _order(office, running, told, with_news(running.counts_with(learned), told).fingerprint())


async def _live(office: Office, running: Running) -> tuple[LearnedYears, ...]:
    if running.name == running.case_id:
        case = await live_snapshot(office, running.case_id)
        return running.learned if case is None else case.learned
    try:
        return (await office.follow_ups.snapshot(running.name)).learned
    except LiandongError as error:
        if error.category is not ErrorCategory.NOT_FOUND:
            raise
        return running.learned


async def _order(office: Office, running: Running, told: News, becomes: str) -> bool:
    """`becomes`: the same order has the same id, whoever gives it and however often."""
    command_id = f"{running.name}.years.{becomes}"
    try:
        if running.name == running.case_id:
            reason = told.text()[:2_000]
            order = LearnYears(command_id=command_id, decided_by=ENGINE, reason=reason, amends=True, **dict(told))
            await office.engine.decide(running.case_id, order)
        else:
            learn = LearnFollowUpYears(command_id=command_id, decided_by=ENGINE, **dict(told))
            await office.follow_ups.act(running.name, learn)
    except LiandongError as error:
        if error.category is ErrorCategory.CONFLICT:
            # It knows already, or has ended
            return True
        if error.category is not ErrorCategory.NOT_FOUND:
            raise
        # Not begun yet, or lost, which the reconciler reports
        return not running.awaited
    return False


async def _recount(office: Office, case_id: str, calendar: WorkingCalendar) -> None:
    """What is owed at the counter lives in the store alone."""
    async with office.store.writing() as session:
        record = await session.cases.get(case_id, lock=True)
        after = recounted(record, calendar)
        if after == record:
            return
        await session.cases.save(after)
        await session.facts.append(case_id, [_fact(office, record, after, calendar)])


def _fact(office: Office, before: CaseRecord, after: CaseRecord, calendar: WorkingCalendar) -> Fact:
    dues = (
        ("first_contact", before.first_contact_due_at, after.first_contact_due_at),
        ("decision", before.decision_due_at, after.decision_due_at),
    )
    moved = [f"{name} {was} → {then}" for name, was, then in dues if was != then]
    return Fact(
        fact_id=f"{before.case_id}.calendar.{office.new_id()}",
        case_id=before.case_id,
        kind=FactKind.CALENDAR_LEARNED,
        at=office.time.now(),
        actor=ENGINE,
        data={"calendar": calendar.version, "moved": "; ".join(moved)},
    )
