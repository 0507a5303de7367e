"""Counting: where a limit ends, and what a pause or an extension does to that end."""

import datetime as dt
from typing import NamedTuple

from domain.limit import Limit, TimeUnit
from domain.working_calendar import WorkingCalendar

_DAY = dt.timedelta(days=1)
_WALL_CLOCK = {
    TimeUnit.SECONDS: dt.timedelta(seconds=1),
    TimeUnit.MINUTES: dt.timedelta(minutes=1),
    TimeUnit.HOURS: dt.timedelta(hours=1),
}


class Standing(NamedTuple):
    """Where a count ends; `day` is its last local day before a calendar-day period rolled off a holiday."""

    at: dt.datetime
    day: dt.date


def counts_from(started_at: dt.datetime, calendar: WorkingCalendar, *, receipt: bool = True) -> dt.date:
    """The local day a start belongs to; counting begins on the day after it (civil code art. 201).

    A receipt outside office hours belongs to the next opening; a publication (`receipt=False`) to its own day.
    """
    if receipt and calendar.receipt_outside_hours_counts_next_day:
        return calendar.local_day(calendar.next_office_instant(started_at))
    return calendar.local_day(started_at)


def first_end(limit: Limit, started_at: dt.datetime, base: dt.date, calendar: WorkingCalendar) -> Standing:
    """The end of a limit that was never paused nor extended; `base` comes from `counts_from`."""
    if (span := wall_span(limit, calendar)) is not None:
        return _standing(started_at + span, calendar)
    amount = limit.amount or 0
    if limit.unit is TimeUnit.WORKING_HOURS:
        return _standing(add_office_time(started_at, dt.timedelta(hours=amount), calendar), calendar)
    if limit.unit is TimeUnit.CALENDAR_DAYS:
        return _rolled(base + _DAY * amount, calendar)
    if limit.date is not None:
        return _standing(calendar.closing(limit.date), calendar)
    if limit.unit is TimeUnit.END_OF_BUSINESS_TODAY:
        return _standing(calendar.closing(calendar.local_day(calendar.next_office_instant(started_at))), calendar)
    return _standing(calendar.closing(calendar.add_workdays(base, amount)), calendar)


def extended_end(standing: Standing, added: Limit, granted_at: dt.datetime, calendar: WorkingCalendar) -> Standing:
    """The end after an extension counted from the due instant; never earlier than before."""
    if added.unit is TimeUnit.END_OF_BUSINESS_TODAY:
        later = first_end(added, granted_at, calendar.local_day(granted_at), calendar)
    else:
        later = first_end(added, standing.at, calendar.local_day(standing.at), calendar)
    return max(standing, later, key=lambda reached: reached.at)


def end_after_pause(
    standing: Standing, limit: Limit, spent: dt.date, paused: tuple[dt.datetime, dt.datetime], calendar: WorkingCalendar
) -> tuple[Standing, dt.date]:
    """The end after a closed pause: moved on by the time, or the whole days, that the pause took away.

    `spent` is the last local day that no pause can take: the day the count begins after, or the last one that an
    earlier pause took. What comes back with the end is the same for the next pause, so no day is lost twice.
    """
    started, ended = paused
    if limit.unit is TimeUnit.FIXED_DATE or ended <= started:
        return standing, spent
    if wall_span(limit, calendar) is not None:
        return _standing(standing.at + (ended - started), calendar), spent
    if limit.unit is TimeUnit.WORKING_HOURS:
        lost_time = office_time_between(started, ended, calendar)
        return _after(ended, _standing(add_office_time(standing.at, lost_time, calendar), calendar), calendar), spent
    in_days = limit.unit is TimeUnit.CALENDAR_DAYS
    if in_days and calendar.local_day(started) > standing.day:
        # The period itself is over: what the pause finds is the working day that its end rolled to
        day = calendar.local_day(standing.at)
        standing, spent = Standing(standing.at, day), max(spent, day - _DAY)
    lost = (_calendar_days_lost if in_days else _workdays_lost)(spent, started, ended, calendar)
    if not lost:
        moved = standing
    elif in_days:
        moved, spent = _rolled(standing.day + _DAY * len(lost), calendar), lost[-1]
    else:
        moved, spent = _standing(calendar.closing(calendar.add_workdays(standing.day, len(lost))), calendar), lost[-1]
    return _after(ended, moved, calendar), spent


def longest_pause(at_most: Limit, started_at: dt.datetime, calendar: WorkingCalendar) -> dt.datetime:
    """The last instant at which a pause has taken no more than `at_most`; working days are those whose office opens."""
    day = calendar.local_day(started_at)
    base = day if calendar.opening(day) < started_at else day - _DAY
    end = first_end(at_most, started_at, base, calendar).at
    closes = at_most.unit is TimeUnit.WORKING_DAYS and calendar.compressed_day_seconds is None
    # A resumption at close of business counts as one at the next opening, and would take that day too
    return end - dt.timedelta(seconds=1) if closes else end


def wall_span(limit: Limit, calendar: WorkingCalendar) -> dt.timedelta | None:
    """The exact length of a limit that ignores days and office hours; None when they matter."""
    amount = limit.amount or 1
    if limit.unit in _WALL_CLOCK:
        return _WALL_CLOCK[limit.unit] * amount
    if calendar.compressed_day_seconds is None or limit.unit is TimeUnit.FIXED_DATE:
        return None
    day = dt.timedelta(seconds=calendar.compressed_day_seconds)
    return day / 8 * amount if limit.unit is TimeUnit.WORKING_HOURS else day * amount


def add_office_time(instant: dt.datetime, amount: dt.timedelta, calendar: WorkingCalendar) -> dt.datetime:
    """The instant when `amount` of open office time has passed (or, negative, had yet to pass)."""
    if amount < dt.timedelta(0):
        return _subtract_office_time(instant, -amount, calendar)
    if not amount:
        return instant
    at = calendar.next_office_instant(instant)
    left = amount
    while (room := calendar.closing(calendar.local_day(at)) - at) < left:
        left -= room
        at = calendar.opening(calendar.next_workday(calendar.local_day(at)))
    return at + left


def _subtract_office_time(instant: dt.datetime, amount: dt.timedelta, calendar: WorkingCalendar) -> dt.datetime:
    day = calendar.workday_on_or_before(calendar.local_day(instant))
    at = min(instant, calendar.closing(day))
    left = amount
    while (room := at - calendar.opening(day)) < left:
        left -= max(room, dt.timedelta(0))
        day = calendar.add_workdays(day, -1)
        at = calendar.closing(day)
    return at - left


def office_time_between(start: dt.datetime, end: dt.datetime, calendar: WorkingCalendar) -> dt.timedelta:
    """Open office time in [start, end); real time on a compressed calendar, whose office never closes."""
    if calendar.compressed_day_seconds is not None:
        return max(end - start, dt.timedelta(0))
    total = dt.timedelta(0)
    day, last = calendar.local_day(start), calendar.local_day(end)
    while day <= last:
        if calendar.is_workday(day):
            total += max(min(end, calendar.closing(day)) - max(start, calendar.opening(day)), dt.timedelta(0))
        day += _DAY
    return total


def _workdays_lost(
    spent: dt.date, started: dt.datetime, ended: dt.datetime, calendar: WorkingCalendar
) -> list[dt.date]:
    """Workdays whose office opened while the clock stood still.

    So the day a pause begins on is used up and the day it ends on is not (a resumption is a receipt);
    a pause without any open office time takes nothing.
    """
    if calendar.next_office_instant(started) >= ended:
        return []
    return [day for day in _calendar_days_lost(spent, started, ended, calendar) if calendar.is_workday(day)]


def _calendar_days_lost(
    spent: dt.date, started: dt.datetime, ended: dt.datetime, calendar: WorkingCalendar
) -> list[dt.date]:
    """Days whose opening the pause covered, days off included; it ends where its resumption counts as received.

    Only while the office never opened it ends where it ends: nobody was kept from working.
    """
    until = ended
    if calendar.receipt_outside_hours_counts_next_day and calendar.next_office_instant(started) < ended:
        until = calendar.next_office_instant(ended)
    first = max(spent + _DAY, calendar.local_day(started))
    days = (first + _DAY * offset for offset in range((calendar.local_day(until) - first).days + 1))
    return [day for day in days if started <= calendar.opening(day) <= until]


def _after(ended: dt.datetime, moved: Standing, calendar: WorkingCalendar) -> Standing:
    """Never before the pause is over: then it ends with the next day whose office opens."""
    if moved.at >= ended:
        return moved
    return _standing(calendar.closing(calendar.local_day(calendar.next_office_instant(ended))), calendar)


def _standing(at: dt.datetime, calendar: WorkingCalendar) -> Standing:
    return Standing(at.astimezone(dt.UTC), calendar.local_day(at))


def _rolled(day: dt.date, calendar: WorkingCalendar) -> Standing:
    """A calendar-day period that ends on a day off ends on the next working day (civil code art. 203)."""
    return Standing(calendar.closing(calendar.workday_on_or_after(day)), day)
