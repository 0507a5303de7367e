"""Departments, calendar, and who one is."""

from fastapi import APIRouter

from api.auth import AnyPerson, OfficeDep, actions_of
from api.openapi import errors
from api.schemas.directory import (
    CalendarShown,
    DepartmentsShown,
    PersonShown,
    show_calendar,
    show_departments,
    show_person,
)

router = APIRouter(prefix="/v1", tags=["directory"], responses=errors(401, 503))


@router.get("/departments", summary="部门目录 · List departments")
async def list_departments(office: OfficeDep, _: AnyPerson) -> DepartmentsShown:
    """Codes that a plan may name, and how each department is reached. No addresses, no secrets."""
    async with office.store.reading() as session:
        return show_departments(list(await session.directory.all()))


@router.get("/calendar", summary="工作日历 · Read the working calendar")
async def get_calendar(office: OfficeDep, _: AnyPerson) -> CalendarShown:
    """Holidays, swapped workdays and office hours that the clocks count with, and who loaded which notice."""
    async with office.store.reading() as session:
        loads = await session.calendars.loads()
    return show_calendar(await office.calendar.current(), loads)


@router.get("/me", summary="当前用户 · Who am I")
async def get_me(person: AnyPerson) -> PersonShown:
    """The person behind the token and what the role allows."""
    return show_person(person, actions_of(person))
