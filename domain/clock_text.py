"""The words of a clock's explanation, in English and Chinese, with local times."""

import datetime as dt
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from domain.counting import Standing, wall_span
from domain.limit import Limit, TimeUnit
from domain.working_calendar import WorkingCalendar

_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEKDAYS_ZH = "一二三四五六日"
_MOST_RANGES = 8


class Words(NamedTuple):
    en: str
    zh: str


def opening_lines(
    limit: Limit, started_at: dt.datetime, base: dt.date, first: Standing, calendar: WorkingCalendar
) -> Iterator[tuple[Words, dt.datetime]]:
    """The lines up to the end of the plain limit, before any pause or extension."""
    if calendar.compressed_day_seconds is not None:
        yield compressed(calendar.compressed_day_seconds), started_at
    start = instant(started_at, calendar)
    yield Words(f"Started {start.en}", f"起算事件：{start.zh}"), started_at
    span = wall_span(limit, calendar)
    if span is not None or limit.date is not None:
        yield _plain(limit, counts_time=span is not None), first.at
        return
    opens = calendar.next_office_instant(started_at)
    if opens != started_at and calendar.local_day(opens) == base:
        at = instant(opens, calendar)
        yield Words(f"Outside office hours: counts as {at.en}", f"非办公时间，视为{at.zh}"), opens
    yield _counted(limit, base, first, calendar), _unrolled(limit, first, calendar)
    if limit.unit is TimeUnit.CALENDAR_DAYS and calendar.local_day(first.at) != first.day:
        end = day(calendar.local_day(first.at))
        yield Words(f"Ends on a day off: rolls to {end.en}", f"末日为休息日，顺延至{end.zh}"), first.at


def _unrolled(limit: Limit, first: Standing, calendar: WorkingCalendar) -> dt.datetime:
    return calendar.closing(first.day) if limit.unit is TimeUnit.CALENDAR_DAYS else first.at


def _plain(limit: Limit, *, counts_time: bool) -> Words:
    if counts_time:
        return Words(f"{limit.text_en()} without a break", f"{limit.text_zh()}，连续计算")
    return Words(f"Agreed date, {limit.text_en()}, close of business", f"约定日期：{limit.text_zh()}，至下班时止")


def _counted(limit: Limit, base: dt.date, first: Standing, calendar: WorkingCalendar) -> Words:
    if limit.unit is TimeUnit.WORKING_HOURS:
        return Words(f"{limit.text_en()} inside office hours", f"{limit.text_zh()}，只计办公时间")
    end = day(first.day)
    if limit.unit is TimeUnit.END_OF_BUSINESS_TODAY:
        return Words(f"Until close of business on {end.en}", f"至{end.zh}下班时止")
    en = f"{limit.text_en()}, counted from the day after {base.isoformat()}, end on {end.en}"
    zh = f"{limit.text_zh()}，自{day(base).zh}次日起算，至{end.zh}"
    if limit.unit is TimeUnit.WORKING_DAYS:
        en, zh = en + _swaps(base, first.day, calendar).en, zh + _swaps(base, first.day, calendar).zh
    return Words(en, zh)


def _swaps(base: dt.date, last: dt.date, calendar: WorkingCalendar) -> Words:
    days = [base + dt.timedelta(days=offset) for offset in range(1, (last - base).days + 1)]
    off = _ranges(found for found in days if not calendar.is_workday(found))
    worked = _ranges(found for found in days if found.weekday() >= 5 and calendar.is_workday(found))
    en = (f"; days off: {off}" if off else "") + (f"; worked weekend days: {worked}" if worked else "")
    zh = (f"；不计休息日：{off}" if off else "") + (f"；调休上班：{worked}" if worked else "")
    return Words(en, zh)


def _ranges(days: Iterator[dt.date]) -> str:
    numbered = ((found.toordinal() - position, found) for position, found in enumerate(days))
    runs = [[found for _, found in run] for _, run in groupby(numbered, key=lambda pair: pair[0])]
    texts = [f"{run[0]:%m-%d}" if len(run) == 1 else f"{run[0]:%m-%d}–{run[-1]:%m-%d}" for run in runs]
    return ", ".join(texts[:_MOST_RANGES]) + (", …" if len(texts) > _MOST_RANGES else "")


def compressed(day_seconds: int) -> Words:
    return Words(
        f"Demonstration calendar: one working or calendar day lasts {day_seconds} s",
        f"演示日历：1个工作日或自然日按{day_seconds}秒计",
    )


def paused(
    started_at: dt.datetime, ended_at: dt.datetime | None, reason: Words, took_effect: bool, calendar: WorkingCalendar
) -> Words:
    start = instant(started_at, calendar)
    end = instant(ended_at, calendar) if ended_at else Words("now", "今")
    effect = Words("", "") if took_effect else Words("; the limit runs on", "；不影响时限")
    return Words(
        f"Paused from {start.en} to {end.en} ({reason.en}){effect.en}",
        f"{start.zh}至{end.zh}中止计时（{reason.zh}）{effect.zh}",
    )


def outage(legal_basis: str | None, at_most: Limit) -> Words:
    return Words(
        f"the department's system was down; {legal_basis}; at most {at_most.text_en()}",
        f"部门系统中断；依据：{legal_basis}；最长{at_most.text_zh()}",
    )


def runs_on(latest: dt.datetime, calendar: WorkingCalendar) -> Words:
    at = instant(latest, calendar)
    return Words(f"Runs on by itself at the latest {at.en}", f"最迟于{at.zh}自动恢复计时")


def extended(added: Limit, granted_by: str, reason: str) -> Words:
    return Words(
        f"Extended {added.text_en()} by decision of {granted_by} ({reason})",
        f"{granted_by}批准延期{added.text_zh()}（{reason}）",
    )


def held(since: dt.datetime, calendar: WorkingCalendar) -> Words:
    start = instant(since, calendar)
    return Words(
        f"Held since {start.en}: no due time until it resumes", f"自{start.zh}起中止，恢复计时后重新确定到期时间"
    )


def provisional(calendar: WorkingCalendar) -> Words:
    until = calendar.known_until
    known = Words(f"known until {until}", f"已知至{until}")
    if until == dt.date.min:
        known = Words("no year is known", "尚无放假安排")
    return Words(
        f"Provisional: the holiday notice is not out for every day counted ({known.en})",
        f"暂定：所计日期的放假通知尚未全部发布（{known.zh}）",
    )


def due_at(at: dt.datetime, calendar: WorkingCalendar) -> Words:
    end = instant(at, calendar)
    return Words(f"Due {end.en}", f"到期时间：{end.zh}")


def day(value: dt.date) -> Words:
    weekday = value.weekday()
    return Words(
        f"{value.isoformat()} ({_WEEKDAYS_EN[weekday]})",
        f"{value.year}年{value.month}月{value.day}日（周{_WEEKDAYS_ZH[weekday]}）",
    )


def instant(value: dt.datetime, calendar: WorkingCalendar) -> Words:
    local = calendar.local(value)
    form = "%H:%M:%S" if local.second or calendar.compressed_day_seconds is not None else "%H:%M"
    date = day(local.date())
    return Words(f"{date.en} {local.strftime(form)}", f"{date.zh}{local.strftime(form)}")
