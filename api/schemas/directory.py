"""Departments, calendar and people as everybody may see them: no addresses, no secrets."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from pydantic import Field

from api.schemas.values import LimitShown, Shown
from domain.codes import Technique
from domain.department import Department
from domain.notice_load import NoticeLoad
from domain.person import Person, PersonRole
from domain.working_calendar import WorkingCalendar
from services.access import Action


class DepartmentShown(Shown):
    code: str
    name_zh: str
    name_en: str
    technique: Technique
    sign_limit: LimitShown | None = Field(description="null: the district's own limit")
    reply_limit: LimitShown | None
    enabled: bool


class DepartmentsShown(Shown):
    """部门目录 · Whom a plan may ask."""

    items: list[DepartmentShown]


class YearNoticeShown(Shown):
    year: int
    notice_number: str
    published: date
    status: str
    days_off: list[date]
    days_on: list[date]
    loaded_at: datetime | None = Field(description="null: before loads were written down")
    loaded_by: str = Field(description="`operator`, or `policy` for the files of the release")
    instead_of: str | None = Field(
        description="Number of the notice that an undo leads back to; null: to nothing known."
    )


class CalendarShown(Shown):
    """工作日历 · The calendar in force. Due instants after `known_until` are provisional."""

    version: str
    fingerprint: str
    utc_offset_minutes: int
    opens: str = Field(description="Local time, HH:MM.", pattern=r"^\d{2}:\d{2}$")
    closes: str = Field(description="Local time, HH:MM.", pattern=r"^\d{2}:\d{2}$")
    known_until: date | None
    receipt_outside_hours_counts_next_day: bool = Field(
        description="What arrives while the office is closed is received at the next opening."
    )
    compressed_day_seconds: int | None = Field(description="Demonstration: a working day lasts this long.")
    years: list[YearNoticeShown]


class PersonShown(Shown):
    """当前用户 · Who the token belongs to, and what the role lets this person do."""

    person_id: str
    name: str
    role: PersonRole
    department: str | None
    may: list[Action]


def show_departments(departments: list[Department]) -> DepartmentsShown:
    return DepartmentsShown(items=[DepartmentShown.model_validate(one) for one in departments])


def show_calendar(calendar: WorkingCalendar, loads: Sequence[NoticeLoad]) -> CalendarShown:
    """`loads`: the oldest first."""
    standing: dict[int, list[NoticeLoad]] = defaultdict(list)
    for load in loads:
        if load.taken_back_at is None:
            standing[load.notice.year].append(load)
    return CalendarShown(
        version=calendar.version,
        fingerprint=calendar.fingerprint(),
        utc_offset_minutes=calendar.utc_offset_minutes,
        opens=f"{calendar.office.opens:%H:%M}",
        closes=f"{calendar.office.closes:%H:%M}",
        known_until=None if calendar.known_until == date.min else calendar.known_until,
        receipt_outside_hours_counts_next_day=calendar.receipt_outside_hours_counts_next_day,
        compressed_day_seconds=calendar.compressed_day_seconds,
        years=[_year(standing[year]) for year in sorted(standing)],
    )


def _year(standing: Sequence[NoticeLoad]) -> YearNoticeShown:
    """The latest is in force."""
    load = standing[-1]
    before = standing[-2].notice.notice_number if len(standing) > 1 else None
    shown = {"loaded_at": load.loaded_at, "loaded_by": load.loaded_by, "instead_of": before}
    return YearNoticeShown.model_validate(load.notice.model_dump() | shown)


def show_person(person: Person, actions: list[Action]) -> PersonShown:
    return PersonShown(
        person_id=person.person_id, name=person.name, role=person.role, department=person.department, may=actions
    )
