"""A loaded notice reaches the cases that run: each is told of the years it only assumed something about."""

import logging
from collections.abc import AsyncIterator

from domain.case import CaseFilter, CaseRecord
from domain.codes import CaseStage
from domain.errors import ErrorCategory, LiandongError
from domain.fact import ENGINE
from domain.launch import CaseLaunch
from domain.learned_years import LearnYears, news, with_years
from domain.working_calendar import WorkingCalendar
from services.launch_circumstances import for_case
from services.office import Office

_log = logging.getLogger(__name__)


async def bring_years(office: Office, brought: str | None = None) -> str | None:
    """`brought`: the version of the calendar that every case has been told of. Returns the one that it is now, or None
    when a case could not be reached: then it must be tried again. Safe in several processes.

    Raises UNAVAILABLE.
    """
    current = await office.calendar.current()
    if current.version == brought:
        return brought
    reached = [await _bring(office, record, launch, current) async for record, launch in _running(office)]
    return current.version if all(reached) else None


async def _running(office: Office) -> AsyncIterator[tuple[CaseRecord, CaseLaunch]]:
    for stage in (CaseStage.LAUNCHING, CaseStage.COORDINATING):
        cursor: str | None = None
        while True:
            async with office.store.reading() as session:
                page = await session.cases.page(CaseFilter(stage=stage, limit=100, cursor=cursor), office.time.now())
                found = [
                    (await session.cases.get(one.case_id), await session.intents.get(one.case_id)) for one in page.items
                ]
            for record, intent in found:
                if intent is not None:
                    yield record, CaseLaunch.model_validate_json(intent.launch_json)
            if page.next_cursor is None:
                break
            cursor = page.next_cursor


async def _bring(office: Office, record: CaseRecord, launch: CaseLaunch, current: WorkingCalendar) -> bool:
    known = launch.calendar
    for learned in record.snapshot.learned if record.snapshot else ():
        known = with_years(known, learned.years)
    years = news(known, for_case(current, launch.launched_at).years)
    if not years:
        return True
    order = LearnYears(
        command_id=f"{record.case_id}.years.{with_years(known, years).fingerprint()}",
        decided_by=ENGINE,
        reason=", ".join(one.notice_number for one in years)[:2_000],
        years=years,
    )
    try:
        await office.engine.decide(record.case_id, order)
    except LiandongError as error:
        if error.category is ErrorCategory.CONFLICT:
            # It knows them already, or has ended
            return True
        if error.category is not ErrorCategory.NOT_FOUND:
            raise
        _log.info("%s is not running yet and learns of the calendar later", record.case_id)
        return record.stage is not CaseStage.LAUNCHING
    return True
