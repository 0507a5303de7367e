"""A notice that comes, changes or is taken back while a case is running: what still runs is counted anew."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from domain.clock import Clock
from domain.decision import Decision
from domain.wire import Instant, Wire
from domain.working_calendar import WorkingCalendar, YearNotice


class News(Wire):
    """What a calendar says otherwise than the one that somebody counts with."""

    years: tuple[YearNotice, ...] = Field(default=(), max_length=10)
    taken_back: tuple[int, ...] = Field(default=(), max_length=10)
    """Years about which nothing is known any more."""

    @property
    def empty(self) -> bool:
        return not self.years and not self.taken_back

    def text(self) -> str:
        """The notices by their numbers, then what was taken back."""
        return ", ".join((*(one.notice_number for one in self.years), *(f"-{year}" for year in self.taken_back)))


class LearnYears(Decision, News):
    """Ordered by the product when the calendar has changed: whatever still runs is counted anew."""

    kind: Literal["learn_years"] = "learn_years"
    amends: bool = False
    """Official years are counted anew too. Orders from before there were amendments do not say so: their histories
    replay as they were, with years that the case merely assumed something about and nothing else."""


class LearnedYears(News):
    """From `at` on the case knows this."""

    at: Instant


def news(calendar: WorkingCalendar, in_force: WorkingCalendar) -> News:
    """Whatever differs by content."""
    named = {notice.year for notice in in_force.years}
    return News(
        years=tuple(one for one in in_force.years if one not in calendar.years),
        taken_back=tuple(one.year for one in calendar.years if one.year not in named),
    )


def still_new(calendar: WorkingCalendar, told: News, *, amends: bool = True) -> News:
    """What of an order a calendar does not know yet: it may have been ordered twice."""
    if not amends:
        official = {notice.year for notice in calendar.years if notice.status == "official"}
        return News(years=tuple(one for one in told.years if one.year not in official and one not in calendar.years))
    known = {notice.year for notice in calendar.years}
    return News(
        years=tuple(one for one in told.years if one not in calendar.years),
        taken_back=tuple(year for year in told.taken_back if year in known),
    )


def with_news(calendar: WorkingCalendar, told: News) -> WorkingCalendar:
    replaced = {notice.year for notice in told.years} | set(told.taken_back)
    years = (*(one for one in calendar.years if one.year not in replaced), *told.years)
    content = calendar.model_copy(update={"years": years})
    return content.model_copy(update={"version": f"learned-{content.fingerprint()}"})


def with_all(calendar: WorkingCalendar, learned: Iterable[News]) -> WorkingCalendar:
    """`calendar` is the one of the launch."""
    for one in learned:
        calendar = with_news(calendar, one)
    return calendar


def counted_with(calendar: WorkingCalendar, learned: Iterable[LearnedYears], clock: Clock) -> WorkingCalendar:
    """What a clock was last counted with; `calendar` is the one of the launch."""
    return with_all(calendar, (one for one in learned if clock.stopped_at is None or clock.stopped_at >= one.at))
