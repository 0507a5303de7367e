"""Lets a case know that its department's system is down, and that it is back: once each, whoever runs the attempts."""

import logging
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError
from temporalio import activity

from domain.department_failure import DepartmentUnavailable
from domain.dispatch import Dispatch, RoundRef
from domain.errors import LiandongError
from domain.outage import MOST_OUTAGES, Outage, OutageNote
from domain.ports import OutageReporter

_log = logging.getLogger(__name__)


class Remembered(BaseModel):
    """What earlier attempts told, kept in the heartbeat: the server hands it on, also when the worker died."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    outages: int = 0
    """Told, or about to be told."""
    down: bool = False
    told: bool = False
    """The case has confirmed the latest one's begin."""


NOTHING: Final = Remembered()


class OutageWatch:
    """In the attempts of a delivery, a wait or a withdrawal."""

    def __init__(self, reporter: OutageReporter | None) -> None:
        """`reporter` None: nobody is told."""
        self._reporter = reporter

    async def down(self, about: Dispatch | RoundRef, error: DepartmentUnavailable) -> None:
        """Tell the begin, unless it was told. Remembered first: whatever dies now, the end will be told."""
        before = remembered()
        if error.outage is None or before.told or (not before.down and before.outages >= MOST_OUTAGES):
            return
        now = before if before.down else Remembered(outages=before.outages + 1, down=True)
        activity.heartbeat(now.model_dump())
        if await self._tell(about, now, error.outage):
            activity.heartbeat(now.model_copy(update={"told": True}).model_dump())

    async def up(self, about: Dispatch | RoundRef) -> None:
        """The system answered: tell the end of what was told."""
        before = remembered()
        if before.down and await self._tell(about, before, None):
            activity.heartbeat(Remembered(outages=before.outages).model_dump())

    async def _tell(self, about: Dispatch | RoundRef, now: Remembered, outage: Outage | None) -> bool:
        if self._reporter is None:
            return False
        info = activity.info()
        # The activity's id may be used again in a round; the instant at which it was scheduled tells them apart
        outage_id = f"{info.activity_id}@{info.scheduled_time.timestamp():.3f}#{now.outages}"
        note = OutageNote(
            outage_id=outage_id,
            request_id=about.request_id,
            round=about.round,
            began=outage is not None,
            outage=outage,
        )
        try:
            await self._reporter.report(about.case_id, note)
        except LiandongError as error:
            _log.warning("an outage could not be told, the next attempt tries again: %s", error.code)
            return False
        return True


def remembered() -> Remembered:
    """Of the earlier attempts of this activity."""
    details: list[Any] = list(activity.info().heartbeat_details)
    try:
        return Remembered.model_validate(details[0]) if details else NOTHING
    except ValidationError:
        return NOTHING
