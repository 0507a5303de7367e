"""A loaded notice reaches the cases that run: each is told of the years it only assumed something about."""

import logging

from domain.case import CaseRecord
from domain.codes import CaseStage
from domain.errors import ErrorCategory, LiandongError
from domain.fact import ENGINE
from domain.launch import CaseLaunch
from domain.learned_years import LearnYears, news, with_years
from domain.working_calendar import WorkingCalendar
from services.launch_circumstances import for_case
from services.office import Office
from services.running_cases import known_by, running_cases

_log = logging.getLogger(__name__)


async def bring_years(office: Office, brought: str | None = None) -> str | None:
    """`brought`: the version of the calendar that every case has been told of. Returns the one that it is now, or None
    when a case could not be reached: then it must be tried again. Safe in several processes.

    Raises UNAVAILABLE.
    """
    current = await office.calendar.current()
    if current.version == brought:
        return brought
    reached: list[bool] = []
    failed: LiandongError | None = None
    async for record, launch in running_cases(office.store, office.time.now()):
        try:
            reached.append(await _bring(office, record, launch, current))
        except LiandongError as error:
            # A case that is stuck must not keep the news from the others
            failed = failed or error
    if failed is not None:
        raise failed
    return current.version if all(reached) else None


async def _bring(office: Office, record: CaseRecord, launch: CaseLaunch, current: WorkingCalendar) -> bool:
    known = known_by(record, launch)
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
