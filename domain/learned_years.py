"""A year's notice that comes while a case is running: it counts from then on, and never for what is over."""

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import Field

from domain.clock import Clock
from domain.decision import Decision
from domain.wire import Instant, Wire
from domain.working_calendar import WorkingCalendar, YearNotice


class LearnYears(Decision):
    """Ordered by the product when a notice was loaded: whatever still runs is counted anew."""

    kind: Literal["learn_years"] = "learn_years"
    years: tuple[YearNotice, ...] = Field(min_length=1, max_length=10)


class LearnedYears(Wire):
    """From `at` on the case knows these notices."""

    at: Instant
    years: tuple[YearNotice, ...]


def news(calendar: WorkingCalendar, notices: Iterable[YearNotice]) -> tuple[YearNotice, ...]:
    """Notices for years about which the calendar only assumes something. An official year stays as it was counted."""
    official = {notice.year for notice in calendar.years if notice.status == "official"}
    return tuple(one for one in notices if one.year not in official and one not in calendar.years)


def with_years(calendar: WorkingCalendar, notices: Sequence[YearNotice]) -> WorkingCalendar:
    replaced = {notice.year for notice in notices}
    years = (*(one for one in calendar.years if one.year not in replaced), *notices)
    content = calendar.model_copy(update={"years": years})
    return content.model_copy(update={"version": f"learned-{content.fingerprint()}"})


def counted_with(calendar: WorkingCalendar, learned: Iterable[LearnedYears], clock: Clock) -> WorkingCalendar:
    """What a clock of a case was last counted with; `calendar` is the one of its launch."""
    for one in learned:
        if clock.stopped_at is None or clock.stopped_at >= one.at:
            calendar = with_years(calendar, one.years)
    return calendar
