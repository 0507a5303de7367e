"""The cases that departments are being asked about, with the calendar that each of them counts with."""

from collections.abc import AsyncIterator
from datetime import datetime

from domain.case import CaseFilter, CaseRecord
from domain.codes import CaseStage
from domain.launch import CaseLaunch
from domain.learned_years import with_years
from domain.store_ports import Store
from domain.working_calendar import WorkingCalendar


async def running_cases(store: Store, now: datetime) -> AsyncIterator[tuple[CaseRecord, CaseLaunch]]:
    for stage in (CaseStage.LAUNCHING, CaseStage.COORDINATING):
        cursor: str | None = None
        while True:
            async with store.reading() as session:
                page = await session.cases.page(CaseFilter(stage=stage, limit=100, cursor=cursor), now)
                found = [
                    (await session.cases.get(one.case_id), await session.intents.get(one.case_id)) for one in page.items
                ]
            for record, intent in found:
                if intent is not None:
                    yield record, CaseLaunch.model_validate_json(intent.launch_json)
            if page.next_cursor is None:
                break
            cursor = page.next_cursor


def known_by(record: CaseRecord, launch: CaseLaunch) -> WorkingCalendar:
    """The calendar of the launch with the years that the case has learned since."""
    known = launch.calendar
    for learned in record.snapshot.learned if record.snapshot else ():
        known = with_years(known, learned.years)
    return known
