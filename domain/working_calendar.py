"""Working calendar: which days count and when offices are open, as data that travels with a case."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from domain.wire import Wire


def _in_utc(instant: dt.datetime) -> dt.datetime:
    return instant.astimezone(dt.UTC)


UtcInstant = Annotated[AwareDatetime, AfterValidator(_in_utc)]

_DAY = dt.timedelta(days=1)
# Assumed off in a year whose notice has not come; swapped workdays can never be assumed.
_FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})


class YearNotice(Wire):
    """One year's State Council arrangement; an "official" one makes the year known."""

    year: int = Field(ge=2000, le=2100)
    notice_number: str = Field(min_length=1, max_length=200)
    published: dt.date
    status: Literal["official", "provisional"] = "official"
    days_off: tuple[dt.date, ...] = Field(max_length=120)
    days_on: tuple[dt.date, ...] = Field(max_length=60)

    @field_validator("notice_number")
    @classmethod
    def _named(cls, value: str) -> str:
        if not value.strip():
            raise PydanticCustomError("notice_without_number", "a notice needs its number")
        return value.strip()

    @model_validator(mode="after")
    def _check_days(self) -> Self:
        earliest, latest = dt.date(self.year - 1, 12, 20), dt.date(self.year + 1, 1, 10)
        for day in (*self.days_off, *self.days_on):
            if not earliest <= day <= latest:
                _refuse("notice_day_outside_year", f"{day} does not belong to the notice of {self.year}")
        for name, days in (("days_off", self.days_off), ("days_on", self.days_on)):
            if len(set(days)) != len(days):
                _refuse("notice_day_repeated", f"{name} of {self.year} names a day twice")
        if both := sorted(set(self.days_off) & set(self.days_on)):
            _refuse("notice_day_on_and_off", f"{both[0]} cannot be both a holiday and a workday")
        for day in self.days_on:
            if day.weekday() < 5:
                _refuse("notice_workday_not_weekend", f"{day} is no weekend day, so it needs no swapping in")
        return self


class OfficeHours(Wire):
    """Local opening hours, half-open: at `closes` the office is closed."""

    opens: dt.time = dt.time(9, 0)
    closes: dt.time = dt.time(17, 0)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.opens.tzinfo or self.closes.tzinfo:
            _refuse("office_hours_with_zone", "office hours are local times without a zone")
        if self.opens >= self.closes:
            _refuse("office_hours_order", "an office opens before it closes")
        return self

    @property
    def length(self) -> dt.timedelta:
        return dt.datetime.combine(dt.date.min, self.closes) - dt.datetime.combine(dt.date.min, self.opens)


class WorkingCalendar(Wire):
    """Every rule a clock needs to know about days, without a time-zone database.

    China has had no daylight saving time since 1991, so a fixed offset is exact and replays identically.
    With `compressed_day_seconds` (demonstration) a day lasts that long and the office never closes.
    """

    version: str = Field(min_length=1, max_length=100)
    utc_offset_minutes: int = Field(default=480, ge=-840, le=840)
    office: OfficeHours = OfficeHours()
    years: tuple[YearNotice, ...] = ()
    compressed_day_seconds: int | None = Field(default=None, ge=1, le=86_400)
    receipt_outside_hours_counts_next_day: bool = True

    @field_validator("years")
    @classmethod
    def _one_notice_a_year(cls, years: tuple[YearNotice, ...]) -> tuple[YearNotice, ...]:
        ordered = tuple(sorted(years, key=lambda notice: notice.year))
        for earlier, later in pairwise(ordered):
            if earlier.year == later.year:
                _refuse("calendar_year_twice", f"the calendar has two notices for {later.year}")
        return ordered

    @cached_property
    def _off(self) -> frozenset[dt.date]:
        return frozenset(day for notice in self.years for day in notice.days_off)

    @cached_property
    def _on(self) -> frozenset[dt.date]:
        return frozenset(day for notice in self.years for day in notice.days_on)

    @cached_property
    def _noticed_years(self) -> frozenset[int]:
        return frozenset(notice.year for notice in self.years)

    @cached_property
    def _official_years(self) -> frozenset[int]:
        return frozenset(notice.year for notice in self.years if notice.status == "official")

    @cached_property
    def _zone(self) -> dt.timezone:
        return dt.timezone(dt.timedelta(minutes=self.utc_offset_minutes))

    def is_workday(self, day: dt.date) -> bool:
        if day in self._on:
            return True
        if day in self._off or day.weekday() >= 5:
            return False
        return day.year in self._noticed_years or (day.month, day.day) not in _FIXED_HOLIDAYS

    @property
    def known_until(self) -> dt.date:
        """Last day of the unbroken run of official years; `date.min` when none is official."""
        if not self._official_years:
            return dt.date.min
        year = min(self._official_years)
        while year + 1 in self._official_years:
            year += 1
        return dt.date(year, 12, 31)

    def is_known(self, day: dt.date) -> bool:
        return day.year in self._official_years

    def spans_unknown(self, first: dt.date, last: dt.date) -> bool:
        """Whether a count over these days rests on an assumption that a later notice may change."""
        return any(year not in self._official_years for year in range(first.year, last.year + 1))

    def local(self, instant: dt.datetime) -> dt.datetime:
        return instant.astimezone(self._zone)

    def local_day(self, instant: dt.datetime) -> dt.date:
        return self.local(instant).date()

    def next_workday(self, day: dt.date) -> dt.date:
        """The first workday strictly after `day`."""
        return self.add_workdays(day, 1)

    def workday_on_or_after(self, day: dt.date) -> dt.date:
        return day if self.is_workday(day) else self.add_workdays(day, 1)

    def workday_on_or_before(self, day: dt.date) -> dt.date:
        return day if self.is_workday(day) else self.add_workdays(day, -1)

    def add_workdays(self, day: dt.date, count: int) -> dt.date:
        """The `count`-th workday after `day` (before it when negative); `day` itself for 0, workday or not."""
        step = _DAY if count > 0 else -_DAY
        left = abs(count)
        while left:
            day += step
            left -= self.is_workday(day)
        return day

    def opening(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, self.office.opens, self._zone).astimezone(dt.UTC)

    def closing(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, self.office.closes, self._zone).astimezone(dt.UTC)

    def earliest_date(self, instant: dt.datetime) -> dt.date:
        """The first day whose close of business lies ahead: a date before it is over already."""
        today = self.local_day(instant)
        return today if instant < self.closing(today) else today + dt.timedelta(days=1)

    def in_office_hours(self, instant: dt.datetime) -> bool:
        if self.compressed_day_seconds is not None:
            return True
        local = self.local(instant)
        return self.is_workday(local.date()) and self.office.opens <= local.time() < self.office.closes

    def next_office_instant(self, instant: dt.datetime) -> dt.datetime:
        """The instant itself inside office hours, else the next opening."""
        if self.in_office_hours(instant):
            return instant.astimezone(dt.UTC)
        today = self.local_day(instant)
        if self.is_workday(today) and instant < self.opening(today):
            return self.opening(today)
        return self.opening(self.next_workday(today))

    def for_years(self, from_year: int, to_year: int) -> Self:
        """A slim copy for one case; keeps a neighbour's notice when it names a day of these years."""
        wanted = range(from_year, to_year + 1)
        kept = tuple(notice for notice in self.years if notice.year in wanted or _touches(notice, wanted))
        return self.model_copy(update={"years": kept})

    def with_notice(self, notice: YearNotice, version: str) -> Self:
        """The calendar after a notice came; it replaces an earlier notice for the same year."""
        others = tuple(known for known in self.years if known.year != notice.year)
        return self.model_copy(update={"years": (*others, notice), "version": version})

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:  # noqa: ARG002
        """Validates anew: the inherited copy would carry the looked-up days of the old years along."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate(fields | dict(update or {}))

    def fingerprint(self) -> str:
        """Equal for equal content, so that a case can prove which calendar it counted with."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


class _Holiday(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    first: dt.date
    last: dt.date
    days_on: tuple[dt.date, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not dt.timedelta(0) <= self.last - self.first <= dt.timedelta(days=20):
            _refuse("notice_range", f"{self.name} runs from {self.first} to {self.last}")
        return self


class _NoticeFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    year: int
    notice_number: str
    published: dt.date
    status: Literal["official", "provisional"] = "official"
    holidays: tuple[_Holiday, ...] = Field(min_length=1)


def load_notice(mapping: Mapping[str, object]) -> YearNotice:
    """Read a parsed notice file: the holidays as ranges, as the notice itself words them.

    Raises ValueError (pydantic's) naming the field and the rule.
    """
    file = _NoticeFile.model_validate(dict(mapping))
    off = [h.first + _DAY * offset for h in file.holidays for offset in range((h.last - h.first).days + 1)]
    return YearNotice(
        year=file.year,
        notice_number=file.notice_number,
        published=file.published,
        status=file.status,
        days_off=tuple(sorted(off)),
        days_on=tuple(sorted(day for holiday in file.holidays for day in holiday.days_on)),
    )


def _touches(notice: YearNotice, years: range) -> bool:
    return any(day.year in years for day in (*notice.days_off, *notice.days_on))


def _refuse(code: str, message: str) -> None:
    raise PydanticCustomError(code, "{message}", {"message": message})
